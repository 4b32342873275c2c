import { createHash } from 'node:crypto';
import { idOf, typeOf } from '../machines/ids.ts';
import { probeAnswer, rotationAnswer } from '../machines/integration-terms.ts';
import { bodyHash } from './chain.ts';
import type { Circuits } from './circuits.ts';
import type { Job } from './effect-job.ts';
import { integrationOf, toResult } from './effect-result.ts';
import type { Open } from './effects.ts';
import type { CallResult, Probed } from './integrations/integration.ts';
import { callOnce } from './one-call.ts';
import type { Ports } from './ports/ports.ts';
import type { Result } from './step.ts';

/** The first part of the effects that an integration's actor asks for about the integration itself. */
export const ITSELF = 'integration';

export type Itself = {
  readonly integrations: ReadonlyMap<string, Open>;
  readonly circuits: Pick<Circuits, 'drained'>;
  readonly ports: Ports;
  readonly hub_id: string;
};

/** Looks at an integration, exchanges its credentials, or waits until no call of it is under way here. One try; its actor tries again. */
export async function performItself(job: Job, { integrations, circuits, ports, hub_id }: Itself): Promise<Result> {
  const { address, effect } = job;
  const name = integrationOf(effect.input);
  const open = name === undefined ? undefined : integrations.get(name);
  // Nobody else has an integration looked at.
  if (open === undefined || typeOf(address) !== ITSELF || idOf(address) !== name) return { kind: 'failed', code: 'no_such_integration' };
  const { kind, integration } = open;
  const operation = effect.src.slice(ITSELF.length + 1);
  const made = { job, ports, kind, operation };
  if (operation === 'drain') {
    const drained = await callOnce(made, async () => circuits.drained(kind.name));
    return drained === undefined ? { kind: 'done', output: {} } : { kind: 'failed', code: drained.code };
  }
  if (operation === 'probe' && integration.probe !== undefined) {
    const probed = await callOnce(made, async (signal) => integration.probe?.(signal));
    return probed === undefined ? { kind: 'failed', code: 'not_supported' } : toProbeResult(probed);
  }
  if (operation === 'rotate' && open.rotate !== undefined) {
    const key = `${hub_id}/${address}@${effect.v}#${effect.i}/${bodyHash(JSON.stringify(effect.input)).slice(0, 16)}`;
    const rotated: CallResult | undefined = await callOnce(made, async (signal) => open.rotate?.({ key, signal }));
    if (rotated !== undefined)
      return rotated.kind === 'retry' ? { kind: 'failed', code: rotated.code } : toResult(rotated, rotationAnswer, false);
  }
  return { kind: 'failed', code: 'not_supported' };
}

/** A look changes nothing, so one that came to nothing has failed. */
function toProbeResult(probed: Probed): Result {
  if (!('ok' in probed)) {
    const { kind, code } = probed;
    return kind === 'retry' || probed.detail === undefined
      ? { kind: 'failed', code }
      : { kind: 'failed', code, detail: probed.detail.slice(0, 300) };
  }
  const { ok: _, contract, ...rest } = probed;
  return toResult({ kind: 'done', output: { ...rest, ...fingerprinted(contract) } }, probeAnswer, true);
}

const LONGEST = 200;

/** What is too long to be shown is a fingerprint. */
function fingerprinted(contract: Readonly<Record<string, string>> | undefined): object {
  if (contract === undefined) return {};
  const parts = Object.entries(contract).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const short = parts.map(([part, is]) => [part, is.length > LONGEST ? `sha256:${sha256(is)}` : is] as const);
  return { contract: Object.fromEntries(short), fingerprint: sha256(JSON.stringify(short)) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
