import { expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { RuntimeStage } from '../tests/support/runtime-stage.ts';

const A = 'counter/a';

test('[CHAOS-4] a partition whose lease ran out while the outcome of its commit was unknown is taken over whole', async () => {
  let lose = false;
  const away = new Set<string>();
  const stage = await new RuntimeStage({
    storeFaults: {
      onCommit: () => {
        const mishap = lose ? 'lost_before' : 'none';
        lose = false;
        return mishap;
      },
      onRead: (call) => (away.has(call) ? new Error('The database does not answer') : undefined),
    },
  }).start();
  await stage.send(A, '@create');
  const answer = stage.runtime.command({
    address: A,
    type: 'ADD',
    payload: { by_n: 1 },
    caller: { kind: 'person', id: 'ann', roles: ['clerk'] },
  });
  lose = true;
  for (const call of ['look', 'renew', 'claim']) away.add(call);
  await stage.ports.advance(7_000);
  // The batch can claim its partition again before the node has looked whether it still has a lease.
  away.delete('renew');
  away.delete('claim');
  await stage.ports.advance(3_000);
  away.clear();
  await stage.hear(answer);
  await stage.ports.until(() => stage.runtime.trouble() === undefined, 20_000);
  await stage.send(A, 'ADD', { by_n: 1 });
  stage.server.publishFrom('greenlines.in.counter.a', '{"type":"ADD","by_n":1}', { 'Nats-Msg-Id': 'one' });
  await stage.ports.advance(3_000);
  const partition = partitionOf(A);
  const [progress] = await stage.hear(stage.store.progress([partition]));
  expect(progress).toMatchObject({ published: stage.runtime.lanes.headOf(partition)?.seq, cursor: 1 });
});
