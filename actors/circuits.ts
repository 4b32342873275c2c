import { toAddress } from '../machines/ids.ts';
import type { Live } from './batch.ts';
import type { Committed } from './delivery.ts';
import { toStates } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import type { CallResult } from './integrations/integration.ts';
import type { Cancel, Ports } from './ports/ports.ts';

export type CircuitsOptions = {
  readonly ports: Ports;
  readonly names: readonly string[];
  /** Those that are part of the hub itself: nobody turns them off. */
  readonly own: readonly string[];
  readonly read: (address: string) => Promise<Live | undefined>;
  /** Sends what calls came to, to the integration's actor. */
  readonly report: (name: string, counts: Counts) => Promise<unknown>;
};

export type Counts = { succeeded: number; failed: number; unauthorized: number };

export type Pass =
  | { readonly go: true }
  /** Not now. With `holds` an operator has stopped it, and the wait does not count against anybody's patience. */
  | { readonly go: false; readonly reason: string; readonly after_ms: number; readonly holds?: true };

const REPORT_MS = 1000;
const REPORT_SOON_MS = 50;
const WAIT_MS = 500;
const PROBES_AT_ONCE = 1;

type Known = {
  version: number;
  states: readonly string[];
  counts: Counts;
  report: Cancel | undefined;
  soon: boolean;
  probing: number;
  paused: boolean;
};

/**
 * What the workers know of each integration's actor: its newest committed state, asked before every call; and what the calls
 * came to, told to it in sums, so that a thousand good calls are one row.
 */
export class Circuits {
  readonly #options: CircuitsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: CircuitsOptions) {
    this.#options = options;
    for (const name of options.names) {
      this.#known.set(name, {
        version: 0,
        states: [],
        counts: { succeeded: 0, failed: 0, unauthorized: 0 },
        report: undefined,
        soon: false,
        probing: 0,
        paused: false,
      });
    }
  }

  async start(): Promise<void> {
    for (const name of this.#known.keys()) {
      const live = await this.#options.read(toAddress('integration', name));
      if (live !== undefined) this.#see(name, live.envelope);
    }
  }

  committed(rows: readonly Committed[]): void {
    for (const { newest, after } of rows) {
      if (newest?.type === 'integration') this.#see(newest.address.slice('integration/'.length), after);
    }
  }

  #see(name: string, envelope: Envelope): void {
    const known = this.#known.get(name);
    // Read after the end of a node, it can be older than what this one has written since.
    if (known === undefined || envelope.version < known.version) return;
    known.version = envelope.version;
    known.states = toStates(envelope.snapshot.value);
    known.paused = envelope.parked !== undefined;
  }

  /** Whether a call may be made now. */
  ask(name: string): Pass {
    if (this.#options.own.includes(name)) return { go: true };
    const known = this.#known.get(name);
    if (known === undefined) return { go: false, reason: 'no_such_integration', after_ms: WAIT_MS };
    if (known.paused) return { go: false, reason: 'integration_paused', after_ms: WAIT_MS, holds: true };
    const is = (state: string): boolean => known.states.some((one) => one === state || one.startsWith(`${state}.`));
    if (!is('lifecycle.enabled')) return { go: false, reason: 'integration_disabled', after_ms: WAIT_MS };
    if (is('auth.invalid')) return { go: false, reason: 'integration_unauthorized', after_ms: WAIT_MS };
    if (is('circuit.closed')) return { go: true };
    if (is('circuit.half_open') && known.probing < PROBES_AT_ONCE) {
      known.probing++;
      return { go: true };
    }
    return { go: false, reason: 'circuit_open', after_ms: WAIT_MS };
  }

  /** A call that was let through and not made. */
  release(name: string): void {
    const known = this.#known.get(name);
    if (known !== undefined && known.probing > 0) known.probing--;
  }

  /** Counts what a call came to: no answer and a broken answer are failures, a refusal is not. */
  tell(name: string, result: CallResult): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    const { counts } = known;
    if (known.probing > 0) known.probing--;
    if (result.kind === 'failed' && result.code === 'unauthorized') counts.unauthorized++;
    else if (result.kind === 'unknown' || (result.kind === 'retry' && result.code !== 'key_in_use')) counts.failed++;
    else counts.succeeded++;
    const probing = known.states.some((state) => state.startsWith('circuit.half_open'));
    const soon = counts.failed + counts.unauthorized > 0 || probing;
    if (known.report !== undefined && (known.soon || !soon)) return;
    known.report?.();
    known.soon = soon;
    known.report = this.#options.ports.timers.after(soon ? REPORT_SOON_MS : REPORT_MS, () => this.#send(name, known));
  }

  stop(): void {
    for (const known of this.#known.values()) known.report?.();
  }

  #send(name: string, known: Known): void {
    const counts = known.counts;
    known.counts = { succeeded: 0, failed: 0, unauthorized: 0 };
    known.report = undefined;
    // It would be kept as a dead letter, and is only a count.
    if (known.paused) return;
    this.#options.report(name, counts).catch((error: unknown) => {
      this.#options.ports.log.warn({ err: error, integration: name }, 'What calls came to could not be told to the integration');
    });
  }
}
