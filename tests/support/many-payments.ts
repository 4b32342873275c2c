import type { TestHub } from './hub.ts';

/**
 * Copies one payment so many times over, straight into the tables: what a list shows of them is what it would show of real ones,
 * and 100,000 are there within seconds. Their journals have one row each, and their chains do not verify.
 */
export async function copyPayment(hub: TestHub, address: string, count: number): Promise<void> {
  const database = hub.hub.store.database();
  const [id] = address.split('/').slice(1);
  for (let from = 1; from <= count; from += PIECE) {
    const range = [address, from, Math.min(count, from + PIECE - 1)];
    await database.query('many_journal', journalText(String(id)), range);
    await database.query('many_actors', actorText(String(id)), range);
  }
  await database.query('many_analyze', 'analyze actor, journal', []);
}

/** What PostgreSQL writes well within the time that the hub's statements have. */
const PIECE = 5_000;

const renamed = (id: string, column: string): string => `replace(${column}, '${id}', 'many_' || n)`;

function journalText(id: string): string {
  return `insert into journal (actor, version, partition, seq, event_id, event, body_hash, caller, at, machine_version, envelope, hash)
    select ${renamed(id, 'actor')}, 1, partition, 1000000 + n, event_id || n, event, body_hash, caller, at - n * 1000, machine_version,
      regexp_replace(${renamed(id, 'envelope')}, '"version":[0-9]+', '"version":1'), hash
    from generate_series($2::int, $3::int) n, (select * from journal where actor = $1 order by version desc limit 1) j`;
}

function actorText(id: string): string {
  return `insert into actor (address, partition, type, version, state, tags, pending, parked, title, summary, client, created_at, updated_at)
    select ${renamed(id, 'address')}, partition, type, 1, state, tags, 0, false, title || ' ' || n, summary, client,
      created_at - n * 1000, updated_at - n * 1000 from generate_series($2::int, $3::int) n, actor where address = $1`;
}
