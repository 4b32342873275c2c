import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeScene, PASSWORD } from '../../tests/support/console-scene.ts';
import type { FakeHub } from '../../tests/support/fake-hub.ts';
import { createHub } from './hub.ts';
import { memoryStorage } from './outbox-storage.ts';

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
