import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { SocketClient, eventually } from './support/socket-client.ts';

const SHARED = { machines: [shelf], jwtSecret: 'the same on every node of this hub', secretKey: 'also the same on every node of it' };

let database: TestDatabase;
let one: TestHub;
let two: TestHub;

beforeAll(async () => {
  database = await testDatabase();
  one = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'one' });
  two = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'two' });
  await settled();
});
afterAll(async () => {
  await one.stop();
  await two.stop();
  await database.close();
});

const share = (hub: TestHub): number => hub.hub.runtime.lanes.partitions.length;
const settled = (): Promise<void> => eventually(() => share(one) + share(two) === 32 && share(two) > 0);

/** A shelf whose partition this node owns. */
let made = 0;
function shelfOn(hub: TestHub): string {
  for (;;) {
    const address = `shelf/n${made++}`;
    if (hub.hub.runtime.lanes.owns(partitionOf(address))) return address;
  }
}

describe('two nodes of one hub', () => {
  test('[NODE-17] both nodes say who owns what, and every partition has one owner', async () => {
    for (const hub of [one, two]) {
      const { body } = await new Rest(hub).get('/v1/nodes', 'operator');
      const nodes = body['nodes'] as { id: string; url: string; partitions: number[] }[];
      expect(nodes.map(({ id }) => id).toSorted()).toEqual(['one', 'two']);
      expect(nodes.flatMap(({ partitions }) => partitions).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, n) => n));
    }
  });

  test('[NODE-18] a person’s command at either node’s REST door is applied once and shown the same by both', async () => {
    const address = shelfOn(two);
    const [, id = ''] = address.split('/');
    const [here, there] = [new Rest(one), new Rest(two)];
    const input = { client: 'acme', label: 'red', secret: 'SECRET-1' };
    expect(await here.create('shelf', { id, input }, 'clerk', 'k1')).toMatchObject({ status: 201, body: { address, version: 1 } });
    expect(await there.create('shelf', { id, input }, 'clerk', 'k1')).toMatchObject({ status: 201, body: { address, version: 1 } });
    const [a, b] = [await here.get(`/v1/actors/${address}`, 'clerk'), await there.get(`/v1/actors/${address}`, 'clerk')];
    expect(a.body).toEqual(b.body);
    expect((await here.send(address, { type: 'SET', n: 1, list: [] }, 'auditor')).status).toBe(403);
    expect((await here.send(address, { type: 'SET', n: 'one', list: [] }, 'clerk')).status).toBe(422);
  });

  test('[NODE-19] who follows an actor or a list on one node sees what the other commits, in order', async () => {
    const clerk = await SocketClient.of(one, 'clerk');
    const follower = await SocketClient.of(one, 'auditor');
    const list = await follower.follow('shelf?sort=-updatedAt&limit=50');
    const address = shelfOn(two);
    const input = { client: 'acme', label: 'red', secret: 'SECRET-1' };
    expect(await clerk.command(address, '@create', { input })).toEqual({ outcome: 'applied', version: 1 });
    const { sub } = await follower.follow(address);
    await follower.until('list', (frame) => frame.sub === list.sub && JSON.stringify(frame.ops).includes(address));
    const other = await SocketClient.of(two, 'clerk');
    for (let n = 1; n <= 20; n++) {
      expect(await (n % 2 === 0 ? clerk : other).command(address, 'LABEL', { label: `l${n}` })).toMatchObject({
        outcome: 'applied',
        version: n + 1,
      });
    }
    await follower.until('patch', (frame) => frame.sub === sub && frame.version === 21);
    const versions = follower
      .of('patch')
      .filter((frame) => frame.sub === sub)
      .map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].toSorted((x, y) => x - y));
    for (const client of [clerk, follower, other]) client.close();
  });

  test('[NODE-20] a node says to those who connect where else they may go', async () => {
    await eventually(async () => {
      const client = await SocketClient.of(one, 'clerk');
      const { urls } = await client.until('hello');
      client.close();
      return JSON.stringify(urls) === JSON.stringify([one.url, two.url]);
    }, 15_000);
  });

  test('[NODE-22] an integration that is set up on one node is so on the other', async () => {
    const setup = async (hub: TestHub): Promise<string> => JSON.stringify((await new Rest(hub).get('/v1/integrations', 'operator')).body);
    const before = two.hub.integrations.get('sandbox')?.integration;
    const body = { config: { latency_ms: 3 } };
    expect(await new Rest(one).call('PUT', '/v1/integrations/sandbox', { as: 'operator', body })).toMatchObject({ status: 200 });
    await eventually(async () => (await setup(one)) === (await setup(two)) && two.hub.integrations.get('sandbox')?.integration !== before);
  });

  test('[NODE-21] a node that stops gives everything to the other, which goes on with it', async () => {
    const address = shelfOn(two);
    const rest = new Rest(one);
    await rest.create('shelf', { id: address.split('/')[1], input: { client: 'acme', label: 'red', secret: 'SECRET-1' } });
    await two.stop();
    await eventually(() => share(one) === 32);
    expect(await rest.send(address, { type: 'LABEL', label: 'blue' }, 'clerk')).toMatchObject({ status: 200, body: { version: 2 } });
  });
});
