import type { AnyMachineSnapshot } from 'xstate';
import type { Post } from '../machines/machine.ts';

/** What asked for a timer, an effect or a send: the version of the actor whose step did, and the position in that step. */
export type Origin = { readonly v: number; readonly i: number };

/** A timer that has not fired. `due` is in epoch milliseconds; `event` is what it sends when it fires. */
export type PendingTimer = Origin & { readonly due: number; readonly event: string };

/** An effect whose result has not come back. `started` is written where the provider does not honour keys. */
export type PendingEffect = Origin & { readonly src: string; readonly input: unknown; readonly started?: true };

/** Why an actor stands still. `by` is the operator who paused it. */
export type Parked = { readonly code: string; readonly detail: string; readonly at: number; readonly by?: string };

/** A state that somebody wants the actor to be in, as somebody else has to confirm it. Whatever happens to the actor ends it. */
export type Proposal = {
  /** The version of the row that proposed it. */
  readonly v: number;
  readonly state: string;
  readonly effects: 'refuse' | 'start';
  readonly by: string;
  readonly reason: string;
};

/** The tag that lists and views give to an actor that is parked, whatever its machine's states have. */
export const PARKED = 'parked';

/** All that must survive of an actor, live. The snapshot is XState's own; `toStored` and `toLive` go between it and text. */
export type Envelope = {
  readonly version: number;
  /** When the last event was taken; never runs backwards within an actor. Epoch milliseconds. */
  readonly at: number;
  readonly snapshot: AnyMachineSnapshot;
  readonly timers: Readonly<Record<string, PendingTimer>>;
  readonly effects: Readonly<Record<string, PendingEffect>>;
  readonly parked?: Parked;
  readonly proposed?: Proposal;
};

/** The envelope as text has it. */
export type StoredEnvelope = {
  readonly machine: string;
  readonly machine_version: number;
  readonly version: number;
  readonly at: number;
  readonly snapshot: {
    readonly status: 'active' | 'done' | 'error' | 'stopped';
    readonly value: unknown;
    readonly context: Record<string, unknown>;
    readonly historyValue?: unknown;
    readonly output?: unknown;
  };
  readonly timers: Readonly<Record<string, PendingTimer>>;
  readonly effects: Readonly<Record<string, PendingEffect>>;
  readonly parked?: Parked;
  readonly proposed?: Proposal;
};

export type Send = {
  readonly i: number;
  readonly to: string;
  readonly event: { readonly type: string; readonly [field: string]: unknown };
};
export type DomainEvent = { readonly i: number; readonly type: string; readonly data: Readonly<Record<string, unknown>> };

/** Legs that belong together and balance in each of their currencies and layers. What is not said is absent, as it was before it could be. */
export type Posting = Post & { readonly i: number };

/** What one step asked for, beside the timers and effects that the envelope holds. */
export type Asked = {
  readonly sends: readonly Send[];
  readonly events: readonly DomainEvent[];
  /** Absent where there is none, so that the text of all other rows, which their hashes cover, is what it always was. */
  readonly postings?: readonly Posting[];
};

/** `executing.authorized` for a nested value; one `region.state` entry for each parallel region. */
export function toStates(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => {
    const deeper = toStates(below);
    return deeper.length === 0 ? [key] : deeper.map((state) => `${key}.${state}`);
  });
}

/** The earliest moment at which a timer of this actor fires, in epoch milliseconds. */
export function earliestDue(timers: Readonly<Record<string, PendingTimer>>): number | undefined {
  let due: number | undefined;
  for (const id in timers) {
    const at = timers[id]?.due;
    if (at !== undefined && (due === undefined || at < due)) due = at;
  }
  return due;
}

/** What is waited for goes by its number: a migration can give it another name while it is under way. */
export function nameOf(pending: Readonly<Record<string, Origin>>, { v, i }: Origin): string | undefined {
  for (const name in pending) if (pending[name]?.v === v && pending[name].i === i) return name;
  return undefined;
}
