import pg from 'pg';

/*
 * PostgreSQL's replication protocol (its manual: "Streaming Replication Protocol"): a base backup and the write-ahead log over
 * an ordinary connection, so that neither files of the server nor its programs are needed. It needs a user with the right
 * REPLICATION.
 */

/** A place in the write-ahead log. */
export type Lsn = bigint;

export function readLsn(text: string): Lsn {
  const [high = '', low = ''] = text.split('/');
  if (!/^[0-9A-Fa-f]{1,8}$/.test(high) || !/^[0-9A-Fa-f]{1,8}$/.test(low)) throw new Error(`${text} is no place in a write-ahead log`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function toLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}

type Rows = readonly (readonly (string | null)[])[];

/** What PostgreSQL sent: bytes of the log, or where the log ends now. */
export type WalNews = { readonly at: Lsn; readonly bytes: Buffer } | { readonly end: Lsn; readonly wantsReply: boolean };

/** What may wait in memory before the socket is held back, so that a slow disk here does not fill the memory. */
const MOST_WAITING = 8 * 1024 * 1024;
/** Pieces of the log have at most 128 KB each. */
const MOST_AT_ONCE = 64;
const CONNECT_MS = 10_000;

export type StreamOptions = {
  readonly slot: string;
  readonly from: Lsn;
  readonly timeline: number;
  readonly signal: AbortSignal;
  readonly take: (news: readonly WalNews[]) => Promise<void>;
};

/** Microseconds of PostgreSQL count from 2000-01-01. */
const POSTGRES_EPOCH = Date.UTC(2000, 0, 1);

/** The part of pg's connection that its types leave out. */
type Wire = {
  sendCopyFromChunk(chunk: Buffer): void;
};

/** One connection that speaks the replication protocol. One command at a time. */
export class Replication {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string, name: string): Promise<Replication> {
    const config = {
      connectionString: url,
      application_name: name,
      replication: 'true',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      types: { getTypeParser: () => (text: string) => text },
    };
    const client = new pg.Client(config as pg.ClientConfig);
    client.on('error', () => undefined); // whatever is under way is told
    await client.connect();
    return new Replication(client);
  }

  /** One command and the rows of its answer, as text. */
  async ask(text: string): Promise<Rows> {
    const { rows } = await this.#client.query({ text, rowMode: 'array' } as pg.QueryArrayConfig);
    return rows as (string | null)[][];
  }

  /** A command that answers with data; `take` gets it piece by piece, each after the one before was taken. */
  async copy(text: string, take: (piece: Buffer) => Promise<void>): Promise<readonly Rows[]> {
    const copying = new Copying(text, async (pieces) => {
      for (const piece of pieces) await take(piece);
    });
    this.#client.query(copying);
    return copying.done;
  }

  /**
   * The log from a place on, until `signal` aborts (then it resolves) or the connection ends (then it rejects). It resolves also
   * when the server says that this timeline ends. `take` gets everything that came since it was last done, so that one write and
   * one flush serve for all of it however slow they are.
   */
  async stream(options: StreamOptions): Promise<void> {
    const { slot, from, timeline, signal, take } = options;
    const text = `START_REPLICATION SLOT ${slot} PHYSICAL ${toLsn(from)} TIMELINE ${timeline}`;
    const copying = new Copying(text, (pieces) => take(pieces.map(toNews)));
    const stop = (): void => void this.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      this.#client.query(copying);
      await copying.done;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Whatever ends before this place is on disk here; `at` is the time in epoch milliseconds. */
  confirm(flushed: Lsn, at: number): void {
    const status = Buffer.alloc(34);
    status.write('r', 0, 'latin1');
    for (const offset of [1, 9, 17]) status.writeBigUInt64BE(flushed, offset);
    status.writeBigInt64BE(BigInt(at - POSTGRES_EPOCH) * 1000n, 25);
    this.#wire.sendCopyFromChunk(status);
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  get #wire(): Wire {
    return this.#client.connection as unknown as Wire;
  }
}

/** One message of the log (its manual: XLogData, Primary keepalive message). */
function toNews(piece: Buffer): WalNews {
  const kind = piece.toString('latin1', 0, 1);
  if (kind === 'w') return { at: piece.readBigUInt64BE(1), bytes: piece.subarray(25) };
  if (kind === 'k') return { end: piece.readBigUInt64BE(1), wantsReply: piece[17] === 1 };
  throw new Error(`PostgreSQL sent a message of an unknown kind: ${kind}`);
}

type Consumer = (pieces: readonly Buffer[]) => Promise<void>;

/** A command whose answer is copied out. It has the methods that pg calls of whatever is under way. */
class Copying {
  readonly done: Promise<readonly Rows[]>;
  readonly #text: string;
  readonly #consumer: Consumer;
  readonly #results: (string | null)[][][] = [];
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #working: Promise<void> | undefined;
  #connection: pg.Connection | undefined;
  #failure: Error | undefined;
  #settle: { resolve: (rows: readonly Rows[]) => void; reject: (error: Error) => void };

  constructor(text: string, consumer: Consumer) {
    this.#text = text;
    this.#consumer = consumer;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Rows[]>();
    this.done = promise;
    this.#settle = { resolve, reject };
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleRowDescription(): void {
    this.#results.push([]);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#results.at(-1)?.push(fields);
  }

  handleCommandComplete(): void {}

  handleEmptyQuery(): void {}

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.#failure !== undefined) return;
    // The parser uses its memory again for what comes next.
    this.#waiting.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_WAITING) this.#connection?.stream.pause();
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  handleError(error: Error): void {
    this.#failure ??= error;
    this.#finish();
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  async #work(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        await this.#consumer(this.#waiting.splice(0, MOST_AT_ONCE));
        this.#bytes = this.#waiting.reduce((sum, { length }) => sum + length, 0);
        if (this.#bytes <= MOST_WAITING / 2) this.#connection?.stream.resume();
      }
    } catch (error) {
      // Nothing more is taken; the connection is of no use to anybody.
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
      this.#waiting.length = 0;
      this.#connection?.stream.destroy();
    }
  }

  #finish(): void {
    void (this.#working ?? Promise.resolve()).then(() => {
      if (this.#failure === undefined) this.#settle.resolve(this.#results);
      else this.#settle.reject(this.#failure);
    });
  }
}
