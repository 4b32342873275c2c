import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openPostgres } from '../../actors/store/postgres.ts';
import { testDatabase } from '../support/postgres.ts';
import { storeContract } from './store.ts';

const EMPTY = `truncate journal, actor, refusal, creation, dead_letter, actor_text, node;
  update "partition" set owner = null, epoch = 0; update progress set epoch = 0, stream = '', cursor = 0, published = 0`;

storeContract('PostgreSQL', async () => {
  const database = await testDatabase();
  const store = await openPostgres({ url: database.url, lease_ms: 5_000, lanes: 2, release: '1' });
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  return {
    store,
    empty: async () => void (await admin.query(EMPTY)),
    elapse: (ms) => sleep(ms),
    close: async () => {
      await admin.end();
      await store.close();
      await database.close();
    },
  };
});
