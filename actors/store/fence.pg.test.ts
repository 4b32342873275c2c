import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { partitionOf } from '../../machines/ids.ts';
import { actorRow, journalRow, postingRow, refusalRow } from '../../tests/contract/rows.ts';
import { testDatabase } from '../../tests/support/postgres.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { openPostgres } from './postgres.ts';
import { commitStatement } from './statements.ts';
import type { Statement } from './statements.ts';
import type { Batch } from './store.ts';

/*
 * What keeps two nodes from writing for one actor is one statement. It is tried here beside statements that look just as good,
 * with two connections, so that whoever simplifies it sees what breaks.
 */

const A = 'payment/a';
const B = 'payment/b';
const PART_A = partitionOf(A);
const PART_B = partitionOf(B);

let database: TestDatabase;
let owner: pg.Client;
let claimer: pg.Client;

beforeAll(async () => {
  database = await testDatabase();
  await (await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 1, release: '1' })).close();
  owner = new pg.Client({ connectionString: database.url });
  claimer = new pg.Client({ connectionString: database.url });
  await Promise.all([owner.connect(), claimer.connect()]);
});
beforeEach(async () => {
  await owner.query('rollback');
  await claimer.query('rollback');
  await owner.query('truncate journal, actor, refusal, creation, dead_letter, posting; update partition set epoch = 1');
});
afterAll(async () => {
  await Promise.all([owner.end(), claimer.end()]);
  await database.close();
});

const batch: Batch = {
  partitions: [...new Set([PART_A, PART_B])].sort((a, b) => a - b).map((id) => ({ id, epoch: 1 })),
  journal: [journalRow({ actor: A, version: 1 }), journalRow({ actor: B, version: 1 })],
  actors: [actorRow({ address: A }), actorRow({ address: B })],
  refusals: [refusalRow({ actor: A, event_id: 'caller:ann:no' })],
  creations: [{ caller: 'ann', key: 'k', body_hash: 'h', actor: A }],
  dead: [{ id: 'd', actor: A, event_id: 'e', event: '{}', caller: 'ann', reason: 'parked', detail: '', at: 1 }],
  postings: [postingRow({ actor: A, version: 1 }), postingRow({ actor: A, version: 1, leg: 1, amount_minor: -100 })],
};
const TABLES = ['journal', 'actor', 'refusal', 'creation', 'dead_letter', 'posting'];

/** The real statement, changed; not prepared, since its text is another each time. */
function variant(change?: (text: string) => string): Pick<Statement, 'text' | 'values'> {
  const { text, values } = commitStatement(batch);
  const changed = change === undefined ? text : change(text);
  if (change !== undefined && changed === text) throw new Error('The change did not find its place: the statement looks different now');
  return { text: changed, values };
}

const EXISTS_INSTEAD_OF_COUNT = (text: string): string =>
  text.replace(
    'where held = cardinality($1::int[])',
    'where exists (select from "partition" p where p.id = any($1::int[]) and p.epoch = ($2::bigint[])[array_position($1::int[], p.id)])',
  );
const UNLOCKED = (text: string): string => text.replace(/\s+order by p\.id for share/, '');

async function written(): Promise<string[]> {
  const filled: string[] = [];
  for (const table of TABLES) if (((await owner.query(`select 1 from "${table}"`)).rowCount ?? 0) > 0) filled.push(table);
  return filled;
}

const CLAIM = 'update partition set epoch = epoch + 1 where id = $1';

/** Whether the claim waits for what the owner has under way. */
async function claimWaits(claim: Promise<unknown>): Promise<boolean> {
  const first = await Promise.race([claim.then(() => 'went through'), sleep(150).then(() => 'waits')]);
  return first === 'waits';
}

/**
 * The owner's statement is under way while somebody else claims the partition and then reads where its journal ends. True when
 * a row of the lost epoch is in the journal that the new owner does not know of: the two go on from different states.
 */
async function slipsPastTheClaim(statement: Pick<Statement, 'text' | 'values'>): Promise<{ waited: boolean; forked: boolean }> {
  await owner.query('begin');
  await owner.query(statement);
  const claim = claimer.query(CLAIM, [PART_A]);
  const waited = await claimWaits(claim);
  if (waited) await owner.query('commit');
  await claim;
  const seen = (await claimer.query('select max(seq)::int as seq from journal where partition = $1', [PART_A])).rows[0] as {
    seq: number | null;
  };
  if (!waited) await owner.query('commit');
  const real = (await claimer.query('select max(seq)::int as seq from journal where partition = $1', [PART_A])).rows[0] as {
    seq: number | null;
  };
  return { waited, forked: seen.seq !== real.seq };
}

describe('the statement that commits', () => {
  test('[STORE-27] a claim waits for a commit under way and then sees its rows', async () => {
    expect(await slipsPastTheClaim(variant())).toEqual({ waited: true, forked: false });
    expect(await written()).toEqual(TABLES);
  });

  test('[STORE-28] a commit waits for a claim under way and then writes nothing to any table', async () => {
    await claimer.query('begin');
    await claimer.query(CLAIM, [PART_A]);
    const commit = owner.query<{ held: number; j: number; a: number }>(variant());
    expect(await claimWaits(commit)).toBe(true);
    await claimer.query('commit');
    const { rows } = await commit;
    expect(rows[0]).toMatchObject({ held: batch.partitions.length - 1, j: 0, a: 0 });
    expect(await written()).toEqual([]);
  });

  test('[STORE-29] a claim that is taken back lets the commit through', async () => {
    await claimer.query('begin');
    await claimer.query(CLAIM, [PART_A]);
    const commit = owner.query(variant());
    expect(await claimWaits(commit)).toBe(true);
    await claimer.query('rollback');
    await commit;
    expect(await written()).toEqual(TABLES);
  });

  test('[STORE-30] of two nodes that both believe to own a partition, exactly one ever writes', async () => {
    await claimer.query(CLAIM, [PART_A]);
    expect((await owner.query<{ j: number }>(variant())).rows[0]?.j).toBe(0);
    const mine = { ...batch, partitions: batch.partitions.map(({ id, epoch }) => ({ id, epoch: id === PART_A ? epoch + 1 : epoch })) };
    const { text, values } = commitStatement(mine);
    expect((await claimer.query<{ j: number }>({ text, values })).rows[0]?.j).toBe(2);
  });
});

describe('statements that look just as good', () => {
  test('[STORE-31] without the lock a claim does not wait, and a row of the lost epoch gets in behind its back', async () => {
    expect(await slipsPastTheClaim(variant(UNLOCKED))).toEqual({ waited: false, forked: true });
  });

  test('[STORE-32] with EXISTS instead of the count one owned partition lets in the rows of a lost one', async () => {
    await claimer.query(CLAIM, [PART_A]);
    await owner.query(variant(EXISTS_INSTEAD_OF_COUNT));
    expect((await owner.query('select 1 from journal where partition = $1', [PART_A])).rowCount).toBe(1);
  });

  test.each([
    ['journal', 'j'],
    ['actor', 'a'],
    ['refusal', 'f'],
    ['creation', 'c'],
    ['dead_letter', 'd'],
    ['posting', 'p'],
  ])('[STORE-33] an insert into %s that does not select from the fence writes for an epoch that is over', async (table, cte) => {
    await claimer.query(CLAIM, [PART_A]);
    const place = new RegExp(`(, ${cte} as \\(insert into "${table}" [^]*?)from ok cross join `);
    const broken = variant((text) => text.replace(place, '$1from '));
    await owner.query(broken);
    expect(await written()).toEqual([table]);
    await owner.query(`truncate "${table}"`);
    await owner.query(variant());
    expect(await written()).toEqual([]);
  });

  test('[STORE-34] a claim under REPEATABLE READ, or one that reads heads in the statement that claims, misses the commit it waited for', async () => {
    const heads = 'select max(seq)::int as seq from journal where partition = $1';
    await owner.query('begin');
    await owner.query(variant());
    await claimer.query('begin isolation level repeatable read');
    await claimer.query('select 1 from partition');
    const claim = claimer.query(CLAIM, [PART_A]);
    expect(await claimWaits(claim)).toBe(true);
    await owner.query('commit');
    await claim;
    expect((await claimer.query(heads, [PART_A])).rows).toEqual([{ seq: null }]);
    await claimer.query('commit');
    expect((await claimer.query(heads, [PART_A])).rows).toEqual([{ seq: 1 }]);

    await owner.query('truncate journal, actor, refusal, creation, dead_letter, posting; update partition set epoch = 1');
    await owner.query('begin');
    await owner.query(variant());
    const atOnce = claimer.query(`with claimed as (${CLAIM} returning id) select (${heads}) as seq from claimed`, [PART_A]);
    expect(await claimWaits(atOnce)).toBe(true);
    await owner.query('commit');
    expect((await atOnce).rows).toEqual([{ seq: null }]);
  });
});
