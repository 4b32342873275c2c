import type { Caller } from '../../actors/caller.ts';

/** Who a token stands for, and until when. */
export type Session = {
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Raised whenever the person's rights change; tokens of an older one are refused. */
  readonly generation: number;
};

/** What the sockets need of the people; hub/auth has all of it. */
export type People = {
  /** Throws the faults `unauthenticated` and `token_expired`. */
  verify(token: string): Promise<Session>;
  /** Calls when somebody's rights may have changed. */
  onChange(listener: (username: string) => void): () => void;
};
