import type { Definition } from '../machines/machine.ts';
import { Fault } from '../machines/fault.ts';
import { readAddress, typeOf } from '../machines/ids.ts';
import { HUB, actorCaller } from './caller.ts';
import type { Caller } from './caller.ts';
import { ownId } from './delivery.ts';
import type { Outcome, Own } from './delivery.ts';
import type { Send } from './envelope.ts';
import { admit } from './gate.ts';
import type { Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';

export type TellsOptions = {
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Settings of machines, by type. */
  readonly settings: ReadonlyMap<string, unknown>;
  /** To the actor, wherever it lives. */
  readonly deliver: (address: string, own: Own, caller: Caller) => Promise<Outcome>;
  readonly up: () => boolean;
};

/** Takes what one actor tells another to it, through the same gate as everybody's events. */
export class Tells {
  readonly #options: TellsOptions;

  constructor(options: TellsOptions) {
    this.#options = options;
  }

  /** Carries a send to its target; it is over when the target's journal or refusals hold its id. */
  async carry(from: string, origin: { v: number; i: number; id: string }, send: Send): Promise<void> {
    const target = readAddress(send.to);
    const definition = target === undefined ? undefined : this.#options.definitions.get(target.type);
    const refuse = (reason: string): Promise<void> => this.#refused(from, origin, send, reason);
    if (target === undefined || definition === undefined) return refuse('no_such_target');
    let payload: Readonly<Record<string, unknown>>;
    const { type, ...rest } = send.event;
    try {
      ({ payload } = admit(definition, type, rest, actorCaller(from)));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return refuse(error.code);
    }
    const happening: Happening =
      type === '@create'
        ? { kind: 'create', id: target.id, input: payload, settings: this.#options.settings.get(definition.type) }
        : { kind: 'event', event: { ...payload, type } };
    const own: Own = { event_id: origin.id, happening, event: { type, ...payload }, causation: `${from}@${origin.v}` };
    const { reach } = this.#options.ports;
    reach('tell.before', [{ address: from }]);
    const outcome = await this.#deliver(send.to, own, actorCaller(from));
    reach('tell.after', [{ address: from }]);
    if (outcome.outcome !== 'rejected') return;
    // Nobody else has its id: it came before, as the release of then wrote it, and what became of it then holds.
    const why = outcome.code === 'key_reused' ? outcome.before : outcome.code;
    if (why !== undefined) await refuse(why);
  }

  /** A refused `tell` comes back to its sender, where its machine wants to know. */
  async #refused(from: string, origin: { v: number; i: number; id: string }, send: Send, reason: string): Promise<void> {
    this.#options.ports.log.info({ from, to: send.to, event: send.event.type, reason }, 'A tell was refused');
    const own = toRefusal(this.#options.definitions, from, origin, send, reason);
    if (own !== undefined) await this.#deliver(from, own, HUB);
  }

  /** Until there is an outcome; throws when the hub stops first, so that it is told again. */
  async #deliver(address: string, own: Own, caller: Caller): Promise<Outcome> {
    const { deliver, up, ports } = this.#options;
    for (;;) {
      const outcome = await deliver(address, own, caller);
      if (outcome.outcome !== 'retry') return outcome;
      if (!up()) throw new Error('The hub is stopping');
      await new Promise<void>((resolve) => void ports.timers.after(outcome.after_ms, resolve));
    }
  }
}

/** How a sender hears that what it told was refused, under an id of its own; undefined where its machine does not want to know. */
export function toRefusal(
  definitions: ReadonlyMap<string, Definition>,
  from: string,
  origin: { readonly v: number; readonly i: number },
  send: { readonly to: string; readonly event: { readonly type: string } },
  reason: string,
): Own | undefined {
  const definition = definitions.get(typeOf(from));
  if (definition === undefined || !Object.hasOwn(definition.internal, 'tell.refused')) return undefined;
  const { type, ...sent } = send.event;
  const event = { type: 'tell.refused', to: send.to, event: type, reason, sent };
  const event_id = `${ownId(from, origin.v, origin.i)}!refused`;
  return { event_id, happening: { kind: 'event', event }, event, causation: `${from}@${origin.v}` };
}
