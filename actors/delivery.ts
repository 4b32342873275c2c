import { partitionOf } from '../machines/ids.ts';
import type { Definition } from '../machines/machine.ts';
import type { Caller } from './caller.ts';
import { bodyHash } from './chain.ts';
import type { Asked, Envelope, PendingEffect } from './envelope.ts';
import type { Happening, Result } from './step.ts';
import type { ActorRow, JournalRow } from './store/store.ts';

/** What became of an event. */
export type Outcome =
  | { readonly outcome: 'applied'; readonly version: number; readonly envelope: Envelope }
  /** It was applied before, as this version. */
  | { readonly outcome: 'duplicate'; readonly version: number }
  /** `before`: why what had the id earlier was refused, where it is `key_reused` now. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly detail: string; readonly version: number; readonly before?: string }
  | { readonly outcome: 'parked'; readonly reason: string }
  | { readonly outcome: 'late' }
  /** Nothing is known to have happened; the same id may be sent again after so long. */
  | { readonly outcome: 'retry'; readonly after_ms: number; readonly reason: string };

/** An event on its way to an actor. */
export type Delivery = {
  readonly address: string;
  readonly partition: number;
  readonly definition: Definition;
  /** Made by the door: `caller:…`, `source:…` or `own:…`, so that nobody can choose one that collides with another door's. */
  readonly event_id: string;
  readonly happening: Happening;
  /** JSON, as the journal keeps it. */
  readonly event: string;
  readonly caller: Caller;
  readonly ifVersion?: number;
  readonly creation?: { readonly caller: string; readonly key: string; readonly body_hash: string };
  readonly causation: string;
  readonly correlation: string;
  readonly traceparent: string;
  /** It may have been handled before, so its id is looked up first. */
  readonly repeat: boolean;
  /** The id was made up for this creation, so there cannot be such an actor yet. */
  readonly fresh: boolean;
  /** From outside: it counts against the mailbox's bounds. The runtime's own are bounded by what was asked for. */
  readonly outside: boolean;
  /** An event that was kept, and that this one takes the place of: of the two only one ever takes effect. */
  readonly instead?: { readonly event_id: string; readonly body_hash: string };
  /** Why its sender may not send it. It only comes so far because it may be the repeat of one that he could send when he did. */
  readonly denied?: string;
  /** The one event that a parked actor takes while it stays parked. */
  readonly single?: boolean;
  readonly settle: (outcome: Outcome) => void;
};

/** A row that has been committed, with the envelopes before and after. */
export type Committed = {
  readonly row: JournalRow;
  readonly definition: Definition;
  readonly before: Envelope | undefined;
  readonly after: Envelope;
  readonly asked: Asked;
  /** The actor's lean row where this is its newest version of the batch. */
  readonly newest: ActorRow | undefined;
};

export type CommitListener = (rows: readonly Committed[]) => void;

/** The type of an event as the journal keeps it: its first member. */
export function eventTypeOf(event: string): string {
  return event.slice(9, event.indexOf('"', 9));
}

export function ownId(address: string, v: number, i: number): string {
  return `own:${address}@${v}#${i}`;
}

/** Parks an actor because PostgreSQL refuses what this event would write. */
export function toParking(delivery: Delivery, why: string): Delivery {
  return {
    ...delivery,
    event_id: `own:${delivery.address}#poison-${bodyHash(delivery.event_id).slice(0, 32)}`,
    happening: { kind: 'park', code: 'poison', detail: why.slice(0, 500) },
    event: JSON.stringify({ type: '@park', code: 'poison' }),
    settle: () => undefined,
  };
}

/** What the runtime itself sends to an actor: a timer, a result, another actor's tell. */
export type Own = {
  readonly event_id: string;
  readonly happening: Happening;
  readonly event: object;
  readonly causation: string;
} & Pick<Delivery, 'instead' | 'single'>;

/** The result of an effect, on its way to the actor that asked for it. */
export function toResultOwn(address: string, id: string, { v, i, src }: PendingEffect, result: Result): Own {
  const type = `xstate.${result.kind === 'done' ? 'done' : 'error'}.actor.${id}`;
  const event = result.kind === 'done' ? { type, src, output: result.output, v, i } : { type, src, error: result, v, i };
  // What caused it is in its id.
  return { event_id: ownId(address, v, i), happening: { kind: 'result', id, v, i, result }, event, causation: '' };
}

export function toOwnDelivery(
  address: string,
  definition: Definition,
  own: Own,
  caller: Caller,
  settle: (outcome: Outcome) => void,
): Delivery {
  return {
    address,
    partition: partitionOf(address),
    definition,
    event_id: own.event_id,
    happening: own.happening,
    event: JSON.stringify(own.event),
    caller,
    causation: own.causation,
    correlation: '',
    traceparent: '',
    repeat: false,
    fresh: false,
    outside: false,
    ...(own.instead === undefined ? {} : { instead: own.instead }),
    ...(own.single === undefined ? {} : { single: own.single }),
    settle,
  };
}
