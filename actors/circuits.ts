import { toAddress } from '../machines/ids.ts';
import type { Live } from './batch.ts';
import type { Committed } from './delivery.ts';
import { toStates } from './envelope.ts';
import type { Open } from './effects.ts';
import type { Envelope } from './envelope.ts';
import { THROTTLED } from './integrations/integration.ts';
import type { CallResult, Limits } from './integrations/integration.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import { RateLimit } from './rate-limit.ts';

export type CircuitsOptions = {
  readonly ports: Ports;
  readonly integrations: ReadonlyMap<string, Open>;
  readonly read: (address: string) => Promise<Live | undefined>;
  /** Sends what calls came to, to the integration's actor. */
  readonly report: (name: string, counts: Counts) => Promise<unknown>;
};

export type Counts = {
  succeeded: number;
  failed: number;
  unauthorized: number;
  throttled?: number;
  /** The longest that was asked for. */
  after_ms?: number;
  codes?: Readonly<Record<string, number>>;
};

export type Pass =
  | { readonly go: true }
  /** Not now. With `holds` an operator or the provider's limit stops it, and the wait does not count against anybody's patience. */
  | { readonly go: false; readonly reason: string; readonly after_ms: number; readonly holds?: true };

const REPORT_MS = 1000;
const REPORT_SOON_MS = 50;
const WAIT_MS = 500;
const PROBES_AT_ONCE = 1;
/** The rate that is grown back to where nobody knows the provider's own. */
const USUAL: Limits = { per_second: 10 };
const LONGEST_REST_MS = 24 * 60 * 60 * 1000;

type Known = {
  version: number;
  states: readonly string[];
  counts: Counts;
  report: Cancel | undefined;
  soon: boolean;
  probing: number;
  paused: boolean;
  readonly rate: RateLimit;
  /** Of the usual rate, from 0 to 1. */
  share: number;
  under_way: number;
  /** Wait until none is. */
  waiting: (() => void)[];
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
    for (const { kind } of options.integrations.values()) {
      // What is part of the hub itself nobody turns off.
      if (kind.own === true) continue;
      this.#known.set(kind.name, {
        version: 0,
        states: [],
        counts: { succeeded: 0, failed: 0, unauthorized: 0 },
        report: undefined,
        soon: false,
        probing: 0,
        paused: false,
        rate: new RateLimit(),
        share: 1,
        under_way: 0,
        waiting: [],
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
    const share = (envelope.snapshot.context as { share?: unknown } | undefined)?.share;
    known.share = typeof share === 'number' ? share / 100 : 1;
  }

  /** Whether a call may be made now. */
  ask(name: string): Pass {
    if (this.#options.integrations.get(name)?.kind.own === true) return { go: true };
    const known = this.#known.get(name);
    if (known === undefined) return { go: false, reason: 'no_such_integration', after_ms: WAIT_MS };
    if (known.paused) return { go: false, reason: 'integration_paused', after_ms: WAIT_MS, holds: true };
    const is = (state: string): boolean => known.states.some((one) => one === state || one.startsWith(`${state}.`));
    if (!is('lifecycle.enabled')) return { go: false, reason: 'integration_disabled', after_ms: WAIT_MS };
    if (is('auth.invalid')) return { go: false, reason: 'integration_unauthorized', after_ms: WAIT_MS };
    // One look is under way that tells.
    if (is('auth.doubted')) return { go: false, reason: 'integration_unauthorized', after_ms: WAIT_MS, holds: true };
    if (is('throttle.limited')) return { go: false, reason: 'throttled', after_ms: WAIT_MS, holds: true };
    const isProbe = is('circuit.half_open') && known.probing < PROBES_AT_ONCE;
    if (!is('circuit.closed') && !isProbe) return { go: false, reason: 'circuit_open', after_ms: WAIT_MS };
    const after_ms = this.#takePlace(name, known, is('throttle.recovering'));
    if (after_ms > 0) return { go: false, reason: 'throttled', after_ms, holds: true };
    if (isProbe) known.probing++;
    known.under_way++;
    return { go: true };
  }

  underWay(name: string): number {
    return this.#known.get(name)?.under_way ?? 0;
  }

  /** Resolves when no call of it is under way on this node. */
  drained(name: string): Promise<undefined> {
    const known = this.#known.get(name);
    if (known === undefined || known.under_way === 0) return Promise.resolve(undefined);
    return new Promise((resolve) => known.waiting.push(() => resolve(undefined)));
  }

  #takePlace(name: string, { rate, share }: Known, isRecovering: boolean): number {
    const open = this.#options.integrations.get(name);
    const limits = open?.integration.limits ?? open?.kind.limits ?? {};
    const { clock } = this.#options.ports;
    const now = { monotonic: clock.monotonic(), utc: clock.now() };
    return rate.take(isRecovering ? { ...USUAL, ...limits } : limits, now, isRecovering ? share : 1);
  }

  #ended(known: Known): void {
    if (known.probing > 0) known.probing--;
    if (known.under_way > 0) known.under_way--;
    if (known.under_way === 0) for (const go of known.waiting.splice(0)) go();
  }

  /** A call that was let through and not made. */
  release(name: string): void {
    const known = this.#known.get(name);
    if (known !== undefined) this.#ended(known);
  }

  /** Counts what a call came to: no answer and a broken answer are failures, a refusal is not. */
  tell(name: string, result: CallResult): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    this.#ended(known);
    const counts = withResult(known.counts, result);
    known.counts = counts;
    const probing = known.states.some((state) => state.startsWith('circuit.half_open'));
    const soon = counts.failed + counts.unauthorized + (counts.throttled ?? 0) > 0 || probing;
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

/** No answer and a broken answer are failures; a refusal and a request for fewer calls are not. */
function withResult(counts: Counts, result: CallResult): Counts {
  const { succeeded, failed, unauthorized, throttled = 0, after_ms = 0 } = counts;
  if (result.kind === 'done') return { ...counts, succeeded: succeeded + 1 };
  if (result.kind === 'retry' && THROTTLED.includes(result.code)) {
    const longest_ms = Math.min(Math.max(after_ms, Math.ceil(result.after_ms ?? 0)), LONGEST_REST_MS);
    return { ...counts, throttled: throttled + 1, after_ms: longest_ms };
  }
  if (result.kind === 'retry' && result.code === 'key_in_use') return { ...counts, succeeded: succeeded + 1 };
  const code = /^[a-z0-9_]{1,64}$/.test(result.code) ? result.code : 'other';
  const before = counts.codes !== undefined && Object.hasOwn(counts.codes, code) ? (counts.codes[code] ?? 0) : 0;
  const codes = { ...counts.codes, [code]: before + 1 };
  if (result.kind === 'failed' && result.code === 'unauthorized') return { ...counts, codes, unauthorized: unauthorized + 1 };
  return result.kind === 'failed' ? { ...counts, codes, succeeded: succeeded + 1 } : { ...counts, codes, failed: failed + 1 };
}
