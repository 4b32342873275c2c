import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeScene, PASSWORD } from '../../tests/support/console-scene.ts';
import type { FakeHub } from '../../tests/support/fake-hub.ts';
import { systemClock } from './clock.ts';
import { createHub } from './hub.ts';
import type { Kept } from './outbox-lane.ts';
import { memoryStorage, type OutboxStorage } from './outbox-storage.ts';
import { memoryTokens, Session, type TokenStore } from './session.ts';

const HOUR = 3_600_000;

let scene: { hub: FakeHub; url: string };
beforeEach(async () => {
  scene = await makeScene('/nowhere', 20);
});
afterEach(() => scene.hub.stop());

test('[SDK-16] where it cannot be read whether something is kept, nobody is signed out unawares', async () => {
  const memory = memoryStorage();
  let broken = false;
  const storage = { ...memory, load: (person: string) => (broken ? Promise.reject(new Error('gone')) : memory.load(person)) };
  const hub = createHub({ url: scene.url, storage });
  await hub.signIn('clerk', PASSWORD);
  broken = true;
  await expect(hub.signOut()).rejects.toMatchObject({ code: 'not_kept' });
  expect(hub.who?.username).toBe('clerk');
  expect(await hub.signOut({ keep: true })).toEqual({ signedOut: true });
  hub.close();
});

test('[SDK-25] a copy says how far it can be trusted, and the connection since when it is not', async () => {
  const hub = createHub({ url: scene.url });
  const actor = hub.actor('payment', 'pay_1001');
  const unwatch = actor.watch();
  expect([actor.following, hub.connection.state]).toEqual([{ kind: 'waiting' }, { phase: 'offline', lastLive: undefined }]);
  await hub.signIn('clerk', PASSWORD);
  await vi.waitFor(() => expect(actor.following).toEqual({ kind: 'live' }));
  scene.hub.send(actor.address, (sub) => ({ kind: 'heads', heads: [{ sub, version: 9 }] }));
  await vi.waitFor(() => expect(actor.following).toEqual({ kind: 'behind' }));
  await scene.hub.stop();
  await vi.waitFor(() => expect(actor.following).toEqual({ kind: 'stale', asOf: expect.any(Number) }));
  expect(hub.connection.state).toMatchObject({ phase: 'connecting', lastLive: expect.any(Number) });
  expect(actor.copy).toMatchObject({ version: 2 });
  unwatch();
  hub.close();
});

test('[SDK-25] what the hub does not show says so', async () => {
  const hub = createHub({ url: scene.url });
  await hub.signIn('clerk', PASSWORD);
  const actor = hub.actor('payment', 'none');
  actor.watch();
  await vi.waitFor(() => expect(actor.following).toMatchObject({ kind: 'refused', code: 'not_found' }));
  hub.close();
});

test('[SDK-26] what one person has sent directly is not sent again by the next one on the same device', async () => {
  const hub = createHub({ url: scene.url });
  await hub.signIn('clerk', PASSWORD);
  await vi.waitFor(() => expect(hub.connection.state.phase).toBe('online'));
  const actor = hub.actor('payment', 'pay_1000');
  scene.hub.silent = true;
  const first = actor.send({ type: 'SUBMIT' });
  const behind = actor.send({ type: 'CANCEL' });
  await new Promise((done) => setTimeout(done, 50));
  await hub.signOut();
  scene.hub.silent = false;
  await hub.signIn('approver', PASSWORD);
  expect(await Promise.all([first, behind])).toEqual([{ outcome: 'unanswered' }, { outcome: 'unanswered' }]);
  const own = await actor.send({ type: 'SUBMIT' });
  expect(own).toMatchObject({ outcome: 'applied' });
  expect(scene.hub.actors.get(actor.address)?.history.filter(({ caller }) => caller === 'approver')).toHaveLength(1);
  hub.close();
});

const SOON = { patience_ms: 10_000 };
const typesOf = (address: string) => scene.hub.actors.get(address)?.history.map(({ event }) => event.type) ?? [];

function keptBy(person: string, more: Partial<Kept> = {}): (storage: OutboxStorage) => Promise<unknown> {
  const kept: Kept = {
    ...{ seq: 0, id: 'kept', to: 'payment/pay_1000', event: { type: 'AMEND' }, optimistic: false, at: 0, standing: { kind: 'waiting' } },
    ...more,
  };
  return (storage) => storage.change(`${person} ${scene.url}`, kept.to, (lane) => [...lane, kept]);
}

/** The sign-in of somebody who was here before. */
async function signedIn(now = Date.now()): Promise<TokenStore> {
  const tokens = memoryTokens();
  const session = new Session({ http: { fetch, base: scene.url }, store: tokens, clock: { ...systemClock, now: () => now } });
  await session.signIn('clerk', PASSWORD);
  return tokens;
}

test('[SDK-29] right after a start, too, what is sent directly waits for what is kept', async () => {
  const memory = memoryStorage();
  await keptBy('clerk')(memory);
  const late = async <T>(value: () => Promise<T>): Promise<T> => {
    await new Promise((done) => setTimeout(done, 100));
    return value();
  };
  const storage: OutboxStorage = {
    load: (person) => late(() => memory.load(person)),
    change: (...change) => late(() => memory.change(...change)),
  };
  const hub = createHub({ url: scene.url, storage, tokens: await signedIn() });
  const actor = hub.actor('payment', 'pay_1000');
  expect(await actor.send({ type: 'SUBMIT' }, SOON)).toMatchObject({ outcome: 'applied' });
  expect(typesOf(actor.address).slice(-2)).toEqual(['AMEND', 'SUBMIT']);
  hub.close();
});

test('[SDK-29] what is kept while something sent directly waits for the connection goes first', async () => {
  const hub = createHub({ url: scene.url, tokens: await signedIn() });
  hub.connection.close();
  const actor = hub.actor('payment', 'pay_1000');
  const direct = actor.send({ type: 'SUBMIT' }, SOON);
  await new Promise((done) => setTimeout(done, 20));
  await actor.enqueue({ type: 'AMEND', reference: 'x' });
  hub.connection.open();
  expect(await direct).toMatchObject({ outcome: 'applied' });
  expect(typesOf(actor.address).slice(-2)).toEqual(['AMEND', 'SUBMIT']);
  hub.close();
});

test('[OFF-31] until when a command may be sent is judged by the hub’s clock from the first one on, however wrong the device’s is', async () => {
  scene.hub.now = () => new Date().toISOString();
  for (const wrong_ms of [2 * HOUR, -2 * HOUR]) {
    const storage = memoryStorage();
    const isInTime = wrong_ms > 0;
    await keptBy('clerk', { id: `kept${wrong_ms}`, notAfter: Date.now() + (isInTime ? HOUR : -HOUR) })(storage);
    const clock = { ...systemClock, now: () => Date.now() + wrong_ms };
    const hub = createHub({ url: scene.url, storage, clock, tokens: await signedIn(Date.now() + wrong_ms) });
    const before = typesOf('payment/pay_1000').length;
    const outcome = () => [typesOf('payment/pay_1000').length - before, hub.tray.map(({ code }) => code)];
    await vi.waitFor(() => expect(outcome()).toEqual(isInTime ? [1, []] : [0, ['expired']]));
    hub.close();
  }
});

test('[SDK-35] who waits for an actor with a question that fails is told so, and waits no longer', async () => {
  const hub = createHub({ url: scene.url, tokens: await signedIn() });
  const broken = (): never => {
    throw new Error('a bug of a program');
  };
  const actor = hub.actor('payment', 'pay_1001');
  await expect(actor.until(broken)).rejects.toThrow('a bug of a program');
  await expect(actor.until(({ copy }) => (copy === undefined ? false : broken()))).rejects.toThrow('a bug of a program');
  let asked = 0;
  await expect(
    actor.until(() => {
      asked++;
      return broken();
    }),
  ).rejects.toThrow();
  scene.hub.change(actor.address, 'DENY', 'cfo', { state: ['declined'] });
  await vi.waitFor(() => expect(actor.copy?.version).toBe(3));
  expect(asked).toBe(1);
  hub.close();
});
