import { expect, test } from 'vitest';
import { SocketWorld } from '../../tests/support/socket-world.ts';
import { shelf } from '../../tests/support/shelf.ts';
import { Topics } from './topics.ts';

test('[CHAOS-5] an actor that could not be read, but whose commit was heard of meanwhile, can be followed', async () => {
  const world = new SocketWorld(1);
  await world.start();
  const { runtime, store, ports } = world;
  const read = Promise.withResolvers<never>();
  const topics = new Topics({ runtime, store, ports, history: 'h1', read: () => read.promise });
  const asked = topics.actor('shelf/a', shelf);
  world.send('shelf/a', '@create', { client: 'acme', label: 'a', secret: 'b' });
  await ports.advance(200);
  read.reject(new Error('The database does not answer'));
  for (const held of [await asked, await topics.actor('shelf/a', shelf)]) {
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
  await expect(topics.actor('shelf/b', shelf)).rejects.toThrow('does not answer');
  expect((await topics.actor('shelf/b', shelf)).topic).toBeUndefined();
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
  const before = await world.run(topics.actor('shelf/c', shelf));
  world.send('shelf/c', 'SET', { n: 1, list: [] });
  await ports.advance(200);
  expect(before.topic?.head?.version).toBe(1);
  const after = await world.run(topics.actor('shelf/c', shelf, 2));
  expect(after.topic?.head?.version).toBe(2);
});
