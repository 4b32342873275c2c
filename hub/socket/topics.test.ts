import { expect, test } from 'vitest';
import { SocketWorld } from '../../tests/support/socket-world.ts';
import { shelf } from '../../tests/support/shelf.ts';
import type { Committed } from '../../actors/delivery.ts';
import type { Envelope } from '../../actors/envelope.ts';
import type { Interest } from '../../actors/changes.ts';
import { Follower } from './follower.ts';
import { Outbox } from './outbox.ts';
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

test('[SYNC-113] actors that change in one turn are told of in one message, and one that changes alone at once', async () => {
  const world = new SocketWorld(6);
  await world.start();
  const { store, ports } = world;
  let tell: Interest['hear'] = () => undefined;
  const onChange = ({ hear }: Interest): void => void (tell = hear);
  const runtime = { definitions: world.runtime.definitions, onChange, lanes: { tellAll: () => undefined } };
  const topics = new Topics({ runtime, store, ports, history: 'h1', read: (_, address) => world.truth(address) });
  const line = { written: [] as string[], write: (frames: string) => void line.written.push(frames), queued: () => 0 };
  const outbox = new Outbox(line, ports);
  const rights = rightsOf(shelf, { kind: 'person', id: 'clerk', roles: ['clerk'] });
  if (rights === undefined) throw new Error('unreachable');
  const addresses = ['shelf/a', 'shelf/b'];
  for (const address of addresses) world.send(address, '@create', { client: 'acme', label: 'a', secret: 'b' });
  await ports.advance(200);
  const heads = new Map<string, Envelope>();
  for (const [index, address] of addresses.entries()) {
    const { topic } = await world.run(topics.actor(ask(address)));
    topic?.join(rights, new Follower(index + 1, outbox, () => undefined));
    if (topic?.head !== undefined) heads.set(address, topic.head);
  }
  outbox.pump();
  await ports.settle();
  line.written.length = 0;
  const change = (actor: string, version: number) =>
    ({ row: { actor, event: '{"type":"SET"}', caller: 'clerk', at: 0 }, after: { ...heads.get(actor), version } }) as unknown as Committed;
  tell(addresses.map((address) => change(address, 2)));
  await ports.settle();
  tell([change('shelf/a', 3)]);
  await ports.settle();
  expect(line.written.map((frames) => frames.split('"kind":"patch"').length - 1)).toEqual([2, 1]);
});
