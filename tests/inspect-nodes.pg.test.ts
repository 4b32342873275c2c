import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { InspectorSocket, Receiver, askTicket } from './support/inspector.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { eventually } from './support/socket-client.ts';

const SHARED = { machines: [shelf], jwtSecret: 'the same on every node of this hub', secretKey: 'also the same on every node of it' };

let database: TestDatabase;
let one: TestHub;
let two: TestHub;

beforeAll(async () => {
  database = await testDatabase();
  one = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'one' });
  two = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'two' });
  await eventually(() => share(one) + share(two) === 32 && share(two) > 0);
});
afterAll(async () => {
  await one.stop();
  await two.stop();
  await database.close();
});

const share = (hub: TestHub): number => hub.hub.runtime.lanes.partitions.length;

let made = 0;
async function shelfOn(hub: TestHub): Promise<string> {
  for (;;) {
    const id = `n${made++}`;
    if (!hub.hub.runtime.lanes.owns(partitionOf(`shelf/${id}`))) continue;
    const { body } = await new Rest(hub).create('shelf', { id, input: { client: 'acme', label: 'red', secret: 'SECRET-1' } });
    return String(body['address']);
  }
}

const label = (hub: TestHub, address: string, n: number) => new Rest(hub).send(address, { type: 'LABEL', label: `l${n}` });

test('[INSP-17] An actor that another node owns is inspected like one’s own: the same names, every step in order, late or live', async () => {
  const address = await shelfOn(two);
  for (let n = 0; n < 5; n++) await label(two, address, n);
  const [here, there] = [await InspectorSocket.of(one, address), await InspectorSocket.of(two, address)];
  const all = await Receiver.of(one, 'shelf');
  await all.until(() => all.events(address).length === 5);
  await Promise.all(Array.from({ length: 40 }, (_, n) => label(n % 2 === 0 ? one : two, address, n)));
  const versions = Array.from({ length: 46 }, (_, n) => n + 1);
  for (const socket of [here, there]) await eventually(() => socket.versions(address).at(-1) === 46);
  expect(here.versions(address)).toEqual(versions);
  expect(here.frames).toEqual(there.frames);
  await all.until(() => all.about(address).at(-1)?.id === `${address}@46`);
  expect(all.events(address).length).toBeGreaterThanOrEqual(40);
  for (const socket of [here, there]) socket.close();
});

test('[INSP-18] A role that is withdrawn at one node ends the inspector at the other within a second or two', async () => {
  const put = (roles: readonly string[]) =>
    new Rest(one).call('PUT', '/v1/people/roamer', { as: 'admin', body: { roles, password: 'green-lines-2' } });
  await put(['developer']);
  const { accessToken: token } = await two.signIn('roamer', 'green-lines-2');
  const { body } = await new Rest(two).call('POST', '/v1/inspect/tickets', { token, body: { target: '*' } });
  const socket = new InspectorSocket(String(body['url']).replace(/^http/, 'ws'));
  await eventually(() => socket.frames.length > 0);
  await put(['clerk']);
  await eventually(() => socket.closed !== undefined, 3000);
  expect(socket.closed?.code).toBe(4403);
});

test('[INSP-19] What a node has taken over goes on being shown, without a gap, also where it begins to own it meanwhile', async () => {
  const address = await shelfOn(two);
  const socket = await InspectorSocket.of(one, address);
  for (let n = 0; n < 10; n++) await label(one, address, n);
  await two.stop();
  await eventually(() => share(one) === 32);
  for (let n = 10; n < 20; n++) await label(one, address, n);
  await eventually(() => socket.versions(address).at(-1) === 21);
  expect(socket.versions(address)).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
  socket.close();
});

test('[INSP-20] A hub whose inspector is closed gives no ticket, takes no socket, and says what would open it', async () => {
  const closed = await startTestHub({ inspect: false });
  try {
    expect(await askTicket(closed, { target: '*' })).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('HUB_INSPECT=1') },
    });
    expect(await askTicket(closed, { target: '*' }, 'clerk')).toMatchObject({ status: 403 });
    const socket = new InspectorSocket(`${closed.url.replace(/^http/, 'ws')}/inspect/socket?ticket=x`);
    await eventually(() => socket.refused !== undefined);
    expect(socket.refused).toBe(404);
  } finally {
    await closed.stop();
  }
});
