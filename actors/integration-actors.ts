import { isDeepStrictEqual } from 'node:util';
import { toAddress } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Counts } from './circuits.ts';
import type { Outcome, Own } from './delivery.ts';
import type { Open } from './effects.ts';
import { capabilitiesOf } from './integrations/integration.ts';
import type { Lanes } from './lanes.ts';
import type { Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';

export type IntegrationActors = {
  readonly integrations: ReadonlyMap<string, Open>;
  readonly node: string;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** What the machine of integrations is given with its input. */
  readonly settings: unknown;
  readonly lanes: Pick<Lanes, 'read'>;
  readonly deliver: (address: string, own: Own) => Promise<Outcome>;
};

/** Tells an integration's actor what calls came to. */
export async function reportCalls({ node, ports, deliver }: IntegrationActors, name: string, counts: Counts): Promise<void> {
  const event = { type: 'CALLS', ...counts };
  const event_id = `own:${node}#calls-${ports.random.id()}`;
  await deliver(toAddress('integration', name), { event_id, happening: { kind: 'event', event }, event, causation: '' });
}

/** Every configured integration has its actor, but what is part of the hub itself; and the actor knows what its kind can do. */
export async function ensureIntegrations({
  definitions,
  integrations,
  node,
  ports,
  settings,
  lanes,
  deliver,
}: IntegrationActors): Promise<void> {
  const definition = definitions.get('integration');
  if (definition === undefined) return;
  for (const { kind, integration } of integrations.values()) {
    if (kind.own === true) continue;
    const address = toAddress('integration', kind.name);
    const { probes, rotates } = capabilitiesOf(kind, integration);
    const declared = { probes, rotates, drains: true };
    const live = await lanes.read(address);
    if (live === undefined) {
      const input = definition.input.parse({ title: kind.title, provides: kind.provides, declared });
      const happening: Happening = { kind: 'create', id: kind.name, input, settings };
      await deliver(address, { event_id: `own:hub@0#${kind.name}`, happening, event: { type: '@create', ...input }, causation: '' });
      continue;
    }
    // It was made by a release whose kind could do less, or more.
    const known = (live.envelope.snapshot.context as { declared?: unknown }).declared;
    if (live.envelope.parked !== undefined || isDeepStrictEqual(known, declared)) continue;
    const event = { type: 'DECLARED', ...declared };
    const event_id = `own:${node}#declared-${ports.random.id()}`;
    await deliver(address, { event_id, happening: { kind: 'event', event }, event, causation: '' });
  }
}
