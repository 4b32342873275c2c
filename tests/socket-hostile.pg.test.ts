import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PARK_BYTES } from '../hub/socket/outbox.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { RawSocket } from './support/raw-socket.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { eventually, sleep } from './support/socket-client.ts';

/* Clients that do with a connection what no client library would. */

const PASSWORD = 'leaver-only-password';

let hub: TestHub;
let rest: Rest;
beforeAll(async () => {
  hub = await startTestHub({ machines: [shelf] });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

const opened: RawSocket[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

async function raw(): Promise<RawSocket> {
  const socket = new RawSocket(hub.url);
  opened.push(socket);
  await eventually(() => socket.heard.length > 0);
  return socket;
}

async function signedIn(username: string): Promise<RawSocket> {
  const socket = await raw();
  socket.text(`40${JSON.stringify({ token: await hub.token(username) })}`);
  await eventually(() => socket.heard.some((message) => message.startsWith('40')));
  return socket;
}

async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

test('[SYNC-107] whoever asks for a namespace is cut off unanswered, signed in or not', async () => {
  for (const socket of [await raw(), await signedIn('clerk')]) {
    const heard = socket.heard.length;
    socket.text(`40/${'x'.repeat(60_000)},`);
    await eventually(() => socket.closed);
    expect(socket.heard.slice(heard).filter((message) => message.includes('xxxx'))).toEqual([]);
  }
});

test('[SYNC-108] a connection that nobody stands behind any more is ended', async () => {
  const socket = await signedIn('clerk');
  socket.text('41');
  await eventually(() => socket.closed);
});

test('[SYNC-109] on one connection only so many tokens are tried', async () => {
  const socket = await raw();
  for (let tries = 0; tries < 20 && !socket.closed; tries++) {
    socket.text(`40${JSON.stringify({ token: `guess-${tries}` })}`);
    await sleep(50);
  }
  await eventually(() => socket.closed);
  expect(socket.heard.filter((message) => message.startsWith('44')).length).toBeLessThanOrEqual(5);
});

test('[SYNC-110] who sends commands and does not read their answers is cut off before they cost much', async () => {
  const address = await rest.payment({ amount_minor: 900 });
  const socket = await signedIn('clerk');
  socket.pause();
  const command = { to: address, event: { type: 'SUBMIT' }, ifVersion: 77 };
  let most = 0;
  for (let n = 0; n < 8_000 && !socket.closed; n++) {
    socket.text(`42${n}${JSON.stringify(['command', { ...command, id: `unread-${n}` }])}`);
    if (n % 100 === 0) {
      await sleep(50);
      most = Math.max(most, await gauge('hub_socket_queued_bytes'));
      if ((await gauge('hub_sockets')) === 0) break;
    }
  }
  await eventually(async () => (await gauge('hub_sockets')) === 0);
  expect(most).toBeLessThan(8e6);
}, 60_000);

test.each(['withdrawn', 'disabled'])(
  '[RIGHTS-5] what is on its way to a client that does not read is not delivered once its person is %s',
  async (how) => {
    const username = `leaver_${how}`;
    const allow = (rights: object) => rest.call('PUT', `/v1/people/${username}`, { as: 'admin', body: rights });
    await allow({ roles: ['clerk'], password: PASSWORD });
    const made = await rest.create('shelf', { input: { client: 'acme', label: 'x', secret: 's' } });
    const address = String(made.body['address']);
    const { accessToken: token } = await hub.signIn(username, PASSWORD);
    const socket = await raw();
    socket.text(`40${JSON.stringify({ token })}`);
    await eventually(() => socket.heard.some((message) => message.startsWith('40')));
    socket.text(`420${JSON.stringify(['subscribe', [{ topic: address }]])}`);
    await eventually(() => socket.heard.some((message) => message.includes('"snapshot"')));
    socket.pause();
    let n = 0;
    for (; n < 400 && (await gauge('hub_sockets_parked')) === 0; n++)
      await rest.send(address, { type: 'SET', n, list: [], note: `NOTE-${n} ${'x'.repeat(30_000)}` });
    expect(await gauge('hub_sockets_parked')).toBe(1);
    await allow(how === 'disabled' ? { roles: ['clerk'], disabled: true } : { roles: [] });
    await eventually(async () => (await gauge('hub_sockets_parked')) === 0);
    await sleep(1_000);
    const heard = socket.heard.length;
    socket.resume();
    await eventually(() => socket.closed);
    // What had reached the device's own system nobody can take back; it is at most what a client that does not read is sent.
    const late = socket.heard.slice(heard).filter((message) => message.includes('NOTE-'));
    expect(late.join('').length).toBeLessThan(PARK_BYTES + 64 * 1024);
  },
  60_000,
);
