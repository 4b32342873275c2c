import { describe, expect, test } from 'vitest';
import type { ActorCopy } from '../clients/core/store.ts';
import { SocketWorld } from './support/socket-world.ts';
import type { VirtualClient } from './support/socket-world.ts';

async function open(...names: string[]): Promise<{ world: SocketWorld; clients: VirtualClient[] }> {
  const world = new SocketWorld(7);
  await world.start();
  const clients = names.map((name) => world.client(name));
  for (const client of clients) await world.run(client.connect());
  return { world, clients };
}

async function make(world: SocketWorld, id: string, client = 'acme'): Promise<string> {
  world.send(`shelf/${id}`, '@create', { client, label: 'red', secret: 'SECRET-0' });
  await world.ports.advance(50);
  return `shelf/${id}`;
}

function copyOf(client: VirtualClient | undefined, topic: string): ActorCopy | undefined {
  return client?.store.entries.get(topic)?.copy as ActorCopy | undefined;
}

describe('time', () => {
  test('[SYNC-117] a client that did not hear that its subscription was ended hears of it within 25 s, and forgets its copy', async () => {
    const { world, clients } = await open('clerk', 'acme');
    const [, acme] = clients;
    const address = await make(world, 'a');
    for (const client of clients) client.follow(address);
    await world.ports.advance(100);
    expect(copyOf(acme, address)?.version).toBe(1);
    acme?.lose();
    world.send(address, 'MOVE', { client: 'globex' });
    await world.ports.advance(100);
    expect(copyOf(acme, address)?.version).toBe(1);
    await world.ports.advance(27_000);
    expect(acme?.store.entries.get(address)).toMatchObject({ copy: undefined, standing: { kind: 'refused', code: 'not_found' } });
  });

  test('[SYNC-76] every 25 s each client is told where its copies should be, which finds a message that was lost', async () => {
    const { world, clients } = await open('clerk', 'acme');
    const [clerk, acme] = clients;
    const address = await make(world, 'a');
    for (const client of clients) client.follow(address);
    await world.ports.advance(100);
    clerk?.lose();
    world.send(address, 'SET', { n: 5, list: [] });
    await world.ports.advance(100);
    expect(copyOf(clerk, address)?.version).toBe(1);
    await world.ports.advance(27_000);
    expect(copyOf(clerk, address)).toMatchObject({ version: 2, context: { n: 5 } });
    // The customer's head is the last version that he sees, so nothing ever seems lost to him.
    world.send(address, 'HIDE', { secret: 'SECRET-9' });
    await world.ports.advance(25_000);
    expect(copyOf(clerk, address)).toMatchObject({ version: 3, context: { secret: 'SECRET-9' } });
    expect(acme?.frames.filter(({ kind }) => kind === 'heads')).toEqual(
      [1, 2].map(() => ({ kind: 'heads', heads: [{ sub: 1, version: 2 }] })),
    );
    expect(acme?.hows).toEqual({ current: 0, replay: 0, snapshot: 1 });
  });

  test('[SYNC-77] a minute before its token ends a client is told, and without a new one the connection ends with it', async () => {
    const { world, clients } = await open('clerk');
    const [clerk] = clients;
    const kinds = (): string[] => (clerk?.frames ?? []).map(({ kind }) => kind).filter((kind) => kind === 'expiring' || kind === 'bye');
    await world.ports.advance(3_600_000 - 62_000);
    expect(kinds()).toEqual([]);
    // It is looked at once a second.
    await world.ports.advance(4_000);
    expect(kinds()).toEqual(['expiring']);
    await world.run(clerk?.authenticate() ?? Promise.resolve());
    await world.ports.advance(120_000);
    expect(kinds()).toEqual(['expiring']);
    await world.ports.advance(3_600_000);
    expect(kinds()).toEqual(['expiring', 'expiring', 'bye']);
    expect(clerk?.frames.at(-1)).toMatchObject({ kind: 'bye', reason: 'token_expired' });
    expect(clerk?.connected).toBe(false);
  });
});

describe('a client that stands still', () => {
  const note = 'x'.repeat(100_000);

  test('[SYNC-78] a client that stands still is owed the newest state and not the way to it', async () => {
    const { world, clients } = await open('clerk', 'clerk2');
    const [slow, quick] = clients;
    const address = await make(world, 'a');
    for (const client of clients) {
      client.follow(address);
      client.follow('shelf');
    }
    await world.ports.advance(100);
    slow?.stop();
    for (let n = 1; n <= 60; n++) {
      world.send(address, 'SET', { n, list: [], note: `${n}${note}` });
      await world.ports.advance(100);
    }
    expect(copyOf(quick, address)?.context['n']).toBe(60);
    slow?.go();
    await world.ports.advance(1_000);
    expect(copyOf(slow, address)).toMatchObject({ version: 61, context: { n: 60 } });
    const bytes = (client: VirtualClient | undefined): number => client?.heard.join('').length ?? 0;
    expect(bytes(quick)).toBeGreaterThan(10_000_000);
    expect(bytes(slow)).toBeLessThan(1_500_000);
  });

  test('[SYNC-78] a client that stands still for ten seconds is cut off, and comes back to the newest state', async () => {
    const { world, clients } = await open('clerk');
    const [slow] = clients;
    const address = await make(world, 'a');
    slow?.follow(address);
    await world.ports.advance(100);
    slow?.stop();
    for (let n = 1; n <= 5; n++) {
      world.send(address, 'SET', { n, list: [], note: `${n}${note}` });
      await world.ports.advance(100);
    }
    await world.ports.advance(9_000);
    expect(slow?.connected).toBe(true);
    await world.ports.advance(4_000);
    expect(slow?.connected).toBe(false);
    await world.run(slow?.connect() ?? Promise.resolve());
    await world.ports.advance(1_000);
    expect(copyOf(slow, address)).toMatchObject({ version: 6, context: { n: 5 } });
  });
});

test('[SYNC-79] what nobody has followed for a while is forgotten; until then whoever comes back continues', async () => {
  const { world, clients } = await open('clerk');
  const [clerk] = clients;
  const address = await make(world, 'a');
  clerk?.follow(address);
  clerk?.follow('shelf');
  await world.ports.advance(100);
  expect(world.topics.figures()).toEqual({ actors: 1, lists: 1 });
  clerk?.disconnect();
  world.send(address, 'SET', { n: 1, list: [] });
  await world.ports.advance(20_000);
  expect(world.topics.figures()).toEqual({ actors: 1, lists: 0 });
  await world.run(clerk?.connect() ?? Promise.resolve());
  await world.ports.advance(1_000);
  expect(clerk?.hows).toMatchObject({ replay: 1 });
  expect(copyOf(clerk, address)).toMatchObject({ version: 2, context: { n: 1 } });
  clerk?.disconnect();
  await world.ports.advance(80_000);
  expect(world.topics.figures()).toEqual({ actors: 0, lists: 0 });
});

test('[SYNC-80] what is asked for and does not exist leaves nothing behind', async () => {
  const { world, clients } = await open('clerk');
  for (let n = 0; n < 150; n++) clients[0]?.follow(`shelf/nobody${n}`);
  await world.ports.advance(1_000);
  expect(world.topics.figures()).toEqual({ actors: 0, lists: 0 });
});

describe('a database that does not answer', () => {
  test('[SYNC-81] where the database does not answer a topic is refused with a code that says to try again, and the rest goes on', async () => {
    const { world, clients } = await open('clerk');
    const [clerk] = clients;
    const address = await make(world, 'a');
    clerk?.follow(address);
    await world.ports.advance(100);
    world.broken = true;
    clerk?.follow('shelf?limit=3');
    clerk?.follow('shelf/cold');
    await world.ports.advance(1_000);
    for (const topic of ['shelf?limit=3', 'shelf/cold'])
      expect(clerk?.store.entries.get(topic)?.standing).toMatchObject({ kind: 'refused', code: 'retry' });
    world.broken = false;
    clerk?.follow('shelf?limit=3');
    world.send(address, 'SET', { n: 1, list: [] });
    await world.ports.advance(1_000);
    expect(copyOf(clerk, address)?.version).toBe(2);
    expect(clerk?.store.entries.get('shelf?limit=3')?.copy).toMatchObject({ total: 1 });
  });
});

test('[SYNC-85] where nobody can say what a person may do now nothing more is sent to him, and what he sees stays', async () => {
  const { world, clients } = await open('clerk');
  const [clerk] = clients;
  const address = await make(world, 'a');
  clerk?.follow(address);
  await world.ports.advance(100);
  world.people.unreachable = true;
  world.people.change('clerk', { roles: ['clerk'] });
  world.send(address, 'SET', { n: 5, list: [] });
  await world.ports.advance(200);
  expect(clerk?.connected).toBe(false);
  expect(copyOf(clerk, address)?.version).toBe(1);
  world.people.unreachable = false;
  await world.run(clerk?.connect() ?? Promise.resolve());
  await world.ports.advance(200);
  expect(copyOf(clerk, address)).toMatchObject({ version: 2, context: { n: 5 } });
});

test('[SYNC-86] who missed more versions than the hub keeps in memory is continued from the journal', async () => {
  const { world, clients } = await open('clerk', 'acme');
  const address = await make(world, 'a');
  for (const client of clients) client.follow(address);
  await world.ports.advance(200);
  for (const client of clients) client.disconnect();
  for (let n = 1; n <= 40; n++) {
    world.send(address, 'SET', { n, list: [`a${n}`, `b${n}`] });
    await world.ports.advance(20);
  }
  await world.ports.advance(200);
  for (const client of clients) await world.run(client.connect());
  await world.ports.advance(300);
  for (const client of clients) {
    expect(client.hows).toEqual({ current: 0, replay: 1, snapshot: 1 });
    expect(copyOf(client, address)).toMatchObject({ version: 41, context: { n: 40, list: ['a40', 'b40'] } });
    expect(client.misfits).toBe(0);
  }
});
