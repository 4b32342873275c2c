import { expect, test } from 'vitest';
import { RuntimeStage } from '../tests/support/runtime-stage.ts';

const A = 'counter/a';

test('[SEARCH-1] what a node did not live to write down for search is looked for until it can be read, and then found', async () => {
  let gone = false;
  const stage = await new RuntimeStage({
    storeFaults: { onRead: (call) => (gone && call === 'unindexed' ? new Error('Connection terminated unexpectedly') : undefined) },
  }).start();
  await stage.send(A, '@create', {});
  await stage.crash();
  gone = true;
  await stage.start();
  await stage.ports.advance(3_000);
  expect(stage.database.textOf(A)).toBeUndefined();
  gone = false;
  await stage.ports.advance(6_000);
  expect(stage.database.textOf(A)).toContain('count 0');
});
