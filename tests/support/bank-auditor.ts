import type pg from 'pg';
import { PARTITIONS } from '../../machines/ids.ts';
import { chainHash } from '../../actors/chain.ts';
import { toHistory } from '../../actors/store/rows.ts';
import type { RawHistory } from '../../actors/store/rows.ts';
import type { HistoryRow } from '../../actors/store/store.ts';
import { BankAudit } from './bank-audit.ts';
import type { AuditedLeg } from './bank-audit.ts';
import { IN_TRANSIT } from './bank-machine.ts';

const PAGE = 5_000;
const AT_ONE_MOMENT = 'begin isolation level repeatable read read only';
const ACCOUNTS = ['purse/left', 'purse/right'] as const;

type RawLeg = { [Column in keyof AuditedLeg]: string | number } & { readonly actor: string; readonly version: number };

/** Reads the bank's books past all proxies, at one moment of the database each time. */
export class BankAuditor {
  /** Snapshots that were read whole and judged. */
  snapshots = 0;
  /** Snapshots that PostgreSQL's restarts cut short. */
  interrupted = 0;
  /** In how many of them money was under way. */
  under_way = 0;
  readonly faults = new Set<string>();
  readonly #pool: pg.Pool;
  readonly #audit = new BankAudit();
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Takes one snapshot after the other until it is stopped. */
  start(pause_ms: number): void {
    this.#running = this.#sample(pause_ms);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #sample(pause_ms: number): Promise<void> {
    let client: pg.PoolClient | undefined;
    while (!this.#stopped) {
      try {
        client ??= await lend(this.#pool);
        await this.#snapshot(client);
      } catch {
        // PostgreSQL is restarting; the next snapshot has what this one lacks.
        client?.release(true);
        client = undefined;
        this.interrupted++;
      }
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
    }
    client?.release(true);
  }

  async #snapshot(client: pg.PoolClient): Promise<void> {
    await client.query(AT_ONE_MOMENT);
    const sums = await client.query<{ currency: string; sum: string }>('select currency, sum(amount_minor) from posting group by currency');
    const transit = await client.query<{ sum: string }>('select coalesce(sum(amount_minor), 0) as sum from posting where account = $1', [
      IN_TRANSIT,
    ]);
    const heads = await client.query<{ address: string; version: number; envelope: string }>(
      'select a.address, a.version, j.envelope from actor a join journal j on j.actor = a.address and j.version = a.version where a.address = any($1)',
      [ACCOUNTS],
    );
    for (const actor of ACCOUNTS) await this.#readActor(client, actor);
    await client.query('commit');
    for (const { currency, sum } of sums.rows) if (sum !== '0') this.faults.add(`the ledger has ${sum} ${currency} too much`);
    if (Number(transit.rows[0]?.sum) !== this.#audit.in_transit)
      this.faults.add(`by the ledger ${transit.rows[0]?.sum} is in transit, by the events ${this.#audit.in_transit}`);
    for (const { address, version } of heads.rows) {
      const read = this.#audit.versionOf(address);
      if (read !== version) this.faults.add(`${address} is at version ${version} and its journal ends at ${read}`);
    }
    for (const fault of [...this.#audit.faults, ...this.#audit.atOnce()]) this.faults.add(fault);
    this.snapshots++;
    if (this.#audit.in_transit > 0) this.under_way++;
  }

  async #readActor(client: pg.PoolClient, actor: string): Promise<void> {
    for (;;) {
      const after = this.#audit.versionOf(actor);
      const { rows } = await client.query<RawHistory>('select * from journal where actor = $1 and version > $2 order by version limit $3', [
        actor,
        after,
        PAGE,
      ]);
      const legs = await readLegs(client, 'actor = $1 and version > $2 and version <= $3', [actor, after, after + PAGE]);
      for (const row of rows.map(toHistory)) this.#audit.take({ ...row, legs: legs.get(`${row.actor}@${row.version}`) ?? [] });
      if (rows.length < PAGE) return;
    }
  }
}

export type Walk = { readonly audit: BankAudit; readonly rows: number; readonly broken_links: number; readonly legs: number };

/** All books from the first row on, partition by partition as they were committed, with the chain that holds them together. */
export async function walkBooks(pool: pg.Pool): Promise<Walk> {
  const client = await lend(pool);
  const audit = new BankAudit();
  const counts = { rows: 0, broken_links: 0, legs: 0 };
  try {
    await client.query(AT_ONE_MOMENT);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      let last: Pick<HistoryRow, 'seq' | 'hash'> = { seq: 0, hash: '' };
      for (let full = true; full;) {
        const { rows } = await client.query<RawHistory>('select * from journal where partition = $1 and seq > $2 order by seq limit $3', [
          partition,
          last.seq,
          PAGE,
        ]);
        const page = rows.map(toHistory);
        const [actors, versions] = [page.map(({ actor }) => actor), page.map(({ version }) => version)];
        const legs = await readLegs(client, '(actor, version) in (select * from unnest($1::text[], $2::int[]))', [actors, versions]);
        for (const row of page) {
          counts.rows++;
          if (row.seq !== last.seq + 1 || row.hash !== chainHash(last.hash, row)) counts.broken_links++;
          const mine = legs.get(`${row.actor}@${row.version}`) ?? [];
          counts.legs += mine.length;
          audit.take({ ...row, legs: mine });
          last = row;
        }
        full = page.length === PAGE;
      }
    }
    const { rows } = await client.query<{ n: string }>('select count(*) as n from posting');
    if (Number(rows[0]?.n) !== counts.legs) audit.faults.push(`the ledger has ${rows[0]?.n} legs, of which rows name ${counts.legs}`);
    await client.query('commit');
  } finally {
    client.release(true);
  }
  return { audit, ...counts };
}

async function lend(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await pool.connect();
  // A connection that dies shows in the query that runs on it.
  client.on('error', () => undefined);
  return client;
}

async function readLegs(client: pg.PoolClient, where: string, values: unknown[]): Promise<Map<string, AuditedLeg[]>> {
  const { rows } = await client.query<RawLeg>(
    `select actor, version, i, leg, account, currency, amount_minor from posting where ${where} order by actor, version, i, leg`,
    values,
  );
  return Map.groupBy(
    rows.map((row) => ({ ...row, amount_minor: Number(row.amount_minor) }) as AuditedLeg & { actor: string; version: number }),
    ({ actor, version }) => `${actor}@${version}`,
  );
}
