import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { machines } from '../machines/machines.ts';
import { CLIENT, Rest } from './support/rest.ts';
import { offerOne } from './support/versioned-machines.ts';

const MACHINES = 'tests/support/versioned-machines.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ machines: [offerOne] });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

type Ended = { readonly code: number; readonly out: string; readonly err: string };

/** The command as an operator runs it, in a process of its own, while the hub runs. */
async function rehearse(...args: string[]): Promise<Ended> {
  // By the settings of the hub that wrote it, or what was created would be another payment.
  const { databaseUrl, dataDir } = hub.hub.config;
  const env = { PATH: process.env['PATH'], DATABASE_URL: databaseUrl, HUB_DATA_DIR: dataDir, HUB_DEMO: '1' };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['hub/commands/rehearse.ts', ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

/** Everything that could have been written. */
async function written(): Promise<unknown> {
  const client = new pg.Client({ connectionString: hub.hub.config.databaseUrl ?? '' });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select (select count(*) from journal where actor like 'offer/%') as rows, (select count(*) from dead_letter) as letters, (select md5(string_agg(j.envelope, '' order by j.actor, j.version)) from journal j where j.actor like 'offer/%') as offers`,
    );
    return rows[0];
  } finally {
    await client.end();
  }
}

test('[REH-10] npm run rehearse shows a candidate to all stored actors of its type, writes nothing, and ends with 1 where one would be stranded', async () => {
  for (const [id, event] of [
    ['one', 'HOLD'],
    ['two', 'TOUCH'],
    ['three', 'END'],
  ] as const) {
    await rest.create('offer', { id, input: { price: 7 } });
    await rest.send(`offer/${id}`, { type: event });
  }
  // Its timer has fired, so that nothing more happens by itself.
  await expect
    .poll(async () => (await rest.get('/v1/actors/offer/one', 'clerk')).body['context'], { timeout: 10_000 })
    .toMatchObject({ note: 'nudged' });
  const before = await written();
  const good = await rehearse('--type', 'offer', '--machine', `${MACHINES}#offerTwo`, '--histories', 'all');
  expect([good.code, good.err]).toEqual([0, '']);
  expect(good.out).toContain('offer version 2: 3 actors, 0 restored, 3 migrated, 0 stranded; 3 histories replayed');
  expect(good.out).toMatch(/the candidate strands nobody\n$/);
  const bad = await rehearse('--type', 'offer', '--machine', 'tests/fixtures/forgetful-offer.ts#offerForgetful');
  expect(bad.code).toBe(1);
  expect(bad.out).toContain('STRANDED  timers lost: 2');
  expect(bad.out).toContain(
    'the state offer.reserved waits for the timer xstate.after.patience.offer.reserved, which is missing (offer/one)',
  );
  expect(bad.out).toMatch(/the candidate must not be released\n$/);
  expect(await written()).toEqual(before);
});

test('[REH-11] the machines of this release fit and replay what they have written, payments with calls, questions and timers included', async () => {
  for (const name of ['sandbox', 'sandbox_checks']) await rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await rest.create('client', { id: 'acme', input: CLIENT });
  await rest.send('client/acme', { type: 'INVITE' });
  await rest.send('client/acme', { type: 'SUBMIT', documents: ['register extract'], bank_account: 'DE89370400440532013000' });
  await rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  const state = async (address: string): Promise<unknown> => (await rest.get(`/v1/actors/${address}`, 'clerk')).body['state'];
  await expect.poll(() => state('client/acme'), { timeout: 20_000 }).toEqual(['active']);
  const [paid, waiting] = [await rest.payment({ amount_minor: 5_000 }), await rest.payment({ amount_minor: 500_000 })];
  for (const address of [paid, waiting]) await rest.send(address, { type: 'SUBMIT' });
  await expect.poll(() => state(paid), { timeout: 20_000 }).toEqual(['settled.idle']);
  for (const [type, actors] of [
    ['payment', 2],
    ['client', 1],
  ] as const) {
    const { version } = machines.find((one) => one.type === type) ?? { version: 0 };
    const { code, out } = await rehearse('--type', type, '--histories', 'all', '--strict');
    const [first = ''] = out.split('\n').filter((line) => line.startsWith(type));
    expect(first).toBe(
      `${type} version ${version}: ${actors} actors, ${actors} restored, 0 migrated, 0 stranded; ${actors} histories replayed`,
    );
    expect(out).not.toContain('histories that replay');
    expect([type, code, out.includes('STRANDED')]).toEqual([type, 0, false]);
  }
});

test('[REH-12] a rehearsal of nothing says what it wants to know', async () => {
  expect((await rehearse()).err).toContain('Say of which type');
  expect((await rehearse('--type', 'cake')).err).toContain('This release has no machine cake');
  expect((await rehearse('--type', 'offer', '--machine', `${MACHINES}#nothing`)).err).toContain('exports no machine nothing');
  expect((await rehearse('--type', 'payment', '--machine', `${MACHINES}#offerTwo`)).err).toContain('is a machine of offer');
  expect((await rehearse('--type', 'payment', '--histories', 'many')).err).toContain('--histories takes a number');
});
