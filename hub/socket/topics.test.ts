import { expect, test } from 'vitest';
import { SocketWorld } from '../../tests/support/socket-world.ts';
import { shelf } from '../../tests/support/shelf.ts';
import { rightsOf } from './rights.ts';
import { readTopic } from './topic.ts';
import { Topics } from './topics.ts';

const ask = (address: string) => ({ address, definition: shelf, person: 'clerk' });

test('[CHAOS-5] an actor that could not be read, but whose commit was heard of meanwhile, can be followed', async () => {
  const world = new SocketWorld(1);
  await world.start();
  const { runtime, store, ports } = world;
  const read = Promise.withResolvers<never>();
  const topics = new Topics({ runtime, store, ports, history: 'h1', read: () => read.promise });
  const asked = topics.actor(ask('shelf/a'));
  world.send('shelf/a', '@create', { client: 'acme', label: 'a', secret: 'b' });
  await ports.advance(200);
  read.reject(new Error('The database does not answer'));
  for (const held of [await asked, await topics.actor(ask('shelf/a'))]) {
    expect(held.topic?.head?.version).toBe(1);
    held.release();
  }
});

test('[CHAOS-5] one that nothing was heard of is read again by whoever asks next', async () => {
  const world = new SocketWorld(2);
  await world.start();
  const { runtime, store, ports } = world;
  let reads = 0;
  const read = async (): Promise<undefined> => {
    if (reads++ === 0) throw new Error('The database does not answer');
  };
  const topics = new Topics({ runtime, store, ports, history: 'h1', read });
  await expect(topics.actor(ask('shelf/b'))).rejects.toThrow('does not answer');
  expect((await topics.actor(ask('shelf/b'))).topic).toBeUndefined();
  expect(topics.figures().actors).toBe(1);
});

test('[CHAOS-8] whoever has seen a newer version on another node than this one has heard of is shown no older one', async () => {
  const world = new SocketWorld(3);
  await world.start();
  const { runtime, store, ports } = world;
  // Nothing of what the other node commits is heard.
  const deaf = { definitions: runtime.definitions, onChange: () => undefined, lanes: { tellAll: () => undefined } };
  const topics = new Topics({ runtime: deaf, store, ports, history: 'h1', read: (_, address) => world.truth(address) });
  world.send('shelf/c', '@create', { client: 'acme', label: 'a', secret: 'b' });
  await ports.advance(200);
  const before = await world.run(topics.actor(ask('shelf/c')));
  world.send('shelf/c', 'SET', { n: 1, list: [] });
  await ports.advance(200);
  expect(before.topic?.head?.version).toBe(1);
  const after = await world.run(topics.actor({ ...ask('shelf/c'), seen: 2 }));
  expect(after.topic?.head?.version).toBe(2);
});

test('[SYNC-101] when too many actors are followed by nobody, those are forgotten first that were left first', async () => {
  const world = new SocketWorld(4);
  await world.start();
  const { runtime, store, ports } = world;
  const topics = new Topics({ runtime, store, ports, history: 'h1', read: (_, address) => world.truth(address) });
  const others = Array.from({ length: 2_500 }, (_, n) => `shelf/x${n}`);
  for (const address of ['shelf/first', ...others]) world.send(address, '@create', { client: 'acme', label: 'a', secret: 'b' });
  await ports.advance(5_000);
  const held = await world.run(topics.actor(ask('shelf/first')));
  for (const { release } of await world.run(Promise.all(others.map((address) => topics.actor(ask(address)))))) release();
  await ports.advance(1_000);
  topics.sweep();
  // The first that was met is the last that was left.
  held.release();
  await ports.advance(1_000);
  topics.sweep();
  expect(topics.figures().actors).toBe(2_000);
  expect(topics.peek('shelf/first')).toBeDefined();
});

test('[SYNC-102] one person cannot take all the lists of a node', async () => {
  const world = new SocketWorld(5);
  await world.start();
  const { runtime, store, ports } = world;
  const topics = new Topics({ runtime, store, ports, history: 'h1', read: async () => undefined });
  const list = (n: number, id: string) => {
    const rights = rightsOf(shelf, { kind: 'person', id, roles: ['clerk'] });
    const topic = readTopic(`shelf?q=word${n}`);
    if (rights === undefined || topic.kind !== 'list') throw new Error('unreachable');
    return topics.list(topic.question, shelf, rights);
  };
  const some = Array.from({ length: 250 }, (_, n) => list(n, 'greedy'));
  await expect(list(250, 'greedy')).rejects.toThrow('at most 250 lists');
  some.push(list(251, 'other'), list(1, 'other'));
  for (const { release } of await world.run(Promise.all(some))) release();
  topics.sweep();
  await ports.advance(11_000);
  topics.sweep();
  (await world.run(list(252, 'greedy'))).release();
});
