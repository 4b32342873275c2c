import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHub } from '../clients/core/hub.ts';
import type { Hub, HubOptions } from '../clients/core/hub.ts';
import { memoryStorage } from '../clients/core/outbox-storage.ts';
import { CLIENT, Rest } from './support/rest.ts';
import { deviceClock, startLinkedHub } from './support/sdk-stage.ts';
import type { LinkedHub } from './support/sdk-stage.ts';
import { eventually, sleep } from './support/socket-client.ts';

const HOUR = 3_600_000;

let stage: LinkedHub;
let rest: Rest;
const opened: Hub[] = [];

beforeAll(async () => {
  stage = await startLinkedHub();
  rest = new Rest(stage.hub);
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.link.become('up');
  for (const hub of opened.splice(0)) hub.close();
});

async function device(username: string, options: Partial<HubOptions> = {}): Promise<Hub> {
  const hub = createHub({ url: stage.url, clock: deviceClock(), ...options });
  opened.push(hub);
  await hub.signIn(username, 'green-lines');
  await eventually(() => hub.connection.state.phase === 'online');
  return hub;
}

async function offline(hub: Hub): Promise<void> {
  stage.link.become('cut');
  await eventually(() => hub.connection.state.phase === 'connecting');
}

const idOf = (address: string): string => address.slice(address.indexOf('/') + 1);

describe('an actor', () => {
  test('[SDK-10] it is followed, typed, with what may be done and why the rest may not; the same moment is the same object', async () => {
    const hub = await device('approver');
    const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
    expect([actor.copy, actor.following.kind, actor.can('APPROVE')]).toEqual([undefined, 'unwatched', undefined]);
    const moments: unknown[] = [];
    const unheard = actor.onChange(() => void moments.push(actor.moment));
    const unwatch = actor.watch();
    await eventually(() => actor.following.kind === 'live');
    expect(actor.state).toEqual(['draft']);
    expect(actor.matches('draft') && !actor.matches('settled')).toBe(true);
    expect(actor.can('APPROVE')).toMatchObject({ ok: false, reason: 'not_in_state', sentence: expect.stringContaining('state') });
    expect(actor.can('SUBMIT')).toMatchObject({ ok: false, reason: 'forbidden', sentence: 'Your role may not do this.' });
    expect(actor.moment).toBe(actor.moment);
    await rest.send(actor.address, { type: 'SUBMIT' });
    await eventually(() => actor.matches('needs_approval'));
    expect(actor.can('APPROVE')).toMatchObject({ ok: true });
    expect(moments.at(-1)).toBe(actor.moment);
    expect(new Set(moments).size).toBe(moments.length);
    unheard();
    unwatch();
  });

  test('[SDK-11] what is left of a timer is counted by the hub’s clock, on a device whose own is hours wrong', async () => {
    const address = await rest.payment({ amount_minor: 500_000 });
    await rest.send(address, { type: 'SUBMIT' });
    for (const wrong_ms of [-7 * HOUR, 26 * HOUR]) {
      const hub = await device('clerk', { clock: deviceClock(wrong_ms) });
      const actor = hub.actor('payment', idOf(address));
      actor.watch();
      await eventually(() => actor.timers.length > 0 && hub.connection.time.error_ms !== undefined);
      expect(Math.abs(hub.now() - Date.now())).toBeLessThan(5_000);
      const [first, second, ttl] = actor.timers;
      expect([first?.name, second?.name, ttl?.name]).toEqual(['first_reminder', 'second_reminder', 'approval_ttl']);
      for (const [i, timer] of [first, second, ttl].entries()) {
        expect(Math.abs((timer?.remaining_ms ?? 0) - (i + 1) * 24 * HOUR)).toBeLessThan(60_000);
      }
    }
  });

  test('[SDK-12] a command is shown as done at once, then as the hub has done it; a refused one is rolled back', async () => {
    const hub = await device('clerk');
    const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
    actor.watch();
    await eventually(() => actor.copy !== undefined);
    const seen: string[] = [];
    actor.onChange(() => void seen.push(`${actor.copy?.version} ${actor.state.join()} ${actor.copy?.predicted.length}`));
    stage.link.become('silent');
    const { settled } = await actor.enqueue({ type: 'SUBMIT' });
    await eventually(() => actor.matches('needs_approval'));
    expect(actor.copy).toMatchObject({ version: 1, state: ['needs_approval'], tags: ['needs_somebody'], timers: [] });
    expect(actor.confirmed).toMatchObject({ version: 1, state: ['draft'] });
    expect([actor.can('SUBMIT')?.ok, actor.can('CANCEL')?.ok]).toEqual([false, true]);
    stage.link.become('up');
    expect(await settled).toMatchObject({ outcome: 'applied', version: 2 });
    await eventually(() => actor.copy?.version === 2);
    expect(actor.copy).toMatchObject({ state: ['needs_approval'], predicted: [] });
    // It never looked as if nothing had been done.
    expect(seen.filter((line) => line.includes('draft')).every((line) => line === seen[0])).toBe(true);

    await offline(hub);
    const cancel = await actor.enqueue({ type: 'CANCEL', reason: 'twice' });
    await eventually(() => actor.matches('canceled'));
    await rest.send(actor.address, { type: 'DENY', reason: 'no' }, 'approver');
    stage.link.become('up');
    hub.connection.nudge();
    expect(await cancel.settled).toMatchObject({ outcome: 'refused', refusal: { code: 'not_in_state' } });
    await eventually(() => actor.matches('declined'));
    expect(actor.copy?.predicted).toEqual([]);
  });

  test('[SDK-13] what is sent directly is answered or not, waits for what is kept, and is shown at once if that is wanted', async () => {
    const hub = await device('clerk');
    const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
    actor.watch();
    await eventually(() => actor.copy !== undefined);
    await offline(hub);
    await actor.enqueue({ type: 'AMEND', reference: 'first' });
    const direct = actor.send({ type: 'SUBMIT' }, { optimistic: true });
    await eventually(() => actor.matches('needs_approval'));
    expect(await actor.send({ type: 'CANCEL' }, { patience_ms: 50 })).toEqual({ outcome: 'unanswered' });
    stage.link.become('up');
    hub.connection.nudge();
    expect(await direct).toMatchObject({ outcome: 'applied', version: 3 });
    await eventually(() => actor.copy?.version === 3);
    expect(actor.copy).toMatchObject({ predicted: [], context: { reference: 'first' }, state: ['needs_approval'] });
    expect(await actor.send({ type: 'CAPTURE' })).toMatchObject({ outcome: 'rejected', code: 'not_in_state', can: expect.any(Array) });
    expect(await actor.send({ type: 'AMEND', reference: 'x' }, { ifVersion: 1 })).toMatchObject({
      outcome: 'rejected',
      code: 'version_mismatch',
    });
  });

  test('[SDK-14] an actor is created now, or kept until it can be, and what is meant for it follows in its order', async () => {
    const hub = await device('clerk');
    const input = { client: 'acme', payee: 'Bolt', amount_minor: 900_000, currency: 'EUR', reference: 'INV-1' } as const;
    const { actor, result } = await hub.create('payment', input);
    expect(result).toEqual({ outcome: 'applied', version: 1 });
    expect((await hub.create('payment', input, { id: actor.id })).result).toEqual({ outcome: 'duplicate', version: 1 });
    await offline(hub);
    const late = hub.actor('payment', `pay_${crypto.randomUUID().slice(0, 8)}`);
    await late.enqueueCreate(input);
    await late.enqueue({ type: 'AMEND', reference: 'INV-2' });
    const { settled } = await late.enqueue({ type: 'SUBMIT' });
    stage.link.become('up');
    hub.connection.nudge();
    expect(await settled).toMatchObject({ outcome: 'applied', version: 3 });
    late.watch();
    await eventually(() => late.matches('needs_approval'));
    expect(late.copy?.context.reference).toBe('INV-2');
  });
});

describe('what is watched before it is there', () => {
  test('[SDK-40] it comes to life as soon as it is created, whether now or from what was kept', async () => {
    const hub = await device('clerk');
    const input = { client: 'acme', payee: 'Bolt', amount_minor: 900_000, currency: 'EUR', reference: 'INV-3' } as const;
    const early = hub.actor('payment', `pay_${crypto.randomUUID().slice(0, 8)}`);
    early.watch();
    await eventually(() => early.following.kind === 'refused');
    expect(await early.create(input)).toMatchObject({ outcome: 'applied' });
    await eventually(() => early.copy?.version === 1);
    await offline(hub);
    const late = hub.actor('payment', `pay_${crypto.randomUUID().slice(0, 8)}`);
    late.watch();
    await late.enqueueCreate(input);
    stage.link.become('up');
    hub.connection.nudge();
    await eventually(() => late.copy?.version === 1);
    expect(late.following.kind).toBe('live');
  });
});

describe('a list', () => {
  test('[SDK-15] it is followed and typed; what is asked in other words is the same list', async () => {
    const hub = await device('clerk');
    const reference = 'Listed alone';
    const list = hub.list({ type: 'payment', state: 'needs_approval', q: reference, limit: 5 });
    list.watch();
    await eventually(() => list.following.kind === 'live');
    expect([list.rows, list.total]).toEqual([[], 0]);
    const address = await rest.payment({ amount_minor: 500_000, reference });
    await rest.send(address, { type: 'SUBMIT' });
    await eventually(() => list.total === 1);
    expect(list.rows).toMatchObject([{ address, state: ['needs_approval'], context: { reference } }]);
    expect(hub.list({ limit: 5, q: ` ${reference}`, type: 'payment', state: 'needs_approval' }).rows).toBe(list.rows);
  });
});

describe('people', () => {
  test('[SDK-16] signing out says what is kept and not done; with `keep` it waits for the same person, and the next one neither sees nor sends it', async () => {
    const storage = memoryStorage();
    const hub = await device('clerk', { storage });
    const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
    actor.watch();
    await eventually(() => actor.copy !== undefined);
    const refused = await actor.enqueue({ type: 'CAPTURE' });
    await refused.settled;
    await offline(hub);
    await actor.enqueue({ type: 'SUBMIT' });
    expect(await hub.signOut()).toEqual({ signedOut: false, waiting: 1, tray: 1 });
    expect(hub.who?.username).toBe('clerk');
    expect(await hub.signOut({ keep: true })).toEqual({ signedOut: true });
    expect([hub.who, hub.outbox.all, hub.tray, actor.copy]).toEqual([undefined, [], [], undefined]);
    await expect(actor.enqueue({ type: 'CANCEL' })).rejects.toMatchObject({ code: 'unauthenticated' });
    stage.link.become('up');

    await hub.signIn('approver', 'green-lines');
    // What the screen still watches is followed for the one who has signed in now.
    await eventually(() => actor.following.kind === 'live');
    expect([hub.outbox.all, actor.can('APPROVE')?.reason]).toEqual([[], 'not_in_state']);
    await sleep(300);
    expect(actor.state).toEqual(['draft']);
    expect(await hub.signOut()).toEqual({ signedOut: true });

    await hub.signIn('clerk', 'green-lines');
    await eventually(() => actor.matches('needs_approval'));
    await eventually(() => hub.outbox.all.length === 1);
    expect(hub.tray).toMatchObject([{ event: { type: 'CAPTURE' }, code: 'not_in_state' }]);
  });

  test('[SDK-17] the tray follows what its actor has become, and leads out of it', async () => {
    const hub = await device('clerk');
    const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
    actor.watch();
    await eventually(() => actor.copy !== undefined);
    await offline(hub);
    const { kept, settled } = await actor.enqueue({ type: 'SUBMIT' });
    await rest.send(actor.address, { type: 'SUBMIT' });
    stage.link.become('up');
    hub.connection.nudge();
    await settled;
    await eventually(() => (hub.tray[0]?.happened.length ?? 0) > 0);
    const [item] = hub.tray;
    expect(item).toMatchObject({
      id: kept.id,
      now: { version: 2, state: ['needs_approval'] },
      since: { version: 2, event: 'SUBMIT', by: 'clerk' },
    });
    expect(item?.happened).toMatchObject([{ version: 2, event: 'SUBMIT', by: 'clerk' }]);
    expect(hub.tray).toBe(hub.tray);
    await rest.send(actor.address, { type: 'DENY', reason: 'no' }, 'approver');
    await eventually(() => hub.tray[0]?.now?.version === 3);
    expect(hub.tray[0]).toMatchObject({ now: { state: ['declined'] }, since: { event: 'DENY', by: 'approver', version: 3 }, ways: [] });
    await expect(hub.outbox.retry(kept.id).then((again) => again.settled)).resolves.toMatchObject({ outcome: 'refused' });
    expect(hub.tray.map(({ id }) => id)).not.toContain(kept.id);
    await hub.outbox.discard(hub.tray[0]?.id ?? '');
    expect(hub.tray).toEqual([]);
  });

  test('[SDK-18] a customer is told in the tray what he may know, and nothing of the journal', async () => {
    await rest.create('client', { id: 'acme', input: CLIENT });
    const hub = await device('acme');
    const actor = hub.actor('client', 'acme');
    actor.watch();
    await eventually(() => actor.copy !== undefined);
    await rest.send('client/acme', { type: 'CLOSE' }, 'approver');
    const { settled } = await actor.enqueue({ type: 'SUBMIT', documents: ['a.pdf'], bank_account: 'DE89370400440532013000' });
    expect(await settled).toMatchObject({ outcome: 'refused', refusal: { code: 'not_in_state' } });
    await eventually(() => hub.tray[0]?.now !== undefined);
    expect(hub.tray).toMatchObject([{ now: { state: ['closed'] }, happened: [], ways: [] }]);
    expect(JSON.stringify(hub.tray)).not.toContain('sandbox_checks');
  });
});

test('[SDK-23] a hub that is closed leaves nothing behind that would keep a process alive', async () => {
  const clock = deviceClock();
  const hub = await device('clerk', { clock });
  const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
  actor.watch()();
  const list = hub.list({ type: 'payment' });
  list.watch();
  await actor.until(({ copy }) => copy !== undefined);
  await (
    await actor.enqueue({ type: 'AMEND', reference: 'x' })
  ).settled;
  await (
    await actor.enqueue({ type: 'CAPTURE' })
  ).settled;
  await actor.send({ type: 'SUBMIT' }, { optimistic: true });
  await offline(hub);
  await actor.enqueue({ type: 'CANCEL' });
  expect(clock.pending()).toBeGreaterThan(0);
  hub.close();
  await sleep(50);
  expect(clock.pending()).toBe(0);
});

test('[SDK-24] who waits for an actor is told when it is so, when he may not see it, and when it takes too long', async () => {
  const hub = await device('clerk');
  const actor = hub.actor('payment', idOf(await rest.payment({ amount_minor: 500_000 })));
  const soon = actor.until(() => actor.matches('needs_approval'));
  await rest.send(actor.address, { type: 'SUBMIT' });
  expect((await soon).copy?.state).toEqual(['needs_approval']);
  await expect(actor.until(() => actor.matches('settled'), { patience_ms: 100 })).rejects.toMatchObject({ code: 'not_yet' });
  await expect(hub.actor('payment', 'none').until(() => false)).rejects.toMatchObject({ code: 'not_found' });
});
