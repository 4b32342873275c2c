import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { BadConfig, readConfig } from '../config.ts';
import { Metrics } from '../observe/metrics.ts';
import { openHttp } from './server.ts';
import type { HttpDoor } from './server.ts';

const opened: HttpDoor[] = [];
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((door) => door.close()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function open(env: Record<string, string> = {}): Promise<HttpDoor> {
  const dataDir = await mkdtemp(join(tmpdir(), 'green-lines-door-'));
  folders.push(dataDir);
  const config = readConfig({ HUB_PORT: '0', HUB_CONSOLE: '0', HUB_DATA_DIR: dataDir, ...env });
  const door = await openHttp({ config, log: pino({ level: 'silent' }), release: '1.2.3', node: 'node_test', metrics: new Metrics() });
  opened.push(door);
  return door;
}

test('[API-1] the door answers from the first moment: alive, not ready, and everything else later', async () => {
  const door = await open({ NATS_URL: 'nats://user:word@a:4222,nats://b:4222' });
  const health = await fetch(`${door.url()}/healthz`);
  expect(await health.json()).toEqual({
    status: 'starting',
    node: 'node_test',
    version: '1.2.3',
    nats: { url: 'nats://a:4222,nats://b:4222' },
    database: { embedded: true },
  });
  for (const path of ['/readyz', '/v1/demo', '/v1/actors/payment']) {
    const answer = await fetch(door.url() + path);
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([
      503,
      '1',
      'application/problem+json; charset=utf-8',
    ]);
    expect(await answer.json()).toMatchObject({ code: 'not_ready' });
  }
  expect((await (await fetch(`${(await open()).url()}/healthz`)).json()) as object).toMatchObject({ nats: { url: null } });
});

test('[API-1] a door that is drained answers that the hub is stopping', async () => {
  const door = await open();
  await door.drain();
  expect(await (await fetch(`${door.url()}/healthz`)).json()).toMatchObject({ status: 'stopping' });
  const answer = await fetch(`${door.url()}/v1/demo`);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'stopping']);
});

test('[API-26] a port that is taken, and an address that is not ours, are said so that it can be mended', async () => {
  const { port } = await open();
  const again = open({ HUB_PORT: String(port) });
  await expect(again).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken. Stop what listens there, or set HUB_PORT to another one.`);
  await expect(again).rejects.toBeInstanceOf(BadConfig);
  await expect(open({ HUB_HOST: '192.0.2.1', HUB_DEMO: '0' })).rejects.toThrow('This machine has no address 192.0.2.1');
});

test('[API-1] the address of the node is its own, or the one that it is told', async () => {
  expect((await open()).url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await open({ HUB_HOST: '0.0.0.0', HUB_DEMO: '0' })).url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await open({ HUB_URL: 'https://hub.example/' })).url()).toBe('https://hub.example');
});

test('[OBS-2] figures are shown to this machine, but not through a proxy on it to somebody else', async () => {
  const door = await open({ HUB_DEMO: '0' });
  expect((await fetch(`${door.url()}/metrics`)).status).toBe(200);
  expect((await fetch(`${door.url()}/metrics`, { headers: { 'x-forwarded-for': '203.0.113.9' } })).status).toBe(503);
});

test('[API-23] pages of other origins may call only where they are named', async () => {
  const door = await open({ HUB_ORIGINS: 'https://console.example' });
  const ask = async (origin: string, method = 'GET') => (await fetch(`${door.url()}/v1/demo`, { method, headers: { origin } })).headers;
  expect((await ask('https://console.example')).get('access-control-allow-origin')).toBe('https://console.example');
  expect((await ask('https://console.example', 'OPTIONS')).get('access-control-allow-headers')).toMatch(/Authorization/);
  expect((await ask('https://evil.example')).get('access-control-allow-origin')).toBeNull();
});

test('[API-23] what a proxy says of the client is believed of named proxies alone; over https browsers are told to stay there', async () => {
  const door = await open({ HUB_URL: 'https://hub.example', HUB_PROXIES: '127.0.0.1' });
  const { headers } = await fetch(`${door.url().replace('https://hub.example', `http://127.0.0.1:${door.port}`)}/healthz`);
  expect(headers.get('strict-transport-security')).toBe('max-age=63072000');
  expect(headers.get('content-security-policy')).toContain(`connect-src 'self' wss://127.0.0.1:${door.port}`);
});

test('[API-27] without a console the way in is the documentation', async () => {
  const answer = await fetch(`${(await open()).url()}/`, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
});
