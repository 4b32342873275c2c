import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machines } from '../machines/machines.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { InspectorSocket, Receiver, askTicket, ticketUrl } from './support/inspector.ts';
import { CLIENT, Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { eventually, sleep } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ machines: [shelf] });
  rest = new Rest(hub);
  // Payments ask their client; nothing is charged where it is not active, so their way ends in `declined`.
  await rest.create('client', { id: 'acme', input: CLIENT });
});
afterAll(() => hub.stop());

let made = 0;
async function newShelf(label = 'red'): Promise<string> {
  const { body } = await rest.create('shelf', { id: `i${made++}`, input: { client: 'acme', label, secret: 'SECRET-1' } });
  return String(body['address']);
}

async function label(address: string, count: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) expect((await rest.send(address, { type: 'LABEL', label: `l${n}` })).status).toBe(200);
}

describe('the receiver of @statelyai/inspect', () => {
  test('[INSP-1] is introduced to a payment and shown every event and snapshot as it goes through its states', async () => {
    const payment = await rest.payment({ amount_minor: 500_000 });
    const receiver = await Receiver.of(hub, payment);
    await receiver.until(() => receiver.states(payment).length === 1);
    await rest.send(payment, { type: 'SUBMIT' });
    const { body } = await rest.get(`/v1/actors/${payment}`, 'approver');
    const { payload_hash: hash } = body['context'] as { payload_hash: string };
    await rest.send(payment, { type: 'APPROVE', hash }, 'approver');
    await receiver.until(() => receiver.states(payment).includes('declined'));
    const [first, ...steps] = receiver.about(payment);
    expect(first).toMatchObject({ type: '@xstate.actor', sessionId: payment, rootId: payment, name: payment, _version: '0.7.2' });
    expect(steps.map(({ type }) => type)).toEqual(receiver.events(payment).flatMap(() => ['@xstate.event', '@xstate.snapshot'] as const));
    const definition = JSON.parse((first as StatelyInspectionEvent & { type: '@xstate.actor' }).definition ?? '') as object;
    expect(definition).toMatchObject({
      id: 'payment',
      initial: 'draft',
      states: { needs_approval: { on: { DENY: { target: 'declined' } } } },
    });
    expect(receiver.events(payment).slice(0, 3)).toEqual(['@create', 'SUBMIT', 'APPROVE']);
    expect(receiver.states(payment).slice(0, 2)).toEqual(['draft', 'needs_approval']);
    const approve = receiver.about(payment).find((frame) => frame.type === '@xstate.event' && frame.event.type === 'APPROVE');
    expect(approve).toMatchObject({ event: { type: 'APPROVE', by: 'approver', hash }, id: `${payment}@3` });
    for (const frame of receiver.frames) {
      expect(frame.createdAt).toMatch(/^\d{13}$/);
      expect(Math.abs(Number(frame.createdAt) - Date.now())).toBeLessThan(60_000);
    }
  });

  test('[INSP-2] comes late and gets the actor as it was fifty steps ago, those steps, and then what is committed', async () => {
    const address = await newShelf();
    await label(address, 60);
    const receiver = await Receiver.of(hub, address);
    await receiver.until(() => receiver.states(address).length === 50);
    await label(address, 3, 60);
    await receiver.until(() => receiver.states(address).length === 53);
    const [actor, ...steps] = receiver.about(address);
    expect(actor).toMatchObject({ type: '@xstate.actor', id: `${address}@11`, snapshot: { context: { label: 'l9' } } });
    expect(steps.filter(({ type }) => type === '@xstate.event').map(({ id }) => id)).toEqual(
      Array.from({ length: 53 }, (_, n) => `${address}@${n + 12}`),
    );
    expect(receiver.events(address).every((type) => type === 'LABEL')).toBe(true);
  });

  test('[INSP-3] loses and repeats nothing at the seam between the journal and what is committed meanwhile', async () => {
    const address = await newShelf();
    await label(address, 5);
    let going = true;
    const traffic = (async () => {
      for (let n = 0; going; n++) await rest.send(address, { type: 'LABEL', label: `t${n}` });
    })();
    const sockets = [];
    for (let n = 0; n < 5; n++) sockets.push(await InspectorSocket.of(hub, address));
    await sleep(200);
    going = false;
    await traffic;
    const { body } = await rest.get(`/v1/actors/${address}`, 'developer');
    for (const socket of sockets) {
      await eventually(() => socket.versions(address).at(-1) === body['version']);
      const versions = socket.versions(address);
      expect(versions).toEqual(versions.map((_, n) => (versions[0] ?? 0) + n));
      expect(socket.frames.filter(({ type }) => type === '@xstate.actor')).toHaveLength(1);
      socket.close();
    }
  });

  test('[INSP-4] is shown every kind of actor there is and every new one, where it looks at everything', async () => {
    const before = await newShelf();
    const receiver = await Receiver.of(hub, '*');
    await receiver.until(() => receiver.states(before).length === 1);
    await receiver.until(() => receiver.about('client/acme').length > 0 && receiver.about('integration/sandbox').length > 0);
    const after = await newShelf();
    await rest.send(after, { type: 'WORK' });
    await receiver.until(() => receiver.states(after).length === 2);
    expect(receiver.states(after)).toEqual([
      { work: 'idle', door: 'shut' },
      { work: { busy: 'calm' }, door: 'shut' },
    ]);
  });

  test('[INSP-5] sees timers and calls under way in a snapshot', async () => {
    const address = await newShelf();
    const socket = await InspectorSocket.of(hub, address);
    for (const type of ['WORK', 'HEAT']) await rest.send(address, { type });
    await eventually(() => socket.versions(address).length === 3);
    const { snapshot } = socket.frames.at(-1) as Extract<(typeof socket.frames)[number], { type: '@xstate.snapshot' }>;
    expect(snapshot.tags).toEqual(['hot']);
    expect(Object.entries(snapshot.timers)).toEqual([['xstate.after.5000.shelf.work.busy.hot', expect.stringMatching(/^\d{4}-.*Z$/)]]);
    socket.close();
    const payment = await Receiver.of(hub, 'payment');
    const paid = await rest.payment();
    await rest.send(paid, { type: 'SUBMIT' });
    await payment.until(() => JSON.stringify(payment.about(paid)).includes('"src":"ask"'));
  });
});

describe('a ticket', () => {
  test('[INSP-6] is for developers, and for what they may see', async () => {
    expect(await askTicket(hub, { target: '*' }, 'acme')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await askTicket(hub, { target: 'client/acme' }, 'acme')).toMatchObject({ status: 403 });
    expect(await askTicket(hub, { target: '*' }, 'clerk')).toMatchObject({ status: 403 });
    expect(await askTicket(hub, { target: 'payment/none' })).toMatchObject({ status: 404 });
    expect(await askTicket(hub, { target: 'nothing' })).toMatchObject({ status: 404 });
    expect(await askTicket(hub, { target: 'payment/' })).toMatchObject({ status: 400 });
    expect(await askTicket(hub, { target: 'client/acme', sample: 0.5 })).toMatchObject({ status: 400 });
    expect(await askTicket(hub, { target: '*', sample: 0 })).toMatchObject({ status: 422 });
    const { status, body } = await askTicket(hub, { target: '*', sample: 0.5, rate: 10 });
    expect([status, Object.keys(body)]).toEqual([200, ['url']]);
    expect(String(body['url'])).toMatch(new RegExp(`^${hub.url}/inspect/\\?ticket=[A-Za-z0-9_-]{43}$`));
  });

  test('[INSP-7] is good for one connection, and without one there is no socket', async () => {
    const url = await ticketUrl(hub, 'client/acme');
    const bare = url.slice(0, url.indexOf('?'));
    const tries = ['', '?ticket=', `?ticket=${'A'.repeat(43)}`, `?ticket=${await hub.token('developer')}`];
    for (const search of tries) {
      const socket = new InspectorSocket(bare + search);
      await eventually(() => socket.refused !== undefined);
      expect(socket.refused).toBe(401);
    }
    const foreign = new InspectorSocket(url, { headers: { origin: 'https://evil.example' } });
    await eventually(() => foreign.refused !== undefined);
    expect(foreign.refused).toBe(403);
    const first = new InspectorSocket(url.replace('/inspect/', '/inspect/socket'), { plain: true });
    await eventually(() => first.frames.length > 0);
    const second = new InspectorSocket(url);
    await eventually(() => second.refused !== undefined);
    expect(second.refused).toBe(401);
    first.close();
  });

  test('[INSP-8] of the next connection comes with each, takes the place of the one before, and is used up like it', async () => {
    const first = await InspectorSocket.of(hub, 'client/acme');
    const page = hub.url.replace(/^http/, 'ws');
    const resume = `${page}/inspect/socket?ticket=${first.session?.resume}`;
    const second = new InspectorSocket(resume);
    await eventually(() => second.session !== undefined && first.closed !== undefined);
    expect(first.closed?.code).toBe(4409);
    const third = new InspectorSocket(resume);
    await eventually(() => third.refused !== undefined);
    second.close();
    const fourth = new InspectorSocket(`${page}/inspect/socket?ticket=${second.session?.resume}`);
    await eventually(() => fourth.frames.length > 0);
    expect(fourth.session).toMatchObject({ person: 'developer', target: 'client/acme', stately: false });
    fourth.close();
  });
});

test('[INSP-9] A developer whose role is withdrawn is cut off within a second, and nothing that he holds opens anything any more', async () => {
  const put = (roles: readonly string[]) =>
    rest.call('PUT', '/v1/people/leaver', { as: 'admin', body: { roles, password: 'green-lines-2' } });
  expect((await put(['developer'])).status).toBe(200);
  const { accessToken } = await hub.signIn('leaver', 'green-lines-2');
  const ask = async (): Promise<string> => {
    const { body } = await rest.call('POST', '/v1/inspect/tickets', { token: accessToken, body: { target: 'shelf' } });
    return String(body['url']).replace(/^http/, 'ws');
  };
  const address = await newShelf();
  const socket = new InspectorSocket(await ask());
  const unused = await ask();
  await eventually(() => socket.versions(address).length === 1);
  const { resume } = socket.session ?? { resume: '' };
  const withdrawn = performance.now();
  expect((await put(['clerk'])).status).toBe(200);
  await eventually(() => socket.closed !== undefined, 1000);
  expect([socket.closed?.code, performance.now() - withdrawn < 1000]).toEqual([4403, true]);
  const shown = socket.frames.length;
  await label(address, 2);
  expect(socket.frames).toHaveLength(shown);
  for (const url of [unused, `${hub.url.replace(/^http/, 'ws')}/inspect/socket?ticket=${resume}`]) {
    const again = new InspectorSocket(url);
    await eventually(() => again.refused !== undefined);
    expect(again.refused).toBe(401);
  }
});

test('[INSP-10] What looks like a secret is not shown, whichever field it is in', async () => {
  const address = await newShelf();
  const socket = await InspectorSocket.of(hub, address);
  await rest.send(address, { type: 'HIDE', secret: 'SECRET-2' });
  await rest.send(address, { type: 'SET', n: 1, list: ['Bearer abcdefghijklmnop'], note: 'card 4242 4242 4242 4242' });
  await eventually(() => socket.versions(address).length === 3);
  const all = JSON.stringify(socket.frames);
  for (const secret of ['SECRET-1', 'SECRET-2', 'abcdefghijklmnop', '4242']) expect(all).not.toContain(secret);
  expect(all).toContain('"secret":"[secret]"');
  socket.close();
});

test('[INSP-11] A sample shows whole actors, the same to everybody, and all of them to whoever asks for all', async () => {
  const sockets = [await InspectorSocket.of(hub, 'shelf', { sample: 0.5 }), await InspectorSocket.of(hub, 'shelf', { sample: 0.5 })];
  const addresses: string[] = [];
  for (let n = 0; n < 24; n++) addresses.push(await newShelf());
  for (const address of addresses) await label(address, 1);
  const all = await InspectorSocket.of(hub, 'shelf');
  await eventually(() => addresses.every((address) => all.versions(address).length === 2));
  const shown = sockets.map((socket) => addresses.filter((address) => socket.versions(address).length === 2));
  expect(shown[0]).toEqual(shown[1]);
  expect(shown[0]?.length).toBeGreaterThan(3);
  expect(shown[0]?.length).toBeLessThan(21);
  for (const socket of sockets) for (const address of addresses) expect([0, 2], address).toContain(socket.versions(address).length);
  for (const socket of [...sockets, all]) socket.close();
});

test('[INSP-12] More than the rate is left out by whole stretches, each begun anew, and the inspector says how much', async () => {
  const socket = await InspectorSocket.of(hub, 'shelf', { rate: 20 });
  const addresses = [await newShelf(), await newShelf()];
  await Promise.all(addresses.map((address) => label(address, 120)));
  await eventually(() => socket.frames.some(({ sessionId }) => sessionId === '@inspector'), 20_000);
  const own = socket.frames.filter(({ sessionId }) => sessionId === '@inspector');
  expect(own.map(({ type }) => type).slice(0, 3)).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot']);
  await eventually(() => addresses.every((address) => socket.versions(address).at(-1) === 121), 40_000);
  for (const address of addresses) {
    const about = socket.frames.filter(({ sessionId }) => sessionId === address);
    // Behind an introduction comes the next step, or the first one of all.
    let next: readonly number[] = [];
    for (const { type, id } of about) {
      const version = Number(id.split('@')[1]);
      if (type === '@xstate.actor') next = version === 1 ? [1, 2] : [version + 1];
      else if (type === '@xstate.event') {
        expect(next).toContain(version);
        next = [version + 1];
      }
    }
  }
  const missing = addresses.reduce((sum, address) => sum + 121 - socket.versions(address).length, 0);
  const counted = () => socket.frames.findLast(({ sessionId, type }) => sessionId === '@inspector' && type === '@xstate.snapshot');
  await eventually(() => JSON.stringify(counted()).includes(`"left_out_steps":${missing}`));
  socket.close();
});

test('[INSP-13] The definition of every machine crosses the wire as JSON, and to the page its chart, once', async () => {
  const page = await InspectorSocket.of(hub, '*');
  const receiver = await Receiver.of(hub, '*');
  await rest.payment();
  await rest.create('rates', { input: { integration: 'sandbox_rates' } }, 'operator');
  await rest.create('account', { input: { client: 'acme', name: 'Acme, day to day', currency: 'EUR' } });
  await rest.create('limit', { id: 'acme', input: { client: 'acme' } });
  const about = { payment: 'none', client: 'acme', amount_minor: 1, currency: 'EUR', reason: 'fraudulent' };
  await rest.create('dispute', { input: { ...about, gateway: 'sandbox', due_by: 4_102_444_800_000, kind: 'inquiry' } });
  await rest.create('period', { id: '2026-01', input: { month: '2026-01' } }, 'cfo');
  await rest.create('import', { input: { name: 'clients.csv', target: 'client' } });
  await rest.create('feed', { input: { integration: 'none', model: 'partner' } }, 'operator');
  await rest.create('binding', { input: { integration: 'none', model: 'partner', actor: 'client/acme' } }, 'operator');
  await rest.create('bill', { input: { supplier: 'acme', direction: 'in', currency: 'EUR', total_minor: 1 } });
  // Nobody makes a booking: bills do.
  const made = machines.map(({ type }) => type).filter((type) => type !== 'booking');
  await receiver.until(() => made.every((type) => receiver.frames.some(({ sessionId }) => sessionId.startsWith(`${type}/`))));
  for (const frame of receiver.frames) if (frame.type === '@xstate.actor') expect(JSON.parse(frame.definition ?? '')).toHaveProperty('id');
  await eventually(() => made.every((type) => page.charts.includes(type)));
  expect(new Set(page.charts).size).toBe(page.charts.length);
  page.close();
});
