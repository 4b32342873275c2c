import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../hub/config.ts';
import { Metrics } from '../hub/observe/metrics.ts';
import { openLog } from '../hub/observe/log.ts';
import { openSockets } from '../hub/socket/server.ts';
import { PROTOCOL_VERSION } from '../hub/protocol/messages.ts';
import type { SubscribeAck } from '../hub/protocol/messages.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { RawSocket } from './support/raw-socket.ts';
import { SocketClient, eventually, sleep } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;
beforeAll(async () => {
  hub = await startTestHub({ machines: [shelf], origins: ['https://portal.example'] });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

async function connect(username: string): Promise<SocketClient> {
  const client = await SocketClient.of(hub, username);
  opened.push(client);
  return client;
}

/** What a refused connection is told. */
async function refusal(url: string, auth: object | undefined, headers: Record<string, string> = {}): Promise<unknown> {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
    ...(auth === undefined ? {} : { auth }),
  });
  opened.push({ close: () => void socket.disconnect() });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('connect_error', (error: Error & { data?: { code?: string } }) => resolve(error.data?.code ?? error.message));
  });
}

async function raw(username: string): Promise<RawSocket> {
  const socket = new RawSocket(hub.url);
  opened.push(socket);
  await eventually(() => socket.heard.length > 0);
  socket.text(`40${JSON.stringify({ token: await hub.token(username) })}`);
  await eventually(() => socket.heard.some((message) => message.startsWith('40')));
  return socket;
}

describe('a connection', () => {
  test('[SYNC-61] a connection begins with a hello that says the protocol, the node and where else to go', async () => {
    const client = await connect('clerk');
    await client.until('hello');
    expect(client.frames[0]).toEqual({
      kind: 'hello',
      protocol: PROTOCOL_VERSION,
      node: hub.hub.node,
      urls: [hub.url],
      now: expect.any(String),
    });
  });

  test('[SYNC-62] a connection is refused without a good token, and to a client of another protocol', async () => {
    const token = await hub.token('clerk');
    expect(await refusal(hub.url, { token })).toBe('connected');
    expect(await refusal(hub.url, { token, protocol: PROTOCOL_VERSION })).toBe('connected');
    expect(await refusal(hub.url, { token, protocol: `${PROTOCOL_VERSION}.7` })).toBe('connected');
    expect(await refusal(hub.url, { token, protocol: PROTOCOL_VERSION + 1 })).toBe('protocol');
    expect(await refusal(hub.url, { token, protocol: 'x' })).toBe('protocol');
    expect(await refusal(hub.url, { token: `${token}x` })).toBe('unauthenticated');
    for (const auth of [
      undefined,
      {},
      { token: '' },
      { token: null },
      { token: { $ne: '' } },
      { token: 'x'.repeat(5000) },
      { token: [token] },
    ]) {
      expect(await refusal(hub.url, auth)).toBe('unauthenticated');
    }
  });

  test('[SYNC-63] a page of a foreign origin is refused before anything else; our own are let in', async () => {
    const token = await hub.token('clerk');
    const answer = async (origin: string): Promise<string> => {
      const socket = new RawSocket(hub.url, { Origin: origin, Cookie: `token=${token}` });
      opened.push(socket);
      await eventually(() => socket.open || socket.closed);
      return socket.open ? 'open' : socket.refusal;
    };
    expect(await answer('https://evil.example')).toMatch(/^HTTP\/1\.1 400 [^]*foreign_origin/);
    expect(await answer('null')).toMatch(/foreign_origin/);
    expect(await answer('https://portal.example')).toBe('open');
    expect(await answer(hub.url)).toBe('open');
  });

  test('[SYNC-64] before there is a hub behind it the door says that it is not ready; it speaks WebSocket only', async () => {
    const server = createServer();
    const sockets = openSockets(server, {
      config: readConfig({}),
      log: openLog({ level: 'silent', terminal: false, node: 'n' }),
      metrics: new Metrics(),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await refusal(url, { token: 'x' })).toBe('not_ready');
    expect((await fetch(`${hub.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(400);
    await sockets.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('[SYNC-98] an address that begins more connections than anybody needs is refused the rest, and others are not', async () => {
    const server = createServer();
    const config = readConfig({ HUB_PROXIES: '127.0.0.1' });
    const log = openLog({ level: 'silent', terminal: false, node: 'n' });
    const sockets = openSockets(server, { config, log, metrics: new Metrics() }, { burst: 3, perSecond: 0.01, patience: 100 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const from = async (address: string): Promise<string> => {
      const socket = new RawSocket(url, { 'X-Forwarded-For': address });
      opened.push(socket);
      await eventually(() => socket.open || socket.closed);
      return socket.open ? 'open' : socket.refusal;
    };
    for (let i = 0; i < 3; i++) expect(await from('192.0.2.7')).toBe('open');
    expect(await from('192.0.2.7')).toMatch(/^HTTP\/1\.1 400 [^]*rate_limited/);
    expect(await from('192.0.2.8')).toBe('open');
    await sockets.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('[SYNC-65] a connection carries one socket, however often it says CONNECT', async () => {
    const one = new RawSocket(hub.url);
    opened.push(one);
    await eventually(() => one.heard.length > 0);
    const connecting = `40${JSON.stringify({ token: await hub.token('clerk') })}`;
    for (let i = 0; i < 5; i++) one.text(connecting);
    // While the first is looked at the others are refused; afterwards the connection is closed for it.
    await eventually(() => one.closed || one.heard.some((message) => message.startsWith('44') && message.includes('bad_request')));
    await sleep(50);
    expect(one.heard.filter((message) => message.startsWith('40')).length).toBeLessThanOrEqual(1);
  });
});

test('[SYNC-65] a connection that was refused may show a better token', async () => {
  const one = new RawSocket(hub.url);
  opened.push(one);
  await eventually(() => one.heard.length > 0);
  one.text('40{"token":"x"}');
  await eventually(() => one.heard.some((message) => message.includes('unauthenticated')));
  one.text(`40${JSON.stringify({ token: await hub.token('clerk') })}`);
  await eventually(() => one.heard.some((message) => message.includes('"hello"')));
});

describe('rights', () => {
  const put = async (username: string, body: object): Promise<void> => {
    expect((await rest.call('PUT', `/v1/people/${username}`, { as: 'admin', body })).status).toBe(200);
  };

  /** Somebody of one's own to change the rights of. */
  async function person(username: string, rights: object): Promise<SocketClient> {
    await put(username, { ...rights, password: 'green-lines' });
    const client = await SocketClient.connect(hub.url, (await hub.signIn(username)).accessToken);
    opened.push(client);
    return client;
  }

  test('[SYNC-66] rights that are taken away take the copies along at once; what remains is shown anew under another epoch', async () => {
    const eve = await person('eve', { roles: ['clerk'] });
    const actor = await rest.payment();
    const { sub, epoch } = await eve.follow(actor);
    const list = await eve.follow('payment?limit=5');
    await put('eve', { roles: ['auditor'] });
    const snapshot = await eve.until('snapshot', (frame) => frame.sub === sub && frame.epoch !== epoch);
    expect(snapshot).toMatchObject({ can: [] });
    await eve.until('resync', (frame) => frame.sub === list.sub);
    await eve.until('expiring');
    expect(await eve.ask('authenticate', { token: (await hub.signIn('eve')).accessToken })).toMatchObject({ ok: true });
    await put('eve', { roles: ['agent'] });
    await eve.until('revoked', (frame) => frame.sub === sub);
  });

  test('[SYNC-67] nobody acts under rights that changed before he has shown a new token; without one the connection ends', async () => {
    const mallory = await person('mallory', { roles: ['clerk'] });
    const actor = await rest.payment();
    await put('mallory', { roles: ['clerk', 'approver'] });
    await mallory.until('expiring');
    const late = mallory.command(actor, 'SUBMIT').catch(() => 'unanswered');
    const bye = await mallory.until('bye');
    expect(bye).toMatchObject({ reason: 'token_expired' });
    await eventually(() => mallory.socket.disconnected);
    expect(await late).not.toMatchObject({ outcome: 'applied' });
    expect((await rest.get(`/v1/actors/${actor}`, 'clerk')).body).toMatchObject({ version: 1 });
  });

  test('[SYNC-68] whoever may not come in any more is cut off at once, and nothing of what he had remains', async () => {
    const trent = await person('trent', { roles: ['clerk'] });
    const actor = await rest.payment();
    const { sub } = await trent.follow(actor);
    await put('trent', { roles: ['clerk'], disabled: true });
    await trent.until('revoked', (frame) => frame.sub === sub);
    expect(await trent.until('bye')).toMatchObject({ reason: 'unauthenticated' });
    await eventually(() => trent.socket.disconnected);
  });

  test('[SYNC-69] a session is renewed in place by a newer token of the same person, and by nobody else’s', async () => {
    const clerk = await connect('clerk');
    const renewed = await clerk.ask<{ ok: boolean; expiresAt: string }>('authenticate', { token: (await hub.signIn('clerk')).accessToken });
    expect(renewed.ok).toBe(true);
    expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(Date.now() + 800_000);
    expect(await clerk.ask('authenticate', { token: await hub.token('approver') })).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await clerk.ask('authenticate', { token: 'x' })).toMatchObject({ ok: false, code: 'unauthenticated' });
    expect(clerk.socket.connected).toBe(true);
  });
});

describe('whatever is sent', () => {
  const EVENTS = ['subscribe', 'unsubscribe', 'command', 'authenticate', 'credit'] as const;
  const GARBAGE: readonly unknown[][] = [
    [],
    [null],
    [[]],
    [[null]],
    [{}],
    [-1],
    [1e308],
    ['x'],
    [true],
    [{ length: 1e9 }],
    [JSON.parse('{"__proto__":{"x":1}}')],
    [[JSON.parse('{"topic":"shelf/a","__proto__":{"x":1}}')]],
    [[{ topic: 'shelf/a', at: { epoch: 'x', version: -1 } }]],
    [{ id: 'x', to: 'shelf/a', event: null }],
    [{ id: 'x', to: 'shelf/a', event: { type: 'WORK' }, ifVersion: 'x' }],
    [{ token: { toString: 1 } }],
    [Buffer.from('x')],
    [{ id: 'x', to: 'shelf/a', event: { type: 'LABEL', label: Buffer.from('x') } }],
    [1, 2, 3],
  ];

  test.each(EVENTS)('[SYNC-70] whatever shape the payload of %s has, it is answered, and the connection goes on', async (name) => {
    const client = await connect('clerk');
    for (const payload of GARBAGE) {
      client.socket.emit(name, ...payload);
      const answer = await client.ask<{ ok?: boolean; code?: string; outcome?: string } | SubscribeAck[]>(name, ...payload);
      if (Array.isArray(answer)) expect(answer.every(({ ok }) => !ok)).toBe(true);
      else expect(answer).toMatchObject({ code: 'invalid' });
    }
    expect(client.socket.connected).toBe(true);
    expect(({} as { x?: number }).x).toBeUndefined();
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200);
  });

  test.each([
    '42["error",{}]',
    '42["error"]',
    '42["__proto__",{}]',
    '42["constructor"]',
    '42[7,{}]',
    '42["none",{}]',
    '4217["none"]',
    '42["command",null]',
  ])('[SYNC-71] the packet %s ends neither the process nor the connection', async (packet) => {
    const one = await raw('clerk');
    one.text(packet);
    one.text('4277["unsubscribe",[1]]');
    await eventually(() => one.heard.some((message) => message.startsWith('4377')));
    expect(one.closed).toBe(false);
  });

  test.each([
    '42["disconnect"]',
    '421e5["command",[[[[]]]]]',
    '40{"token":"x"}',
    '42["connect",{}]',
    '42["newListener"]',
    '42{}',
    '42',
    '4',
    '49',
    '4x',
    '451-["command",{"_placeholder":true,"num":7}]',
    '4599-["x"]',
    '40/admin,{}',
    '\u0000',
    '42["command",{"id":',
  ])('[SYNC-71] the packet %j ends at most its own connection', async (packet) => {
    const other = await connect('clerk');
    const one = await raw('clerk');
    one.text(packet);
    one.bytes(Buffer.from([1, 2, 3]));
    await sleep(30);
    expect(await other.ask('unsubscribe', [1])).toEqual({ ok: true });
    expect((await fetch(`${hub.url}/healthz`)).status).toBe(200);
  });

  test('[SYNC-72] a message that is too large ends its connection and no other', async () => {
    const [one, other] = [await connect('clerk'), await connect('clerk')];
    one.socket.emit('command', { id: 'x', to: 'shelf/a', event: { type: 'LABEL', label: 'x'.repeat(1_000_000) } });
    await eventually(() => one.socket.disconnected);
    expect(await other.ask('unsubscribe', [1])).toEqual({ ok: true });
  });

  test('[SYNC-73] a flood is answered with a delay, and one that goes on ends its connection', async () => {
    const one = await raw('reviewer');
    const other = await connect('clerk');
    for (let i = 0; i < 60_000 && !one.closed; i++) {
      one.text('421["nothing",{}]');
      if (i % 1000 === 0) await sleep(1);
    }
    await eventually(() => one.closed);
    expect(one.heard.some((message) => message.includes('"code":"rate_limited"'))).toBe(true);
    expect(one.heard.some((message) => message.includes('"reason":"rate_limited"'))).toBe(true);
    expect(await other.ask('unsubscribe', [1])).toEqual({ ok: true });
  });

  test('[SYNC-74] a connection follows at most 200 topics, and an unsubscribed one makes room', async () => {
    const client = await connect('clerk');
    const topics = Array.from({ length: 200 }, (_, n) => ({ topic: `shelf?limit=${(n % 200) + 1}` }));
    const acks = await client.ask<SubscribeAck[]>('subscribe', topics);
    expect(acks.every(({ ok }) => ok)).toBe(true);
    expect(await client.subscribe('shelf')).toMatchObject({ ok: false, code: 'overloaded' });
    await client.ask('unsubscribe', [1, 2, 9999]);
    expect(await client.subscribe('shelf')).toMatchObject({ ok: true });
  });
});

test('[SYNC-82] a hub that stops tells its clients to go, each at another moment, and then closes', async () => {
  const other = await startTestHub();
  const clients = await Promise.all(Array.from({ length: 20 }, () => SocketClient.of(other, 'clerk')));
  const began = performance.now();
  const stopped = other.stop();
  const byes = await Promise.all(clients.map((client) => client.until('bye', ({ reason }) => reason === 'stopping')));
  expect(new Set(byes.map(({ afterMs }) => afterMs)).size).toBeGreaterThan(5);
  await eventually(() => clients.every(({ socket }) => socket.disconnected));
  await stopped;
  expect(performance.now() - began).toBeLessThan(9_000);
});

describe('a client that does not read', () => {
  test(
    '[SYNC-75] a client that does not read costs the hub a bounded amount of memory, is cut off, and harms nobody',
    { timeout: 90_000 },
    async () => {
      const clerk = await connect('clerk');
      const address = 'shelf/slow';
      await clerk.command(address, '@create', { input: { client: 'acme', label: 'red', secret: 's' } });
      const reader = await connect('auditor');
      await reader.follow(address);
      const slow = await raw('auditor');
      slow.text(`4211${JSON.stringify(['subscribe', [{ topic: address }]])}`);
      await eventually(() => slow.heard.some((message) => message.includes('"snapshot"')));
      slow.pause();
      const figure = async (name: string): Promise<number> => {
        const text = await (await fetch(`${hub.url}/metrics`)).text();
        return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
      };
      expect(await figure('hub_sockets')).toBe(3);
      const note = 'x'.repeat(50_000);
      let sent = 0;
      let most = 0;
      // Sixty megabytes: far more than the operating system takes on the way.
      for (; sent < 1200; sent++) {
        expect(await clerk.command(address, 'SET', { n: sent, list: [], note: `${sent}${note}` })).toMatchObject({ outcome: 'applied' });
        if (sent % 20 === 0) most = Math.max(most, await figure('hub_socket_queued_bytes'));
      }
      expect(most).toBeLessThan(1_000_000);
      await reader.until('patch', ({ version }) => version === sent + 1, 20_000);
      await eventually(
        async () => (await figure('hub_sockets')) === 2,
        25_000,
        () => 'it was not cut off',
      );
    },
  );
});
