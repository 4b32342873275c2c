import pg from 'pg';
import type { Statement } from './statements.ts';
import { CommitFault } from './store.ts';

/** A statement that counts nothing writes a row and its actor, or nothing, since its fence held nothing. */
const ONE: Written = { held: 1, j: 1, a: 1 };
const NOTHING: Written = { held: 0, j: 0, a: 0 };

/** The counts that the commit statement returns; `p` where it had postings to write. */
export type Written = { readonly held: number; readonly j: number; readonly a: number; readonly p?: number };

/**
 * The connection that one lane commits on. It tells apart what was certainly not written from what nobody can know: an error
 * that PostgreSQL answered is the first, a connection that died with the statement under way is the second.
 */
export class Lane {
  readonly #config: pg.ClientConfig;
  readonly #limit_ms: number;
  #client: pg.Client | undefined;

  constructor(config: pg.ClientConfig, limit_ms: number) {
    this.#config = { ...config, connectionTimeoutMillis: limit_ms, query_timeout: limit_ms };
    this.#limit_ms = limit_ms;
  }

  async connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const client = new pg.Client(this.#config);
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    try {
      await client.connect();
    } catch (error) {
      client.end().catch(() => undefined);
      throw new CommitFault('retry', `No connection to PostgreSQL: ${messageOf(error)}`);
    }
    this.#client = client;
    return client;
  }

  async write(statement: Statement): Promise<Written> {
    const client = await this.connect();
    try {
      const { rows, rowCount } = await client.query<Written>(statement);
      return rows[0] ?? (rowCount === 1 ? ONE : NOTHING);
    } catch (error) {
      throw this.#read(error, client);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  #read(error: unknown, client: pg.Client): CommitFault {
    const message = messageOf(error);
    const state = typeof error === 'object' && error !== null && 'code' in error && 'severity' in error ? String(error.code) : undefined;
    if (state === undefined) {
      this.#drop(client);
      return new CommitFault('unknown', `The connection was lost while committing: ${message} (limit ${this.#limit_ms} ms)`);
    }
    if (state === '23505') return new CommitFault('repeat', message);
    // 54: a value is too large for an index or a row.
    if (state.startsWith('22') || state.startsWith('54') || state === '23514' || state === '23502')
      return new CommitFault('poison', message);
    // A server that is told to stop can have committed before it says so: only the connection's end is certain.
    if (state.startsWith('57P') || state.startsWith('08')) {
      this.#drop(client);
      return new CommitFault('unknown', message);
    }
    return new CommitFault('retry', `${state} ${message}`);
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    client.end().catch(() => undefined);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
