import pg from 'pg';
import type { Database } from '../integrations/integration.ts';

const LONGEST_MS = 30_000;

/**
 * Connections for what goes through whole tables. Its statements are planned freely, in parallel where that is quicker, which the hub's
 * own may not be; and they never stand in front of those, for there are two connections at most and they are theirs alone.
 */
export class Reports implements Database {
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      // A plan for any moment whatever takes few rows for granted, and goes through two million one after the other.
      options: `-c jit=off -c plan_cache_mode=force_custom_plan -c statement_timeout=${LONGEST_MS}`,
      application_name: 'green-lines-reports',
      connectionTimeoutMillis: LONGEST_MS,
      query_timeout: LONGEST_MS + 500,
      max: 2,
      idleTimeoutMillis: 10_000,
    });
    this.#pool.on('error', () => undefined); // an idle connection died; the next query opens another
  }

  async query(name: string, text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return (await this.#pool.query<Record<string, unknown>>({ name, text, values: [...values] })).rows;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
