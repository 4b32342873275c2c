import { Fault, isFaultCode } from '../machines/fault.ts';
import { idOf, readAddress, typeOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import { HUB, actorCaller, systemCaller } from './caller.ts';
import type { Caller } from './caller.ts';
import { bodyHash } from './chain.ts';
import type { Delivery, Outcome, Own } from './delivery.ts';
import { admit } from './gate.ts';
import type { Ports } from './ports/ports.ts';
import type { Happening } from './step.ts';
import type { CauseKey, Letter, Resolution } from './store/operations.ts';
import type { Store } from './store/store.ts';
import { toRefusal } from './tells.ts';

export type LettersOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Settings of machines, by type. */
  readonly settings: ReadonlyMap<string, unknown>;
  readonly deliver: (address: string, own: Own, caller: Caller) => Promise<Outcome>;
};

/** Who resolves a letter, and why. `rightsOf` says what a person may do now; undefined for nobody who may sign in. */
export type Resolver = {
  readonly operator: Caller;
  readonly reason: string;
  readonly rightsOf: (username: string) => Promise<Caller | undefined>;
};

export type LetterEvent = { readonly type: string; readonly [field: string]: unknown };

/** What became of a letter. Without a resolution it is still open: its actor is parked. */
export type Resolved = { readonly outcome: Outcome; readonly resolution: Resolution | undefined };

export type Replayed = { readonly applied: number; readonly rejected: number; readonly open: number; readonly next: number | undefined };

/**
 * Dead letters: events that came while their actor could not take them. Resolving one is an event like any other, so what the
 * journal and its refusals say is the truth, and the letter only shows it: two people who resolve the same one at the same moment, or
 * a node that dies between doing it and writing it down, change nothing about that.
 */
export class Letters {
  readonly #options: LettersOptions;

  constructor(options: LettersOptions) {
    this.#options = options;
  }

  /** Sends the event again under its own id and as who sent it, so that it takes effect once. */
  async resubmit(letter: Letter, resolver: Resolver, single = false): Promise<Resolved> {
    mustBe(letter, [undefined]);
    const caller = await this.#senderOf(letter, resolver);
    const event = JSON.parse(letter.event) as LetterEvent;
    const own = this.#toOwn(letter, event, caller, { event_id: letter.event_id, single, by: resolver.operator.id });
    return this.#conclude(letter, resolver, await this.#options.deliver(letter.actor, own, caller));
  }

  /**
   * Sends another event in its place. It has an id of its own, and the commit that applies it refuses the old one for good. What a
   * person sent is then the operator's own act, and needs the operator's own right to it; what a system or the hub sent stays theirs.
   */
  async edit(letter: Letter, event: LetterEvent, resolver: Resolver): Promise<Resolved> {
    // A sender that has been told of the refusal has drawn its conclusions: a payment has gone back, for one.
    mustBe(letter, isTold(letter) ? [undefined] : [undefined, 'rejected']);
    const { operator } = resolver;
    const sender = letter.caller;
    const caller = isPerson(sender) ? operator : await this.#senderOf(letter, resolver);
    // One that was refused itself has its end already; where only one in its place was, it may still come again and take effect.
    const [ended] = letter.resolution === 'rejected' ? await this.#options.store.lookup([letter]) : [];
    // Of several in its place one takes effect: by `instead`, and where that has its end already by their having one id, whatever they say.
    const n = `${letter.edits + 1}${ended === undefined ? `-${bodyHash(JSON.stringify(event)).slice(0, 8)}` : ''}`;
    const instead = { event_id: letter.event_id, body_hash: bodyHash(letter.event) };
    const own = this.#toOwn(letter, event, caller, {
      event_id: `letter:${letter.event_id}!edit-${n}`,
      single: false,
      by: operator.id,
      ...(ended === undefined ? { instead } : {}),
    });
    const outcome = await this.#options.deliver(letter.actor, own, caller);
    if (outcome.outcome === 'rejected' && outcome.code === 'key_reused')
      throw new Fault('resolved', 'Another event has been sent in its place already; look at the actor before you send one more.');
    // What an actor told stays open until it has its end: only then may its sender hear that it was refused.
    if (isTold(letter) && outcome.outcome === 'rejected' && outcome.code !== 'resolved') return { outcome, resolution: undefined };
    return this.#conclude(letter, resolver, outcome);
  }

  /** Sees to it that the event never takes effect, whoever sends it again. */
  async discard(letter: Letter, resolver: Resolver): Promise<Resolved> {
    mustBe(letter, [undefined, 'rejected']);
    const event = JSON.parse(letter.event) as LetterEvent;
    const { operator } = resolver;
    const own: Own = { event_id: letter.event_id, happening: { kind: 'discard' }, event, causation: `operator:${operator.id}` };
    const outcome = await this.#options.deliver(letter.actor, own, operator);
    return this.#conclude(letter, resolver, outcome, true);
  }

  /** Sends again what waits for the same reason, oldest first and so many at most; `next` goes on from there. Throws `not_ready` where nothing could be sent just now. */
  async replay(cause: CauseKey, resolver: Resolver, limit: number, after?: number): Promise<Replayed> {
    const query = { ...cause, open: true, oldest: true, limit, ...(after === undefined ? {} : { after }) };
    const letters = await this.#options.store.operations.letters(query);
    const counts = { applied: 0, rejected: 0, open: 0 };
    const parked = new Set<string>();
    let last: Letter | undefined;
    for (const letter of letters) {
      // What comes behind an event that has to wait waits too, or the order would change.
      const resolution = parked.has(letter.actor) ? 'open' : await this.#replayOne(letter, resolver);
      if (resolution === 'retry') {
        // Nothing has moved, so whoever asked would ask for the same again at once, or take it for the end.
        if (last === undefined) throw new Fault('not_ready');
        break;
      }
      if (resolution === 'open') parked.add(letter.actor);
      counts[resolution]++;
      last = letter;
    }
    const done = letters.length < limit && last === letters.at(-1);
    return { ...counts, next: done ? undefined : last?.n };
  }

  async #replayOne(letter: Letter, resolver: Resolver): Promise<'applied' | 'rejected' | 'open' | 'retry'> {
    try {
      const { outcome, resolution } = await this.resubmit(letter, resolver);
      if (outcome.outcome === 'retry') return 'retry';
      return resolution === 'applied' ? 'applied' : resolution === undefined ? 'open' : 'rejected';
    } catch (error) {
      // It may not be sent any more, by whoever sent it: an operator looks at it alone.
      if (error instanceof Fault) return 'open';
      throw error;
    }
  }

  /** Who sent it, with the rights of now. */
  async #senderOf({ caller }: Letter, { rightsOf }: Resolver): Promise<Caller> {
    if (caller === HUB.id) return HUB;
    if (readAddress(caller) !== undefined) return actorCaller(caller);
    if (caller.startsWith('system:')) return systemCaller(caller.slice('system:'.length));
    const person = await rightsOf(caller);
    if (person === undefined)
      throw new Fault('forbidden', `${caller} sent it and may not sign in any more; discard it, or send another event in its place.`);
    return person;
  }

  #toOwn(
    letter: Letter,
    event: LetterEvent,
    caller: Caller,
    given: { event_id: string; single: boolean; by: string } & Pick<Delivery, 'instead'>,
  ): Own {
    const { type, ...payload } = event;
    const definition = this.#options.definitions.get(typeOf(letter.actor));
    if (definition === undefined) throw new Fault('not_found', `There is no kind of actor named ${typeOf(letter.actor)} any more.`);
    admit(definition, type, payload, caller);
    const happening: Happening =
      type === '@create'
        ? { kind: 'create', id: idOf(letter.actor), input: payload, settings: this.#options.settings.get(definition.type) }
        : { kind: 'event', event };
    const { event_id, single, by, instead } = given;
    return { event_id, happening, event, causation: `operator:${by}`, single, ...(instead === undefined ? {} : { instead }) };
  }

  async #conclude(letter: Letter, { operator, reason }: Resolver, outcome: Outcome, discarding = false): Promise<Resolved> {
    const { store, ports } = this.#options;
    const found = await this.#resolutionOf(letter, outcome, discarding);
    if (found === undefined) return { outcome, resolution: undefined };
    const back = found === 'applied' ? undefined : await this.#tellSender(letter, outcome);
    if (back?.outcome === 'retry') return { outcome: back, resolution: undefined };
    const said = outcome.outcome === 'rejected' && found === 'rejected' ? ` (${outcome.code})` : '';
    const ending = { resolution: found, by: operator.id, at: ports.clock.now(), note: `${reason}${said}` };
    await store.operations.end(letter.id, ending);
    // Somebody else was first: what was asked for here did not happen.
    const late = outcome.outcome === 'rejected' && ['resolved', 'replaced', 'discarded'].includes(outcome.code) && !discarding;
    if (late || (discarding && found !== 'discarded')) throw new Fault('resolved', `It has been ${found} already.`);
    return { outcome, resolution: found };
  }

  /** An actor whose `tell` was refused in the end hears of it as it would have at once; before the letter is closed, so that it always does. */
  async #tellSender(letter: Letter, outcome: Outcome): Promise<Outcome | undefined> {
    const [, from, v, i] = TOLD.exec(letter.event_id) ?? [];
    if (from === undefined || outcome.outcome !== 'rejected') return undefined;
    const reason = outcome.code === 'resolved' ? await this.#refusalOf(letter) : outcome.code;
    const send = { to: letter.actor, event: JSON.parse(letter.event) as LetterEvent };
    const own = reason === undefined ? undefined : toRefusal(this.#options.definitions, from, { v: Number(v), i: Number(i) }, send, reason);
    return own && this.#options.deliver(from, own, HUB);
  }

  async #refusalOf({ actor, event_id }: Letter): Promise<string | undefined> {
    const [earlier] = await this.#options.store.lookup([{ actor, event_id }]);
    return earlier?.reason === 'replaced' ? undefined : earlier?.reason;
  }

  async #resolutionOf(letter: Letter, outcome: Outcome, discarding: boolean): Promise<Resolution | undefined> {
    switch (outcome.outcome) {
      case 'applied':
      case 'duplicate':
        return 'applied';
      case 'rejected':
        if (outcome.code === 'resolved') return this.#truthOf(letter);
        if (outcome.code === 'replaced') return 'applied';
        return discarding || outcome.code === 'discarded' ? 'discarded' : 'rejected';
      default:
        return undefined;
    }
  }

  /** How it ended, as the journal and its refusals say. */
  async #truthOf({ actor, event_id }: Letter): Promise<Resolution> {
    const [earlier] = await this.#options.store.lookup([{ actor, event_id }]);
    if (earlier?.reason === undefined || earlier.reason === 'replaced') return 'applied';
    return earlier.reason === 'discarded' ? 'discarded' : 'rejected';
  }
}

/** Sent by an actor, from the step that made this version. */
const TOLD = /^own:([^@]+)@(\d+)#(\d+)$/;

function isTold({ event_id }: Letter): boolean {
  return TOLD.test(event_id);
}

function isPerson(caller: string): boolean {
  return caller !== HUB.id && readAddress(caller) === undefined && !caller.startsWith('system:');
}

/** What can still become of a letter follows from how it has ended so far. */
function mustBe(letter: Letter, allowed: readonly (Resolution | undefined)[]): void {
  const { resolution } = letter;
  if (allowed.includes(resolution)) return;
  const rest = isTold(letter) ? 'its sender has been told.' : 'send an event in its place.';
  const hint = resolution === 'rejected' ? `It was refused, for good under its id; ${rest}` : `It has been ${String(resolution)} already.`;
  throw new Fault('resolved', hint);
}

/** The fault that an operator is answered for an outcome that changed nothing. */
export function faultOf(outcome: Outcome): Fault | undefined {
  switch (outcome.outcome) {
    case 'applied':
    case 'duplicate':
      return undefined;
    case 'rejected': {
      const { code, detail } = outcome;
      return isFaultCode(code) ? new Fault(code, detail === '' ? undefined : detail) : new Fault('rejected', detail || undefined, { code });
    }
    case 'parked':
      return new Fault('parked', undefined, { reason: outcome.reason });
    case 'late':
      return new Fault('rejected');
    case 'retry':
      return new Fault(isFaultCode(outcome.reason) ? outcome.reason : 'retry', undefined, {
        reason: outcome.reason,
        after_ms: outcome.after_ms,
      });
    default:
      throw new Error(`Unknown outcome ${String(outcome satisfies never)}`);
  }
}
