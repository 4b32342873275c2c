import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeScene, PASSWORD } from '../../tests/support/console-scene.ts';
import type { FakeHub } from '../../tests/support/fake-hub.ts';
import { catchErrors } from '../../tests/support/uncaught.ts';
import { systemClock, type Clock } from './clock.ts';
import { Connection } from './connection.ts';
import { memoryTokens, Session, type Tokens } from './session.ts';

let hub: FakeHub;
let url: string;
const open: Connection[] = [];

beforeEach(async () => {
  ({ hub, url } = await makeScene('/nowhere', 20));
});

afterEach(async () => {
  for (const connection of open.splice(0)) connection.close();
  await hub.stop();
});

async function connect(home = url, clock: Clock = systemClock): Promise<Connection> {
  let kept: Tokens | undefined;
  const http = { fetch, base: url };
  const store = {
    load: () => kept,
    save: (tokens: Tokens | undefined) => void (kept = tokens),
    exclusively: <T>(task: () => Promise<T>) => task(),
  };
  const session = new Session({ http, store, clock: systemClock });
  await session.signIn('clerk', PASSWORD);
  // Chance at its least, so that no test waits longer than it must.
  const connection = new Connection({ home, session, clock: { ...clock, random: () => 0 }, protocol: 1 });
  open.push(connection);
  connection.open();
  return connection;
}

const versionOf = (connection: Connection, topic: string) => connection.entry(topic)?.copy?.version;
const PAY = 'payment/pay_1001';

test('[CLIENT-24] A watched actor and a watched list follow the hub', async () => {
  const connection = await connect();
  connection.watch(PAY);
  connection.watch('payment?state=declined&limit=50');
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  hub.change(PAY, 'DENY', 'cfo', { state: ['declined'] });
  await vi.waitFor(() => {
    expect(connection.entry(PAY)?.copy).toMatchObject({ version: 3, state: ['declined'], cause: { by: 'cfo' } });
    const list = connection.entry('payment?state=declined&limit=50')?.copy;
    expect(list?.kind === 'list' && list.items.map(({ address }) => address)).toContain(PAY);
  });
});

test('[CLIENT-24] After a cut the copies stay and catch up from their positions', async () => {
  const connection = await connect();
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  hub.cut();
  await vi.waitFor(() => expect(connection.state.phase).toBe('connecting'));
  expect(versionOf(connection, PAY)).toBe(2);
  hub.change(PAY, 'DENY', 'cfo', { state: ['declined'] });
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(3), { timeout: 5_000 });
  expect(connection.state.phase).toBe('online');
});

test('[CLIENT-24] A gap is asked for again, whether a frame shows it or a head', async () => {
  const connection = await connect();
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  const actor = hub.actors.get(PAY);
  if (actor === undefined) throw new Error('no actor');
  hub.actors.set(PAY, { ...actor, view: { ...actor.view, version: 7, state: ['expired'] } }); // nobody is told
  hub.send(PAY, (sub) => ({ kind: 'heads', heads: [{ sub, version: 7 }] }));
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(7), { timeout: 5_000 });
  hub.actors.set(PAY, { ...actor, view: { ...actor.view, version: 9 } });
  hub.send(PAY, (sub) => ({ kind: 'patch', sub, base: 8, version: 9, ops: [], updatedAt: 't', cause: { event: 'E', by: 'x', at: 't' } }));
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(9));
});

test('[CLIENT-25] When the node it is on does not answer, a client goes on at the others that the hub has named', async () => {
  const other = await makeScene('/nowhere', 20);
  hub.urls = [url, other.url];
  const connection = await connect();
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  await hub.stop();
  other.hub.change(PAY, 'DENY', 'cfo', { state: ['declined'] });
  await vi.waitFor(() => expect(connection.state).toMatchObject({ phase: 'online', url: other.url }), { timeout: 10_000 });
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(3));
  await other.hub.stop();
});

test('[CLIENT-25] A node that says goodbye is left when it says, and not before', async () => {
  const other = await makeScene('/nowhere', 20);
  hub.urls = [url, other.url];
  const connection = await connect();
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  hub.send(PAY, () => ({ kind: 'bye', afterMs: 300 }));
  await new Promise((done) => setTimeout(done, 100));
  expect(connection.state).toMatchObject({ phase: 'online', url });
  await vi.waitFor(() => expect(connection.state).toMatchObject({ phase: 'online', url: other.url }), { timeout: 5_000 });
  await other.hub.stop();
});

test('[CLIENT-26] A topic that the hub refuses says why, and what is revoked is forgotten', async () => {
  const connection = await connect();
  connection.watch('payment/none');
  connection.watch(PAY);
  await vi.waitFor(() => expect(connection.entry('payment/none')?.standing).toMatchObject({ kind: 'refused', code: 'not_found' }));
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  hub.send(PAY, (sub) => ({ kind: 'revoked', sub }));
  await vi.waitFor(() => expect(connection.entry(PAY)).toMatchObject({ copy: undefined, standing: { kind: 'revoked' } }));
});

test('[CLIENT-26] A connection that is closed keeps no copy for the next person', async () => {
  const connection = await connect();
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  connection.close();
  expect(connection.entry(PAY)).toBeUndefined();
  expect(connection.state).toEqual({ phase: 'offline', lastLive: undefined });
});

test('[SDK-26] A connection that is open when another tab signs in somebody else begins anew as him, with none of the copies', async () => {
  const store = memoryTokens();
  const session = new Session({ http: { fetch, base: url }, store, clock: systemClock });
  await session.signIn('clerk', PASSWORD);
  const connection = new Connection({ home: url, session, clock: { ...systemClock, random: () => 0 }, protocol: 1 });
  open.push(connection);
  connection.open();
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  const other = new Session({ http: { fetch, base: url }, store, clock: systemClock });
  await other.signIn('approver', PASSWORD);
  expect(versionOf(connection, PAY)).toBe(2);
  session.reload();
  expect([connection.entry(PAY)?.copy, connection.state.phase]).toEqual([undefined, 'connecting']);
  await vi.waitFor(() => expect(connection.state.phase).toBe('online'));
  await connection.command({ id: 'c1', to: PAY, event: { type: 'CANCEL' } });
  expect(hub.actors.get(PAY)?.history.at(-1)?.caller).toBe('approver');
});

test('[SDK-30] A listener that throws does not keep a connection from being made again', async () => {
  const connection = await connect();
  await vi.waitFor(() => expect(connection.state.phase).toBe('online'));
  const errors = catchErrors();
  connection.onChange(() => {
    if (connection.state.phase === 'connecting') throw new Error('a bug of a screen');
  });
  hub.cut();
  await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0));
  await vi.waitFor(() => expect(connection.state.phase).toBe('online'), { timeout: 5_000 });
});

/** A device that can sleep: its clock goes on, and nothing else. */
function sleepy(): { readonly clock: Clock; readonly sleep: (ms: number) => void } {
  let slept = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + slept, after: (ms, call) => systemClock.after(Math.min(ms, 1_000), call) };
  return { clock, sleep: (ms) => void (slept += ms) };
}

/** As of when the copies are once the connection is lost. */
function lossOf(connection: Connection): Promise<number | undefined> {
  return new Promise((resolve) => {
    const end = connection.onChange(() => {
      if (connection.state.phase !== 'connecting') return;
      end();
      resolve(connection.state.lastLive);
    });
  });
}

const NIGHT = 8 * 3_600_000;

test('[SDK-31] Copies are as of when the hub was last heard, not of when the loss was noticed', async () => {
  const { clock, sleep } = sleepy();
  const connection = await connect(url, clock);
  connection.watch(PAY);
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  const heard = clock.now();
  sleep(NIGHT);
  const loss = lossOf(connection);
  hub.cut();
  expect(await loss).toBeLessThanOrEqual(heard);
});

test('[SDK-31] A connection that is quiet is heard by its pings', async () => {
  const { clock, sleep } = sleepy();
  const connection = await connect(url, clock);
  await vi.waitFor(() => expect(connection.state.phase).toBe('online'));
  sleep(60_000);
  await new Promise((done) => setTimeout(done, 300));
  const before = clock.now();
  hub.ping();
  await new Promise((done) => setTimeout(done, 300));
  sleep(NIGHT);
  const loss = lossOf(connection);
  hub.cut();
  const lastLive = await loss;
  expect(lastLive).toBeGreaterThanOrEqual(before);
  expect(lastLive).toBeLessThan(before + NIGHT);
});

test('[SDK-32] A device that has slept, or whose clock was set, begins anew and measures the hub’s time again, whoever uses the connection', async () => {
  hub.now = () => new Date().toISOString();
  const { clock, sleep } = sleepy();
  const connection = await connect(url, clock);
  await vi.waitFor(() => expect(connection.time.error_ms).toBeDefined());
  sleep(NIGHT);
  expect(Math.abs(connection.time.now() - Date.now())).toBeGreaterThan(NIGHT / 2);
  await vi.waitFor(() => expect(Math.abs(connection.time.now() - Date.now())).toBeLessThan(5_000), { timeout: 5_000 });
  sleep(-NIGHT);
  connection.nudge();
  expect(connection.state.phase).toBe('connecting');
  await vi.waitFor(() => expect(connection.state.phase).toBe('online'));
});

test('[SDK-33] A topic that is left and wanted again before its first answer leaves no second subscription at the hub', async () => {
  const { clock } = sleepy(); // a second is as long as anything lingers
  const connection = await connect(url, clock);
  await vi.waitFor(() => expect(connection.state.phase).toBe('online'));
  const answer = hub.hold();
  connection.watch(PAY)();
  await vi.waitFor(() => expect(hub.asked).toBe(1));
  await vi.waitFor(() => expect(connection.entry(PAY)).toBeUndefined(), { timeout: 3_000 });
  connection.watch(PAY);
  await vi.waitFor(() => expect(hub.asked).toBe(2));
  answer();
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(2));
  await vi.waitFor(() => expect(hub.followersOf(PAY)).toBe(1));
  hub.change(PAY, 'DENY', 'cfo', { state: ['declined'] });
  await vi.waitFor(() => expect(versionOf(connection, PAY)).toBe(3));
});
