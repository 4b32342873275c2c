import type { DeadLetterRow } from './store.ts';

/* What operators read and write beside the journal: dead letters, kinds of actors that are paused, and a list of what they did. */

/** How a dead letter ended: its event took effect, was refused, or shall never take effect. */
export type Resolution = 'applied' | 'rejected' | 'discarded';

export type Letter = DeadLetterRow & {
  /** The order in which letters were written; one actor's events came in this order. */
  readonly n: number;
  readonly resolution?: Resolution;
  readonly resolved_by?: string;
  readonly resolved_at?: number;
  /** Why, as the operator put it, and what the actor said. */
  readonly note?: string;
  /** How often an event that was put in its place has been refused. */
  readonly edits: number;
};

/** What letters have in common that wait for the same reason. */
export type CauseKey = { readonly type: string; readonly event: string; readonly reason: string; readonly detail: string };
export type Cause = CauseKey & { readonly count: number; readonly first_at: number; readonly last_at: number };

/** Where a page of operations ended. */
export type Place = { readonly at: number; readonly id: string };

export type LetterQuery = Partial<CauseKey> & {
  readonly actor?: string;
  /** Only those that are not resolved. */
  readonly open?: boolean;
  /** Oldest first; otherwise newest first. */
  readonly oldest?: boolean;
  /** Behind the letter with this number. */
  readonly after?: number;
  readonly limit: number;
};

export type Ending = {
  readonly resolution: Resolution;
  readonly by: string;
  readonly at: number;
  readonly note: string;
};

/** A kind of actors that stands still. */
export type TypePause = { readonly type: string; readonly by: string; readonly reason: string; readonly at: number };

/** What an operator did, or began to do: without an outcome nobody has written down what came of it. */
export type Operation = {
  readonly id: string;
  readonly at: number;
  readonly by: string;
  readonly action: string;
  /** An address, a type, or the id of a dead letter. */
  readonly target: string;
  readonly reason: string;
  readonly outcome?: string;
  readonly detail?: string;
};

/** An operation as it is listed. */
export type Listed = Operation & {
  /** Whose dead letter it was about; absent for all else, and where the letter is gone. */
  readonly actor?: string;
  /** Of a state that two people forced: who the other one is. */
  readonly other?: { readonly by: string; readonly at: number };
  /** A state that was proposed and that nothing has happened to since: somebody else may still confirm it. */
  readonly pending: boolean;
};

export type OperationQuery = {
  readonly target?: string;
  readonly by?: string;
  readonly action?: string;
  /** Only what waits for somebody else. */
  readonly pending?: boolean;
  readonly after?: Place;
  readonly limit: number;
};

export type Operations = {
  letters(query: LetterQuery): Promise<readonly Letter[]>;
  letter(id: string): Promise<Letter | undefined>;
  /** What the open letters wait for, the most frequent first. */
  causes(limit: number): Promise<readonly Cause[]>;
  /** Writes down how a letter ended. One that was applied stays so, whatever else is said of it; false where that is the case. */
  end(id: string, ending: Ending): Promise<boolean>;
  pauses(): Promise<readonly TypePause[]>;
  /** False where it is paused already. */
  pause(pause: TypePause): Promise<boolean>;
  /** False where it is not paused. */
  unpause(type: string): Promise<boolean>;
  /** Writes down what an operator begins to do; the one that is there already where the id has been used. */
  begin(operation: Operation): Promise<Operation | undefined>;
  conclude(id: string, outcome: string, detail: string): Promise<void>;
  /** Newest first. */
  log(query: OperationQuery): Promise<readonly Listed[]>;
};
