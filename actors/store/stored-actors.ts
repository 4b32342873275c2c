import pg from 'pg';
import { toHistory } from './rows.ts';
import type { RawHistory } from './rows.ts';
import type { HistoryRow } from './store.ts';

/** An actor's newest row. */
export type StoredActorRow = { readonly address: string; readonly envelope: string; readonly machine_version: number };

const PAGE = 500;

/** All actors of a type as they are at one moment, from a transaction that can write nothing. */
export class StoredActors {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<StoredActors> {
    const client = new pg.Client({ connectionString: url, application_name: 'green-lines-rehearse' });
    await client.connect();
    await client.query('begin transaction isolation level repeatable read, read only');
    return new StoredActors(client);
  }

  async close(): Promise<void> {
    await this.#client.query('rollback').catch(() => undefined);
    await this.#client.end();
  }

  /** Page by page, in the order of their addresses. */
  async *of(type: string): AsyncGenerator<readonly StoredActorRow[]> {
    for (let after = `${type}/`; ;) {
      const { rows } = await this.#client.query<StoredActorRow>({
        name: 'stored',
        // `0` is the character behind the slash.
        text: `select a.address, j.envelope, j.machine_version from actor a
          join journal j on j.actor = a.address and j.version = a.version
          where a.address > $1 and a.address < $2 order by a.address limit $3`,
        values: [after, `${type}0`, PAGE],
      });
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = last.address;
    }
  }

  /** The whole history of an actor, from its creation; at most so many rows. */
  async history(address: string, limit: number): Promise<readonly HistoryRow[]> {
    const { rows } = await this.#client.query<RawHistory>({
      name: 'history',
      text: 'select * from journal where actor = $1 order by version limit $2',
      values: [address, limit],
    });
    return rows.map(toHistory);
  }
}
