import type { AnyMachineSnapshot } from 'xstate';
import type { Definition, Seen } from '../machines/machine.ts';
import { nameOf, toStates } from './envelope.ts';
import type { Asked, DomainEvent, Envelope, Origin, PendingEffect, PendingTimer, Posting, Send, StoredEnvelope } from './envelope.ts';
import { force } from './forcing.ts';
import { NewerEnvelope, lift } from './migration.ts';
import { toPosting } from './posting.ts';
import { begin, declares, move, restore, takes, toStoredSnapshot } from './xstate-inner.ts';
import type { Moved } from './xstate-inner.ts';

/** What an effect came to. */
export type Result =
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed' | 'unknown'; readonly code: string; readonly detail?: string };

/** Everything that can happen to an actor. */
export type Happening =
  | { readonly kind: 'create'; readonly id: string; readonly input: Readonly<Record<string, unknown>>; readonly settings: unknown }
  | { readonly kind: 'event'; readonly event: { readonly type: string; readonly [field: string]: unknown } }
  | { readonly kind: 'timer'; readonly id: string; readonly v: number; readonly i: number }
  | { readonly kind: 'result'; readonly id: string; readonly v: number; readonly i: number; readonly result: Result }
  | { readonly kind: 'started'; readonly id: string; readonly v: number; readonly i: number }
  | { readonly kind: 'park'; readonly code: string; readonly detail: string }
  | { readonly kind: 'resume' }
  /** The envelope was lifted from an older version of the machine. */
  | { readonly kind: 'migrate' }
  /** An operator stops it. */
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'propose'; readonly state: string; readonly effects: 'refuse' | 'start'; readonly reason: string }
  /** Somebody else confirms what the row of that version proposed. */
  | { readonly kind: 'force'; readonly state: string; readonly confirm: number }
  /** An event that was kept for it shall never be applied; see batch.ts. */
  | { readonly kind: 'discard' };

export type Stepped =
  | { readonly outcome: 'applied'; readonly next: Envelope; readonly asked: Asked }
  | { readonly outcome: 'rejected'; readonly reason: string; readonly detail?: string }
  /** A timer or a result that is not waited for any more. */
  | { readonly outcome: 'late' };

export type Moment = {
  readonly by: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How many times faster than real time the actors' timers run. */
  readonly scale: number;
};

const NOTHING: Asked = { sends: [], events: [] };
const UNBORN = { state: [], tags: [], context: undefined as never } as const;

/**
 * What happens to an actor, as pure as its machine: the next envelope and what was asked for. Throws what the machine
 * throws; the caller then parks the actor, whose envelope is untouched.
 */
export function step(definition: Definition, envelope: Envelope | undefined, happening: Happening, moment: Moment): Stepped {
  if (happening.kind === 'create') {
    return envelope === undefined ? born(definition, happening, moment) : { outcome: 'rejected', reason: 'exists' };
  }
  if (envelope === undefined) return { outcome: 'rejected', reason: 'not_found' };
  switch (happening.kind) {
    case 'event':
      return stepEvent(definition, envelope, happening.event, moment);
    case 'timer':
      return stepTimer(definition, envelope, happening, moment);
    case 'result':
      return stepResult(definition, envelope, happening, moment);
    case 'started':
      return stepStarted(envelope, happening, moment);
    case 'park': {
      const parked = { code: happening.code, detail: happening.detail, at: moment.now };
      return applied({ ...after(envelope, moment), parked });
    }
    case 'pause': {
      if (envelope.parked !== undefined) return { outcome: 'rejected', reason: 'already_parked' };
      const parked = { code: 'paused', detail: happening.reason, at: moment.now, by: moment.by };
      return applied({ ...after(envelope, moment), parked });
    }
    case 'resume': {
      if (envelope.parked === undefined) return { outcome: 'rejected', reason: 'not_parked' };
      const { parked: _, ...rest } = after(envelope, moment);
      return applied(rest);
    }
    case 'migrate':
      return applied(after(envelope, moment));
    case 'propose':
      return stepPropose(definition, envelope, happening, moment);
    case 'force':
      return stepForce(definition, envelope, happening, moment);
    case 'discard':
      return { outcome: 'rejected', reason: 'discarded' };
    default:
      return unreachableHappening(happening);
  }
}

function unreachableHappening(happening: never): never {
  throw new Error(`Unknown happening ${JSON.stringify(happening)}`);
}

function applied(next: Envelope): Stepped {
  return { outcome: 'applied', next, asked: NOTHING };
}

/** The next version, with nothing changed but that nobody's proposal holds any more. */
function after({ proposed: _, ...envelope }: Envelope, moment: Moment): Envelope {
  return { ...envelope, version: envelope.version + 1, at: Math.max(envelope.at, moment.now) };
}

function born(definition: Definition, happening: Happening & { kind: 'create' }, moment: Moment): Stepped {
  const { id, input, settings } = happening;
  const birth = { ...input, id, by: moment.by, at: moment.now, v: 1, settings };
  const reason = definition.reasons['@create']?.(UNBORN, birth as never);
  if (reason !== undefined) return { outcome: 'rejected', reason };
  const moved = begin(definition.machine, birth);
  return settle(moved, 1, moment.now, {}, {}, moment);
}

function stepEvent(
  definition: Definition,
  envelope: Envelope,
  event: { readonly type: string; readonly [field: string]: unknown },
  moment: Moment,
): Stepped {
  const at = Math.max(envelope.at, moment.now);
  const full = { ...event, by: moment.by, at, v: envelope.version + 1 };
  const moved = move(definition.machine, envelope.snapshot, full);
  if (moved === undefined) return { outcome: 'rejected', reason: reasonFor(definition, envelope.snapshot, full) };
  return settle(moved, envelope.version + 1, at, envelope.timers, envelope.effects, moment);
}

function stepTimer(definition: Definition, envelope: Envelope, fired: Origin, moment: Moment): Stepped {
  const name = nameOf(envelope.timers, fired);
  if (name === undefined) return { outcome: 'late' };
  const { [name]: timer, ...timers } = envelope.timers;
  return settleOwn(definition, { ...envelope, timers }, { type: timer?.event ?? name }, moment);
}

function stepResult(definition: Definition, envelope: Envelope, ended: Origin & { readonly result: Result }, moment: Moment): Stepped {
  const id = nameOf(envelope.effects, ended);
  if (id === undefined) return { outcome: 'late' };
  const { [id]: _, ...effects } = envelope.effects;
  const { result } = ended;
  const event =
    result.kind === 'done'
      ? { type: `xstate.done.actor.${id}`, output: result.output, actorId: id }
      : { type: `xstate.error.actor.${id}`, error: result, actorId: id };
  return settleOwn(definition, { ...envelope, effects }, event, moment);
}

/** A timer or a result writes its row even where the state ignores it; otherwise it would come again for ever. */
function settleOwn(
  definition: Definition,
  envelope: Envelope,
  event: { readonly type: string; readonly [field: string]: unknown },
  moment: Moment,
): Stepped {
  const at = Math.max(envelope.at, moment.now);
  const moved = move(definition.machine, envelope.snapshot, Object.assign({ by: 'hub', at, v: envelope.version + 1 }, event));
  if (moved === undefined) return applied(after(envelope, moment));
  return settle(moved, envelope.version + 1, at, envelope.timers, envelope.effects, moment);
}

function stepStarted(envelope: Envelope, started: Origin, moment: Moment): Stepped {
  const id = nameOf(envelope.effects, started);
  const effect = id === undefined ? undefined : envelope.effects[id];
  if (id === undefined || effect === undefined) return { outcome: 'late' };
  const effects = { ...envelope.effects, [id]: { ...effect, started: true as const } };
  return applied({ ...after(envelope, moment), effects });
}

function stepPropose(definition: Definition, envelope: Envelope, wanted: Happening & { kind: 'propose' }, moment: Moment): Stepped {
  const next = after(envelope, moment);
  const forced = force(definition, envelope, wanted, next, moment);
  if (forced.kind === 'refused') return { outcome: 'rejected', reason: 'cannot_force', detail: forced.why };
  const { state, effects, reason } = wanted;
  return applied({ ...next, proposed: { v: next.version, state, effects, by: moment.by, reason } });
}

function stepForce(definition: Definition, envelope: Envelope, confirmed: Happening & { kind: 'force' }, moment: Moment): Stepped {
  const { proposed } = envelope;
  if (proposed === undefined || proposed.v !== confirmed.confirm || proposed.state !== confirmed.state) {
    return { outcome: 'rejected', reason: 'proposal_stale' };
  }
  if (proposed.by === moment.by) return { outcome: 'rejected', reason: 'four_eyes' };
  const next = after(envelope, moment);
  const forced = force(definition, envelope, proposed, next, moment);
  if (forced.kind === 'refused') return { outcome: 'rejected', reason: 'cannot_force', detail: forced.why };
  const { snapshot, timers, effects } = forced;
  return applied({ ...next, snapshot, timers, effects });
}

/** Turns what the machine asked for into the timers and effects that are now pending, and the sends, events and postings of this row. */
function settle(
  moved: Moved,
  version: number,
  at: number,
  oldTimers: Readonly<Record<string, PendingTimer>>,
  oldEffects: Readonly<Record<string, PendingEffect>>,
  moment: Moment,
): Stepped {
  const { snapshot, requests } = moved;
  const final = snapshot.status !== 'active';
  if (requests.length === 0 && !final) {
    return applied({ version, at, snapshot, timers: oldTimers, effects: oldEffects });
  }
  const timers: Record<string, PendingTimer> = { ...oldTimers };
  const effects: Record<string, PendingEffect> = { ...oldEffects };
  const sends: Send[] = [];
  const events: DomainEvent[] = [];
  const postings: Posting[] = [];
  let i = 0;
  for (const request of requests) {
    switch (request.kind) {
      case 'schedule':
        timers[request.id] = { v: version, i: i++, due: Math.round(at + request.delay_ms / moment.scale), event: request.event };
        break;
      case 'cancel':
        delete timers[request.id];
        break;
      case 'start':
        effects[request.id] = { v: version, i: i++, src: request.src, input: request.input };
        break;
      case 'stop':
        delete effects[request.id];
        break;
      case 'emit': {
        const { type, ...data } = request.event;
        if (type === '@tell') sends.push({ i: i++, to: data.to as Send['to'], event: data.event as Send['event'] });
        else if (type === '@post') postings.push(toPosting({ v: version, i: i++ }, data));
        else events.push({ i: i++, type, data });
        break;
      }
      default:
        throw new Error('Unknown request');
    }
  }
  const next = { version, at, snapshot, timers: final ? {} : timers, effects: final ? {} : effects };
  if (postings.length > 0) return { outcome: 'applied', next, asked: { sends, events, postings } };
  return { outcome: 'applied', next, asked: sends.length + events.length === 0 ? NOTHING : { sends, events } };
}

/** Why the event is refused now: the state does not know it, or a guard that can name its reason says no. */
export function reasonFor(definition: Definition, snapshot: AnyMachineSnapshot, event: { readonly type: string }): string {
  if (!declares(snapshot, event.type)) return 'not_in_state';
  const reason = definition.reasons[event.type]?.(toSeen(snapshot) as Seen<never>, event as never);
  return reason ?? 'guard_refused';
}

/** Whether the event would be taken now, and if not why not. Asked with the machine's own sample payload. */
export function canTake(definition: Definition, snapshot: AnyMachineSnapshot, type: string, by: string, at: number): string | undefined {
  return wouldTake(definition, snapshot, type, by, at).reason;
}

/** The same, and whether the answer may depend on who asks: whether anything looked at the event's `by` to find it. */
export function wouldTake(definition: Definition, snapshot: AnyMachineSnapshot, type: string, by: string, at: number): Would {
  const sample = definition.samples[type]?.(snapshot.context as never) ?? {};
  let personal = false;
  const event = {
    ...sample,
    type,
    at,
    get by() {
      personal = true;
      return by;
    },
  };
  const reason = takes(definition.machine, snapshot, event) ? undefined : reasonFor(definition, snapshot, event);
  return { reason, personal };
}

export type Would = { readonly reason: string | undefined; readonly personal: boolean };

export function toSeen(snapshot: AnyMachineSnapshot): Seen<Record<string, unknown>> {
  return { state: toStates(snapshot.value), tags: [...snapshot.tags], context: snapshot.context as Record<string, unknown> };
}

/** The envelope as the journal keeps it. */
export function toStored(definition: Definition, envelope: Envelope): string {
  const { version, at, snapshot, timers, effects, parked, proposed } = envelope;
  const stored: StoredEnvelope = {
    machine: definition.type,
    machine_version: definition.version,
    version,
    at,
    snapshot: toStoredSnapshot(snapshot),
    timers,
    effects,
    ...(parked === undefined ? {} : { parked }),
    ...(proposed === undefined ? {} : { proposed }),
  };
  return JSON.stringify(stored);
}

/** A stored envelope, live again and as the present version of its machine has it. Throws the faults of `readEnvelope`. */
export function toLive(definition: Definition, text: string): Envelope {
  return readEnvelope(definition, text).envelope;
}

/**
 * A stored envelope, live again. One that an older version of the machine wrote is lifted, and `lifted` says from which; nothing is
 * written by that. Throws for another machine's, NewerEnvelope for a newer version's, and MigrationFailed.
 */
export function readEnvelope(definition: Definition, text: string): { readonly envelope: Envelope; readonly lifted?: number } {
  const stored = JSON.parse(text) as StoredEnvelope;
  if (stored.machine !== definition.type) throw new Error(`An envelope of ${stored.machine} was read as ${definition.type}`);
  if (stored.machine_version > definition.version) throw new NewerEnvelope(stored, definition.version);
  if (stored.machine_version < definition.version) return { envelope: lift(definition, stored), lifted: stored.machine_version };
  const { version, at, timers, effects, parked, proposed } = stored;
  const snapshot = restore(definition.machine, stored.snapshot, effects);
  const standing = { ...(parked === undefined ? {} : { parked }), ...(proposed === undefined ? {} : { proposed }) };
  return { envelope: { version, at, snapshot, timers, effects, ...standing } };
}
