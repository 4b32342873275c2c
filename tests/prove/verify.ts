import pg from 'pg';
import { verifyJournal } from '../../actors/journal/verify.ts';
import type { Verified } from '../../actors/journal/verify.ts';
import { retain } from '../../actors/journal/retention.ts';
import type { SignedHead } from '../../actors/signed-heads.ts';
import { JournalReader } from '../../actors/store/audit.ts';
import { sceneDefinitions, writeScene } from '../support/journal-scene.ts';
import { testDatabase } from '../support/postgres.ts';
import { seeded } from '../support/storm.ts';
import { Tamper, loosen } from '../support/tamper.ts';
import type { Change } from '../support/tamper.ts';
import type { Proof } from './prove.ts';

/** After so many changes one walk over the journal as it is, which must find nothing. */
const CONTROL = 25;

/**
 * So many random changes of journal, actor rows, ledger and archive in a real PostgreSQL, one at a time, and after each the whole
 * of verify, which is told nothing but the heads that were signed outside.
 */
export async function verify(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const changes = Number(args[0] ?? 10_000);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const database = await testDatabase();
  const client = new pg.Client({ connectionString: database.url });
  try {
    const journal = await writeStage(database.url);
    await client.connect();
    await loosen(client);
    const heads = await readHeads(client);
    const tamper = await Tamper.open(client, seeded(seed));
    const run = (): Promise<Verified> => verifyJournal({ reader: JournalReader.within(client), definitions: sceneDefinitions, heads });
    const tally = new Tally();
    for (let n = 0; n < changes; n++) {
      await client.query('begin');
      const change = await tamper.change();
      tally.add(change, await run());
      await client.query('rollback');
      if (n % CONTROL === 0) tally.control(await run());
      if ((n + 1) % 1_000 === 0)
        tell(`${n + 1} changes: ${tally.found} found, ${tally.missed.length} missed, ${tally.alarms} false alarms`);
    }
    for (const missed of tally.missed.slice(0, 20)) tell(`missed: ${JSON.stringify(missed)}`);
    const held = tally.found === changes && tally.alarms === 0;
    return { held, seed, figures: { changes, ...tally.figures(), journal } };
  } finally {
    await client.end();
    await database.close();
  }
}

/** About 300 rows of 24 actors; of the earlier half of those at rest the contents are in the archive. */
async function writeStage(url: string): Promise<Record<string, number>> {
  const { store, now } = await writeScene(url, { actors: 24, rounds: 16 });
  const query = async (text: string): Promise<Record<string, number>[]> =>
    (await store.database().query(text.slice(0, 20), text, [])) as Record<string, number>[];
  await query('update progress p set published = (select coalesce(max(seq), 0) from journal j where j.partition = p.partition)');
  const [middle] = await query(
    'select percentile_disc(0.5) within group (order by updated_at)::float as at from actor where pending = 0 and due_at is null',
  );
  await retain({ url, before: middle?.at ?? now, dry: false });
  const [counts] = await query(`select (select count(*)::int from journal) as rows, (select count(*)::int from actor) as actors,
    (select count(*)::int from posting) as legs, (select count(*)::int from journal_archive) as bundles,
    (select count(*)::int from journal where envelope_hash is not null) as archived`);
  await store.close();
  return counts ?? {};
}

async function readHeads(client: pg.Client): Promise<ReadonlyMap<number, readonly SignedHead[]>> {
  const { rows } = await client.query<SignedHead>(
    'select distinct on (partition) partition, seq::int, hash from journal order by partition, seq desc',
  );
  return new Map(rows.map((head) => [head.partition, [head]]));
}

class Tally {
  found = 0;
  alarms = 0;
  controls = 0;
  readonly missed: Change[] = [];
  readonly #kinds = new Map<string, { changes: number; found: number; named: number }>();

  add(change: Change, { count, findings }: Verified): void {
    const kind = `${change.table}: ${change.kind.replace(/^(another|one more) /, '')}`;
    const tally = this.#kinds.get(kind) ?? { changes: 0, found: 0, named: 0 };
    this.#kinds.set(kind, tally);
    tally.changes++;
    if (count === 0) return void this.missed.push(change);
    this.found++;
    tally.found++;
    if (findings.some(({ actor }) => actor !== undefined && change.actors.includes(actor))) tally.named++;
  }

  control({ count }: Verified): void {
    this.controls++;
    if (count > 0) this.alarms++;
  }

  /** `named`: how many findings name one of the actors that were touched. */
  figures(): Record<string, unknown> {
    const { found, alarms, controls } = this;
    return { found, missed: this.missed.length, controls, false_alarms: alarms, kinds: Object.fromEntries([...this.#kinds].toSorted()) };
  }
}
