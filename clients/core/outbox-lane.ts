import type { Can, Command, Position } from '../../hub/protocol/messages.ts';
import { sentenceFor } from '../../machines/fault.ts';
import { Problem } from './problem.ts';

/*
 * The queue of one actor as plain data: every function returns the next queue and changes nothing. What waits stands in the
 * order in which it was meant, and only the first of it is ever on its way. What was refused stays among it, in the tray,
 * until somebody has decided about it.
 */

export type SentEvent = Readonly<{ type: string } & Record<string, unknown>>;

/** What somebody wants done, kept until the hub has said what became of it. Plain JSON. Times are the hub's, epoch milliseconds. */
export type Kept = {
  /** Its place in the order of everything that was kept on this device; storage gives it. */
  readonly seq: number;
  /** The one id under which it is sent, however often, so that it takes effect once. */
  readonly id: string;
  readonly to: string;
  readonly event: SentEvent;
  readonly ifVersion?: number;
  /** `ifVersion` is meant on top of what waited before it. */
  readonly chained?: true;
  /** The command without which this one makes no sense. */
  readonly after?: string;
  /** The ids that it had before each was used up by a refusal: whatever names one of them means this command. */
  readonly formerly?: readonly string[];
  /** It is not sent for the first time later than this. */
  readonly notAfter?: number;
  readonly optimistic: boolean;
  /** When it was meant. */
  readonly at: number;
  /** What was seen of the actor when it was meant. */
  readonly seen?: Basis;
  /** Since when it may have reached the hub, and on top of which copy. Absent: it certainly has not. */
  readonly sent?: { readonly at: number; readonly on?: Position };
  readonly standing: KeptStanding;
};

export type Basis = Position & { readonly state: readonly string[] };

export type KeptStanding =
  | { readonly kind: 'waiting' }
  /** The hub keeps it for an operator; it is asked about from time to time. */
  | { readonly kind: 'parked'; readonly sentence: string }
  | { readonly kind: 'tray'; readonly refusal: Refusal };

/** Why something was not done. It is certain that it was not, unless it is `doubtful`. */
export type Refusal = {
  /** A code of the fault table; `held`, `expired` where it was never sent. */
  readonly code: string;
  readonly sentence: string;
  readonly at: number;
  /** It was sent before, no answer came, and the hub has now refused it without looking whether it was done then. */
  readonly doubtful?: true;
  /** The command because of which it is held. */
  readonly because?: string;
  /** Where the actor stood, and what may be done with it, when it was refused. */
  readonly version?: number;
  readonly can?: readonly Can[];
  readonly now?: Meanwhile;
};

/** One thing that has happened to an actor: which event, by whom, when (ISO 8601, UTC). */
export type Happened = { readonly version: number; readonly event: string; readonly by: string; readonly at: string };

/** What the actor is now, and what led there since the person looked. */
export type Meanwhile = {
  readonly version: number;
  readonly state: readonly string[];
  readonly can: readonly Can[];
  /** What brought it into its state, where that may be known. */
  readonly since?: Happened;
  /** What happened to it since it was seen, oldest first; the newest of it where it was much. */
  readonly happened: readonly Happened[];
};

export type Lane = readonly Kept[];

/** What is known beside the queue: how many commands the person has kept in all, how many he may have, and what the hub has done. */
export type Room = { readonly total: number; readonly most: number; readonly isDone: (id: string) => boolean };

/** What is new; the rest is worked out from what waits already. */
export type Wish = Omit<Kept, 'seq' | 'chained' | 'formerly' | 'sent' | 'standing'>;

/** What waits for an answer of the hub, in order. */
export function waiting(lane: Lane): Lane {
  return lane.filter(({ standing }) => standing.kind !== 'tray');
}

/**
 * Adds a command at the end. The same id with the same event is the same command, and changes nothing. Throws a Problem:
 * `key_reused`, `outbox_full`, `after_refused`, `after_unknown`.
 */
export function add(lane: Lane, wish: Wish, room: Room): Lane {
  const known = lane.find(({ id }) => id === wish.id);
  if (known !== undefined) {
    if (JSON.stringify(known.event) === JSON.stringify(wish.event)) return lane;
    throw new Problem(0, 'key_reused', `The id ${wish.id} is that of another command.`);
  }
  if (room.total >= room.most) {
    throw new Problem(
      0,
      'outbox_full',
      `${room.most} commands are kept already, and no more are taken before some of them are done or discarded.`,
    );
  }
  // What is meant for an actor that is yet to be created makes no sense without its creation.
  const after = wish.after ?? waiting(lane).find(({ event }) => event.type === '@create')?.id;
  const named = after === undefined ? undefined : meant(lane, after);
  if (named?.standing.kind === 'tray')
    throw new Problem(0, 'after_refused', `The command that this one is to follow was refused: ${named.standing.refusal.sentence}`);
  // One that is not there any more has been done, or has been discarded: then this one makes no sense.
  if (after !== undefined && named === undefined && !room.isDone(after))
    throw new Problem(0, 'after_unknown', `It is not known that the command ${after}, which this one is to follow, was done.`);
  const { after: _, ...rest } = wish;
  const chained = wish.ifVersion !== undefined && waiting(lane).length > 0;
  const depends = { ...(named && { after: named.id }), ...(chained && { chained }) };
  return [...lane, { ...rest, ...depends, seq: 0, standing: { kind: 'waiting' } }];
}

/** It is about to be sent: from here on it may have been done. What another tab has put into the tray meanwhile is not sent. */
export function begin(lane: Lane, id: string, sent: NonNullable<Kept['sent']>): Lane {
  return replace(lane, id, (kept) =>
    kept.standing.kind === 'tray' ? kept : { ...kept, standing: { kind: 'waiting' }, sent: kept.sent ?? sent },
  );
}

/** The hub has done it, as this version. What was meant on top of it counts from there, if nothing else came in between. */
export function applied(lane: Lane, id: string, version: number): Lane {
  return lane.flatMap((kept) => {
    if (kept.id === id) return [];
    const follows = kept.chained === true && kept.standing.kind !== 'tray' && kept.ifVersion === version - 1 && kept.sent === undefined;
    return [follows ? { ...kept, ifVersion: version } : kept];
  });
}

export function park(lane: Lane, id: string, sentence: string): Lane {
  return replace(lane, id, (kept) => ({ ...kept, standing: { kind: 'parked', sentence } }));
}

/**
 * Puts a command into the tray, and with it what makes no sense without it: what names it in `after`, what names a version
 * that counts on it, and whatever comes next that the actor would not take now either. All else goes on.
 */
export function refuse(lane: Lane, id: string, refusal: Refusal): Lane {
  const refused = lane.find((kept) => kept.id === id);
  if (refused === undefined) return lane;
  const next = replace(lane, id, (kept) => ({ ...kept, standing: { kind: 'tray', refusal } }));
  return holdBehind(next, refused, `${refused.event.type}, which was refused`, refusal);
}

/**
 * Codes by which a hub refuses before it looks whether it has done a command already. One that was changed since the command was sent
 * for the first time may read its event otherwise than when it was done.
 */
const UNSEEN = new Set(['invalid', 'key_reused', 'unknown_event']);

/** A refusal of what was sent before and went unanswered may leave it open whether it was done then. */
export function doubted(refusal: Refusal): Refusal {
  if (!UNSEEN.has(refusal.code)) return refusal;
  const sentence = `${refusal.sentence} It was sent before, and may have been done then: look at what has happened since.`;
  return { ...refusal, sentence, doubtful: true };
}

/** What was found out about the actor after the refusal. */
export function explain(lane: Lane, id: string, now: Meanwhile): Lane {
  return replace(lane, id, (kept) =>
    kept.standing.kind === 'tray' ? { ...kept, standing: { kind: 'tray', refusal: { ...kept.standing.refusal, now } } } : kept,
  );
}

/** Forgets a command. What was to follow it is held, not forgotten. */
export function discard(lane: Lane, id: string, at: number): Lane {
  const gone = lane.find((kept) => kept.id === id);
  if (gone === undefined) return lane;
  const rest = lane.filter((kept) => kept !== gone);
  if (gone.standing.kind === 'tray') return rest;
  return holdBehind(rest, gone, `${gone.event.type}, which was discarded`, { code: 'discarded', sentence: '', at });
}

export type Again = {
  /** Another one, where its own is used up: a refusal stands for ever. */
  readonly id: string;
  readonly at: number;
  readonly event?: SentEvent;
  readonly seen?: Basis;
  /** It is wanted although it may have been done already. */
  readonly anyway?: boolean;
};

/**
 * Takes a command out of the tray and puts it at the end of what waits, changed or not. It follows what it was held for, if that waits
 * again by now. A version that it names becomes the one that the tray shows, since that is what the person has decided on. Throws
 * a Problem: `not_in_tray`, `may_be_done`.
 */
export function again(lane: Lane, id: string, { id: fresh, at, event, seen, anyway = false }: Again, room: Room): Lane {
  const old = lane.find((kept) => kept.id === id);
  if (old?.standing.kind !== 'tray') throw new Problem(0, 'not_in_tray', 'This is not in the tray any more.');
  const { to, optimistic, ifVersion, standing, formerly = [] } = old;
  const { refusal } = standing;
  if (refusal.doubtful === true && !anyway) throw new Problem(0, 'may_be_done', refusal.sentence);
  const version = refusal.now?.version ?? refusal.version ?? ifVersion;
  const followed = [old.after, refusal.because].map((name) => (name === undefined ? undefined : meant(waiting(lane), name)));
  const after = followed.find((kept) => kept !== undefined)?.id;
  const wish: Wish = {
    id: fresh,
    to,
    event: event ?? old.event,
    optimistic,
    at,
    ...(after !== undefined && { after }),
    ...(seen && { seen }),
    ...(ifVersion !== undefined && version !== undefined && { ifVersion: version }),
  };
  const next = add(
    lane.filter((kept) => kept !== old),
    wish,
    { ...room, total: room.total - 1 },
  );
  const ids = fresh === id ? formerly : [...formerly, id];
  return ids.length === 0 ? next : replace(next, fresh, (kept) => ({ ...kept, formerly: ids }));
}

/** Why a command may not be sent for the first time now; one that may have been sent is asked about whatever the time is. */
export function obstacle({ sent, notAfter }: Kept, now: number): Refusal | undefined {
  if (sent !== undefined || notAfter === undefined || now <= notAfter) return undefined;
  return {
    code: 'expired',
    sentence: `It was to be done before ${new Date(notAfter).toISOString()}, and could not be sent by then.`,
    at: now,
  };
}

export function toCommand({ id, to, event, ifVersion }: Kept): Command {
  return { id, to, event, ...(ifVersion === undefined ? {} : { ifVersion }) };
}

function holdBehind(lane: Lane, blamed: Kept, what: string, { at, can = [], version }: Refusal): Lane {
  const known = { ...(can.length > 0 && { can }), ...(version !== undefined && { version }) };
  const hold = (kept: Kept, why: string): Kept => ({
    ...kept,
    standing: { kind: 'tray', refusal: { code: 'held', sentence: `It was to follow ${what}${why}.`, at, because: blamed.id, ...known } },
  });
  const lost = new Set([blamed.id]);
  let goesOn = false;
  return lane.map((kept) => {
    // What may have been done is never held: only the hub can say what became of it.
    if (kept.seq <= blamed.seq || kept.standing.kind === 'tray' || kept.sent !== undefined) return kept;
    const bar = goesOn ? undefined : can.find(({ type, ok }) => type === kept.event.type && !ok);
    const depends = kept.chained === true || (kept.after !== undefined && lost.has(kept.after));
    if (!depends && bar === undefined) {
      goesOn = true;
      return kept;
    }
    lost.add(kept.id);
    return hold(kept, depends || bar === undefined ? '' : `, and the actor does not take it now: ${sentenceOf(bar)}`);
  });
}

function sentenceOf({ sentence, reason = 'rejected' }: Can): string {
  return (sentence ?? sentenceFor(reason)).replace(/\.$/, '');
}

/** The command that an id stands for, also where it has had another one since. */
function meant(lane: Lane, name: string): Kept | undefined {
  return lane.find(({ id, formerly }) => id === name || formerly?.includes(name));
}

function replace(lane: Lane, id: string, change: (kept: Kept) => Kept): Lane {
  return lane.map((kept) => (kept.id === id ? change(kept) : kept));
}
