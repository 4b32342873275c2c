import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openPostgres } from '../../actors/store/postgres.ts';
import { readBalances } from '../../actors/store/postings.ts';
import type { PostingRow } from '../../actors/store/store.ts';
import { testDatabase } from '../support/postgres.ts';
import { operationsContract } from './operations.ts';
import { postingContract } from './postings.ts';
import type { PostingsUnderTest } from './postings.ts';
import { storeContract } from './store.ts';

const EMPTY = `truncate journal, actor, refusal, creation, dead_letter, type_pause, operation, posting, actor_text, node;
  update "partition" set owner = null, epoch = 0; update progress set epoch = 0, stream = '', cursor = 0, published = 0`;

async function open(): Promise<PostingsUnderTest> {
  const database = await testDatabase();
  const store = await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 2, release: '1' });
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  return {
    store,
    empty: async () => void (await admin.query(EMPTY)),
    elapse: (ms) => sleep(ms),
    postings: async () => {
      const { rows } = await admin.query<{ [Column in keyof PostingRow]: string | number | null }>('select * from posting');
      return rows.map(({ effective, ...row }) => {
        const counts = effective === null ? null : Number(effective);
        return { ...row, amount_minor: Number(row.amount_minor), at: Number(row.at), effective: counts } as unknown as PostingRow;
      });
    },
    balances: (accounts) => readBalances(store.database(), accounts),
    close: async () => {
      await admin.end();
      await store.close();
      await database.close();
    },
  };
}

storeContract('PostgreSQL', open);
operationsContract('PostgreSQL', open);
postingContract('PostgreSQL', open);
