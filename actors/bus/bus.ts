/** What the runtime needs of a message bus: one implementation stands on NATS JetStream, one in memory for the simulation. */
export type Headers = Readonly<Record<string, string>>;

export type Incoming = {
  readonly subject: string;
  readonly headers: Headers;
  readonly data: Uint8Array;
  /** Position in the stream. */
  readonly seq: number;
  /** Epoch milliseconds when the stream took it. */
  readonly at: number;
};

/** A message that passed by. */
export type Heard = { readonly subject: string; readonly headers: Headers; readonly data: Uint8Array; readonly reply: string };

/**
 * What a stream is at the moment. `created` tells one stream from another of the same name; `fill` is how much of what the stream may hold is taken, from 0 to 1.
 * A full one takes nothing more.
 */
export type StreamState = { readonly created: string; readonly first: number; readonly last: number; readonly fill: number };

export type Bus = {
  /** Why nothing can be published; undefined when it can. */
  trouble(): string | undefined;
  onReconnect(listener: () => void): void;
  /** Fire and forget. */
  publish(subject: string, data: string, headers?: Headers): void;
  /** Resolves when the stream has it: then it also has what was published to it before on this connection. */
  publishAcked(subject: string, data: string, headers: Headers): Promise<void>;
  intakeState(): Promise<StreamState>;
  /** Takes everything before this number out of the intake stream. */
  dropIntake(before: number): Promise<void>;
  /** Reads the intake stream in order from a position on until the signal aborts; awaits `take` for each. */
  readIntake(from: number, signal: AbortSignal, take: (message: Incoming) => Promise<void> | void): Promise<void>;
  /** Messages as they pass by, with where their sender wants an answer; nothing is kept. */
  watchReplies(see: (subject: string, headers: Headers, data: Uint8Array, reply: string) => void): void;
  /** Messages as they pass by; nothing is kept. `reply` is where an answer is wanted, or empty. */
  listen(subject: string, hear: (message: Heard) => void): void;
  /** Asks whoever listens to the subject; rejects when nobody does or when there is no answer in time. */
  request(subject: string, data: string, headers: Headers, within_ms: number): Promise<Uint8Array>;
  flush(): Promise<void>;
  close(): Promise<void>;
};
