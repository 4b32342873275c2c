import { Fault } from '../machines/fault.ts';
import { readAddress, typeOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import type { Bus } from './bus/bus.ts';
import { HUB } from './caller.ts';
import type { Caller } from './caller.ts';
import { ownId } from './delivery.ts';
import type { Outcome, Own } from './delivery.ts';
import { mustOperate } from './gate.ts';
import { Letters } from './letters.ts';
import type { Replayed, Resolved, Resolver, LetterEvent } from './letters.ts';
import { Pauses } from './pauses.ts';
import type { Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';
import type { CauseKey, Letter, Operation, TypePause } from './store/operations.ts';
import type { Store } from './store/store.ts';

export type ControlsOptions = {
  readonly store: Store;
  readonly bus: Bus;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Settings of machines, by type. */
  readonly settings: ReadonlyMap<string, unknown>;
  readonly read: (address: string) => Promise<Live | undefined>;
  readonly deliver: (address: string, own: Own, caller: Caller) => Promise<Outcome>;
  readonly onResumed: (types: readonly string[]) => void;
};

export type Control =
  | { readonly action: 'pause' | 'resume' }
  | { readonly action: 'step'; readonly rightsOf: Resolver['rightsOf'] }
  /** Proposes a state, or with `confirm` (the version of the proposal) says yes to somebody else's. */
  | { readonly action: 'force'; readonly state: string; readonly effects?: 'refuse' | 'start'; readonly confirm?: number };

/** Who does it, why, and under which id, so that a repeat does it once. */
export type Order = { readonly operator: Caller; readonly reason: string; readonly id?: string };

/** What operators do beside sending events: each has a right, a reason, and a place where it is written down before it is done. */
export class Controls {
  readonly #options: ControlsOptions;
  readonly #letters: Letters;
  readonly #pauses: Pauses;

  constructor(options: ControlsOptions) {
    this.#options = options;
    this.#letters = new Letters(options);
    this.#pauses = new Pauses(options);
  }

  start(): Promise<void> {
    return this.#pauses.start();
  }

  stop(): void {
    this.#pauses.stop();
  }

  /** Whether an operator has paused this kind of actor. */
  paused(type: string): boolean {
    return this.#pauses.has(type);
  }

  get pauses(): readonly TypePause[] {
    return this.#pauses.list;
  }

  /** One control of one actor. Throws the faults of operators. */
  async actor(address: string, control: Control, order: Order): Promise<Outcome> {
    mustOperate(order.operator);
    if (readAddress(address) === undefined) throw new Fault('bad_id');
    if (!this.#options.definitions.has(typeOf(address))) throw new Fault('not_found', 'There is no such kind of actor.');
    const action = control.action === 'force' && control.confirm === undefined ? 'propose' : control.action;
    return this.#written(order, action, address, (id, begun) =>
      control.action === 'step'
        ? this.#step(address, order, id, begun, control.rightsOf)
        : this.#options.deliver(address, toOwn(control, order, id), order.operator),
    );
  }

  /** Lets a paused or parked actor take the oldest event that is kept for it, else a timer that is due, and stay as it is. */
  async #step(
    address: string,
    { operator, reason }: Order,
    id: string,
    begun: Operation | undefined,
    rightsOf: Resolver['rightsOf'],
  ): Promise<Outcome> {
    const { store, read, deliver, ports } = this.#options;
    const live = await read(address);
    if (live === undefined) return { outcome: 'rejected', code: 'not_found', detail: '', version: 0 };
    const { envelope } = live;
    if (envelope.parked === undefined) return { outcome: 'rejected', code: 'not_parked', detail: '', version: envelope.version };
    const letters = await store.operations.letters({ actor: address, open: true, oldest: true, limit: 100 });
    const now = ports.clock.now();
    const due = Object.entries(envelope.timers)
      .filter(([, timer]) => timer.due <= now)
      .sort(([, a], [, b]) => a.due - b.due);
    if (begun?.outcome === 'rejected')
      return { outcome: 'rejected', code: begun.detail ?? 'rejected', detail: '', version: envelope.version };
    // A step that was begun and not written down goes on with what it had chosen; a second one would be a second step.
    const chosen = begun?.detail;
    if (
      chosen !== undefined &&
      !letters.some(({ event_id }) => event_id === chosen) &&
      !due.some(([, { v, i }]) => ownId(address, v, i) === chosen)
    )
      return { outcome: 'duplicate', version: envelope.version };
    const letter = letters.find(({ event_id }) => chosen === undefined || event_id === chosen);
    if (letter !== undefined) {
      await store.operations.conclude(id, UNDER_WAY, letter.event_id);
      return (await this.#letters.resubmit(letter, { operator, reason, rightsOf }, true)).outcome;
    }
    const timer = due.find(([, { v, i }]) => chosen === undefined || ownId(address, v, i) === chosen);
    if (timer === undefined) return { outcome: 'rejected', code: 'nothing_to_step', detail: '', version: envelope.version };
    const [name, { v, i, event }] = timer;
    const event_id = ownId(address, v, i);
    await store.operations.conclude(id, UNDER_WAY, event_id);
    const happening: Happening = { kind: 'timer', id: name, v, i };
    return deliver(address, { event_id, happening, event: { type: event, v, i }, causation: `operator:${operator.id}`, single: true }, HUB);
  }

  /** Stops a whole kind of actors on every node, or lets it go on. */
  async type(type: string, action: 'pause' | 'resume', order: Order): Promise<Outcome> {
    mustOperate(order.operator);
    if (!this.#options.definitions.has(type)) throw new Fault('not_found', 'There is no such kind of actor.');
    const { operator, reason } = order;
    const at = this.#options.ports.clock.now();
    return this.#written(order, action, type, async (_, begun) => {
      const changed =
        action === 'pause' ? await this.#pauses.pause({ type, by: operator.id, reason, at }) : await this.#pauses.resume(type);
      // A repeat of the same request finds what the first one did.
      if (changed || begun !== undefined) return { outcome: 'duplicate', version: 0 };
      return { outcome: 'rejected', code: action === 'pause' ? 'already_parked' : 'not_parked', detail: '', version: 0 };
    });
  }

  /** Resolves one dead letter. Throws the faults of operators, and `resolved` where somebody was first. */
  async letter(
    id: string,
    how: { readonly action: 'resubmit' | 'discard'; readonly event?: LetterEvent },
    order: Order,
    rightsOf: Resolver['rightsOf'],
  ): Promise<Resolved> {
    mustOperate(order.operator);
    const letter = await this.#options.store.operations.letter(id);
    if (letter === undefined) throw new Fault('not_found', 'There is no such dead letter.');
    const resolver = { ...order, rightsOf };
    let resolved: Resolved | undefined;
    const action = how.action === 'resubmit' && how.event !== undefined ? 'edit' : how.action;
    await this.#written(order, action, id, async () => {
      resolved = await this.#resolve(letter, how, resolver);
      return resolved.outcome;
    });
    if (resolved === undefined) throw new Fault('resolved', 'A request with this Idempotency-Key has been answered already.');
    return resolved;
  }

  #resolve(
    letter: Letter,
    { action, event }: { action: 'resubmit' | 'discard'; event?: LetterEvent },
    resolver: Resolver,
  ): Promise<Resolved> {
    if (action === 'discard') return this.#letters.discard(letter, resolver);
    return event === undefined ? this.#letters.resubmit(letter, resolver) : this.#letters.edit(letter, event, resolver);
  }

  /** Sends again what waits for the same reason. What it does is harmless to do again, so a repeat goes on where the first one ended. */
  async replay(cause: CauseKey, order: Order, rightsOf: Resolver['rightsOf'], limit: number, after?: number): Promise<Replayed> {
    mustOperate(order.operator);
    const { store, ports } = this.#options;
    const { operator, reason } = order;
    const id = `replay:${operator.id}:${ports.random.id()}`;
    const target = `${cause.type} ${cause.event} ${cause.reason} ${cause.detail}`;
    await store.operations.begin({ id, at: ports.clock.now(), by: operator.id, action: 'replay', target, reason });
    const replayed = await this.#letters.replay(cause, { operator, reason, rightsOf }, limit, after);
    const { applied, rejected, open } = replayed;
    await store.operations.conclude(id, 'done', `${applied} applied, ${rejected} rejected, ${open} open`);
    return replayed;
  }

  /** Writes down what is going to be done before it is, and what came of it after. */
  async #written(
    { operator, reason, id: key }: Order,
    action: string,
    target: string,
    perform: (id: string, begun: Operation | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { store, ports } = this.#options;
    const id = `caller:${operator.id}:${key ?? `hub-${ports.random.id()}`}`;
    const begun = await store.operations.begin({ id, at: ports.clock.now(), by: operator.id, action, target, reason });
    if (begun !== undefined && (begun.action !== action || begun.target !== target || begun.reason !== reason))
      throw new Fault('key_reused');
    try {
      const outcome = await perform(id, begun);
      const detail = outcome.outcome === 'rejected' ? outcome.code : outcome.outcome === 'applied' ? `version ${outcome.version}` : '';
      if (outcome.outcome !== 'retry' && isOpen(begun)) await store.operations.conclude(id, outcome.outcome, detail);
      return outcome;
    } catch (error) {
      if (error instanceof Fault && isOpen(begun)) await store.operations.conclude(id, 'refused', error.code);
      throw error;
    }
  }
}

/** A step that has chosen what it takes. */
const UNDER_WAY = 'under_way';

/** What came of it has not been written down yet. */
function isOpen(operation: Operation | undefined): boolean {
  return operation?.outcome === undefined || operation.outcome === UNDER_WAY;
}

function toOwn(control: Exclude<Control, { action: 'step' }>, { reason, operator }: Order, event_id: string): Own {
  const causation = `operator:${operator.id}`;
  switch (control.action) {
    case 'pause':
      return { event_id, happening: { kind: 'pause', reason }, event: { type: '@pause', reason }, causation };
    case 'resume':
      return { event_id, happening: { kind: 'resume' }, event: { type: '@resume', reason }, causation };
    case 'force': {
      const { state, effects = 'refuse', confirm } = control;
      if (confirm !== undefined)
        return { event_id, happening: { kind: 'force', state, confirm }, event: { type: '@force', state, confirm, reason }, causation };
      return {
        event_id,
        happening: { kind: 'propose', state, effects, reason },
        event: { type: '@force-proposed', state, effects, reason },
        causation,
      };
    }
    default:
      throw new Error(`Unknown control ${String(control satisfies never)}`);
  }
}
