import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import { STILL } from '../actors/store/machine-figures.ts';
import { Census } from '../hub/census.ts';
import { chartOf } from '../hub/machine-chart.ts';
import type { Figures } from '../hub/protocol/chart.ts';
import { machines } from '../machines/machines.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Json } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { eventually } from './support/socket-client.ts';

const SHARED = { machines: [shelf], jwtSecret: 'j'.repeat(40), secretKey: 's'.repeat(40) };
const SHELF = { client: 'acme', label: 'red', secret: 'S' };

let database: TestDatabase;
let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  database = await testDatabase();
  hub = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'one' });
  rest = new Rest(hub);
});
afterAll(async () => {
  await hub.stop();
  await database.close();
});

async function figures(type: string, of: Rest = rest, query = ''): Promise<Figures> {
  const { status, body } = await of.get(`/v1/machines/${type}/figures${query}`, 'auditor');
  expect(status).toBe(200);
  return body as unknown as Figures;
}

async function sql(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await client.query(text, values);
  } finally {
    await client.end();
  }
}

describe('charts', () => {
  test('[CHART-5] people of HQ read every machine with its chart; what is answered is what the machine says', async () => {
    const { body } = await rest.get('/v1/machines', 'clerk');
    expect((body['items'] as Json[]).map(({ type }) => type)).toEqual([...machines.map(({ type }) => type), 'shelf']);
    for (const definition of machines) {
      const chart = await rest.get(`/v1/machines/${definition.type}`, 'clerk');
      expect(chart).toMatchObject({ status: 200, body: JSON.parse(JSON.stringify(chartOf(definition))) as Json });
    }
  });

  test('[CHART-5] charts and figures are for people of HQ: a customer, an agent and a stranger get neither', async () => {
    for (const path of ['/v1/machines', '/v1/machines/payment', '/v1/machines/payment/figures']) {
      for (const as of ['acme', 'ann']) expect((await rest.get(path, as)).status, `${as} ${path}`).toBe(403);
      expect((await rest.get(path)).status).toBe(401);
    }
    for (const path of ['/v1/machines/none', '/v1/machines/none/figures']) expect((await rest.get(path, 'clerk')).status).toBe(404);
    for (const wrong of ['0', 'x', '1e12'])
      expect((await rest.get(`/v1/machines/payment/figures?stuckAfter=${wrong}`, 'clerk')).status).toBe(422);
  });
});

describe('figures', () => {
  test('[CHART-6] an actor counts in its state and in each one around it, and moves from one count to the other when it moves', async () => {
    await rest.create('shelf', { id: 's1', input: SHELF });
    await rest.create('shelf', { id: 's2', input: SHELF });
    expect(await figures('shelf')).toMatchObject({
      total: 2,
      whole: true,
      counts: { work: 2, 'work.idle': 2, door: 2, 'door.shut': 2 },
    });
    await rest.send('shelf/s1', { type: 'WORK' });
    await rest.send('shelf/s2', { type: 'AJAR' });
    await rest.send('shelf/s2', { type: 'LABEL', label: 'blue' });
    const { total, counts } = await figures('shelf');
    expect({ total, counts }).toEqual({
      total: 2,
      counts: { work: 2, 'work.idle': 1, 'work.busy': 1, 'work.busy.calm': 1, door: 2, 'door.shut': 1, 'door.ajar': 1 },
    });
  });

  test('[CHART-7] flow says how often each transition was taken within the hour and the day, and since when it is counted', async () => {
    const before = await figures('shelf');
    await rest.send('shelf/s1', { type: 'HEAT' });
    await rest.send('shelf/s1', { type: 'REST' });
    await rest.send('shelf/s1', { type: 'WORK' });
    await rest.send('shelf/s2', { type: 'LABEL', label: 'green' });
    const { flow, flowSince } = await figures('shelf');
    expect(flow['work.busy:REST:0']).toEqual({ hour: 1, day: 1 });
    expect(flow['work.busy.calm:HEAT:0']).toEqual({ hour: 1, day: 1 });
    expect(flow['work.idle:WORK:0']).toEqual({ hour: 2, day: 2 });
    expect(flow[':LABEL:0']?.hour).toBe((before.flow[':LABEL:0']?.hour ?? 0) + 1);
    expect(Date.parse(String(flowSince))).toBeGreaterThan(Date.now() - 10 * 60_000);
  });

  test('[CHART-8] a hub that starts again goes on with what was counted, together with what was committed and never written down', async () => {
    await rest.create('shelf', { id: 's3', input: SHELF });
    const before = await figures('shelf');
    await hub.stop();
    // As after a kill before the last seconds were written down: the tallies are those of some rows ago.
    const { rowCount } = await sql(`update tally set seq = 0, counts = '{}' where counts like '%shelf%'`);
    expect(rowCount).toBeGreaterThan(0);
    hub = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'one' });
    rest = new Rest(hub);
    await eventually(async () => JSON.stringify((await figures('shelf')).counts) === JSON.stringify(before.counts));
    expect(await figures('shelf')).toMatchObject({ total: 3, whole: true, flow: before.flow });
  });

  test('[CHART-8] a database that is older than the tallies is counted once, also while its actors move', async () => {
    const before = await figures('shelf');
    await hub.stop();
    await sql('delete from tally');
    hub = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'one' });
    rest = new Rest(hub);
    for (let n = 0; n < 10; n++) await rest.send('shelf/s3', { type: n % 2 === 0 ? 'AJAR' : 'SHUT' });
    await eventually(async () => {
      const now = await figures('shelf');
      return now.whole && JSON.stringify(now.counts) === JSON.stringify(before.counts);
    });
    await rest.send('shelf/s3', { type: 'AJAR' });
    expect((await figures('shelf')).counts['door.ajar']).toBe((before.counts['door.ajar'] ?? 0) + 1);
  });

  test('[CHART-8] what is committed between the first look at the journal and the page of actors is counted once', async () => {
    const { store, runtime, ports } = hub.hub;
    const moved = async (): Promise<void> => {
      for (const type of ['AJAR', 'SHUT', 'WORK']) await rest.send('shelf/s3', { type });
      await rest.create('shelf', { id: 'late', input: SHELF });
    };
    await sql('delete from tally');
    const census = new Census({
      store: {
        since: (partition, seq, limit) => store.since(partition, seq, limit),
        versions: (wanted) => store.versions(wanted),
        database: () => store.database(),
        ends: async () => {
          const ends = await store.ends();
          await moved();
          return ends;
        },
      },
      ports,
      partitions: () => runtime.lanes.partitions,
      headOf: (partition) => runtime.lanes.headOf(partition),
    });
    census.start();
    try {
      await eventually(async () => (await census.counts('shelf')).whole);
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // until the journal has been read, too
      const truth = await sql(`select state, count(*)::int as n from actor where type = 'shelf' group by state`);
      const { counts } = await census.counts('shelf');
      expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(truth.rows.map(({ state, n }) => [state, n])));
    } finally {
      await census.stop();
    }
  });

  test('[CHART-8] two nodes say the same, whoever owns the actors', async () => {
    const other = await startTestHub({ ...SHARED, databaseUrl: database.url, nodeId: 'two' });
    try {
      const share = (of: TestHub): number => of.hub.runtime.lanes.partitions.length;
      await eventually(() => share(hub) + share(other) === 32 && share(other) > 0);
      const there = new Rest(other);
      for (let n = 0; n < 8; n++) await (n % 2 === 0 ? rest : there).create('shelf', { id: `m${n}`, input: SHELF });
      await eventually(async () => {
        const [here, elsewhere] = [await figures('shelf'), await figures('shelf', there)];
        return here.total === 12 && elsewhere.total === 12 && JSON.stringify(here.counts) === JSON.stringify(elsewhere.counts);
      }, 20_000);
    } finally {
      await other.stop();
    }
    await eventually(async () => (await figures('shelf')).whole && (await figures('shelf')).total === 12, 20_000);
  });
});

describe('what is stuck', () => {
  test('[CHART-9] a client whose checks are not answered is stuck after a while; one that waits for a person is not', async () => {
    expect((await rest.call('PUT', '/v1/integrations/sandbox_checks', { as: 'operator', body: { config: {} } })).status).toBe(200);
    await rest.send('integration/sandbox_checks', { type: 'TRIP', reason: 'nobody there' }, 'operator');
    const made = async (id: string): Promise<void> => {
      await rest.create('client', { id, input: CLIENT });
      await rest.send(`client/${id}`, { type: 'SUBMIT', documents: ['d'], bank_account: 'DE89370400440532013000' });
    };
    await made('waits');
    await made('hangs');
    await rest.send('client/hangs', { type: 'VERIFY' }, 'approver');
    await made('stands');
    await rest.call('POST', '/v1/actors/client/stands/control', { as: 'operator', body: { action: 'pause', reason: 'looking' } });
    expect((await figures('client')).stuck).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const { stuck, stuckAfter, stuckWhole } = await figures('client', rest, '?stuckAfter=1000');
    expect({ stuckAfter, stuckWhole }).toEqual({ stuckAfter: 1_000, stuckWhole: true });
    expect(stuck.map(({ address }) => address).toSorted()).toEqual(['client/hangs', 'client/stands']);
    expect(stuck.find(({ address }) => address === 'client/stands')?.why).toBe('parked');
    expect(stuck.find(({ address }) => address === 'client/hangs')?.state[0]).toMatch(/^verifying\./);
  });

  test('[CHART-9] it is looked for by the indexes of what is under way, never by going through all actors', async () => {
    const query = hub.hub.store.database().query('explained', `explain (costs off) ${STILL}`, ['client', ['a'], 1, 50, 20_000]);
    const plan = (await query).map((row) => String(row['QUERY PLAN'])).join('\n');
    expect(plan).toMatch(/actor_pending/);
    expect(plan).toMatch(/actor_due/);
    expect(plan).toMatch(/actor_parked/);
    expect(plan).not.toMatch(/Seq Scan on actor|actor_updated/);
  });
});

test('[CHART-10] history tells the cause of a version and what it asked for', async () => {
  const address = await rest.payment();
  await rest.send(address, { type: 'SUBMIT' });
  await eventually(async () => ((await rest.get(`/v1/actors/${address}`, 'clerk')).body['state'] as string[])[0] === 'declined');
  const items = (await rest.get(`/v1/actors/${address}/history`, 'auditor')).body['items'] as {
    version: number;
    cause: string;
    asked: Json;
  }[];
  const [, submitted, created] = items
    .toReversed()
    .map(({ asked }) => asked)
    .toReversed();
  expect(created).toBeDefined();
  expect(submitted).toMatchObject({ effects: [{ id: 'standing', src: 'ask' }], events: ['payment.submitted'], sends: [], legs: [] });
  expect(items[0]).toMatchObject({ version: 3, cause: `${address}@2`, asked: { events: ['payment.declined'] } });
});
