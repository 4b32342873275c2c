import { expect, test } from 'vitest';
import type { Committed } from '../../actors/delivery.ts';
import { must } from '../../machines/must.ts';
import { shelf } from '../../tests/support/shelf.ts';
import { SocketWorld } from '../../tests/support/socket-world.ts';
import { ActorTopic } from './actor-topic.ts';
import { Follower } from './follower.ts';
import { Outbox } from './outbox.ts';
import { rightsOf } from './rights.ts';

test('[SYNC-116] a version that was read and not heard of is told without naming somebody else as the one who made it', async () => {
  const world = new SocketWorld(1);
  await world.start();
  const { ports } = world;
  world.send('shelf/a', '@create', { client: 'acme', label: 'a', secret: 'b' });
  await ports.advance(200);
  const { envelope } = must(await world.run(world.truth('shelf/a')), 'a shelf');
  const topic = new ActorTopic({ address: 'shelf/a', definition: shelf, history: 'h', now: () => ports.clock.now() });
  const written: string[] = [];
  const outbox = new Outbox({ write: (frames) => void written.push(frames), queued: () => 0 }, ports);
  const rights = must(rightsOf(shelf, { kind: 'person', id: 'ann', roles: ['clerk'] }), 'rights');
  topic.meet(envelope);
  topic.join(rights, new Follower(1, outbox, () => undefined));
  outbox.pump();
  const version = (n: number) => ({ ...envelope, version: n });
  const taken = (n: number, by: string, type: string) =>
    ({ row: { event: JSON.stringify({ type }), caller: by, at: n }, after: version(n) }) as unknown as Committed;
  topic.take(taken(2, 'alice', 'WORK'));
  topic.flush();
  // Read, because somebody came who had seen it on another node; heard of before it was told, and only afterwards.
  topic.meet(version(3));
  topic.take(taken(3, 'bob', 'REST'));
  topic.flush();
  topic.meet(version(4));
  topic.flush();
  topic.take(taken(4, 'carl', 'REST'));
  topic.flush();
  await ports.settle();
  const causes = [...written.join().matchAll(/"version":(\d),"ops":.*?"cause":{"event":"(\w+)","by":"(\w+)"/g)].map(
    ([, n, event, by]) => `${n} ${event} ${by}`,
  );
  expect(causes).toEqual(['2 WORK alice', '3 REST bob', '4 changed hub']);
});
