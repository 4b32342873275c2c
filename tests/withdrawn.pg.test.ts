import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clients/core/clock.ts';
import { Connection } from '../clients/core/connection.ts';
import { Session } from '../clients/core/session.ts';
import { PROTOCOL_VERSION } from '../hub/protocol/messages.ts';
import { Link } from './fuzz/link.ts';
import { tokensInMemory } from './fuzz/people.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { eventually, sleep } from './support/socket-client.ts';
import { testDatabase } from './support/postgres.ts';
import type { TestDatabase } from './support/postgres.ts';

/* Two nodes: rights are withdrawn at the one, and whoever has lost them looks at the other. */

const PASSWORD = 'withdrawn-only-password';
const WITHIN_MS = 1_000;
/** Nodes of one hub have the same. */
const KEYS = { secretKey: 'a'.repeat(64), jwtSecret: 'b'.repeat(64) };

let database: TestDatabase;
let near: TestHub;
let far: TestHub;
let admin: Rest;
const ended: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  database = await testDatabase();
  near = await startTestHub({ machines: [shelf], databaseUrl: database.url, nodeId: 'near', ...KEYS });
  far = await startTestHub({ machines: [shelf], databaseUrl: database.url, nodeId: 'far', ...KEYS });
  admin = new Rest(near);
});
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});
afterAll(async () => {
  await far.stop();
  await near.stop();
  await database.close();
});

/** Somebody at the far node, and everything that the hub ever sent to the device. */
async function somebody(username: string, rights: object) {
  await allow(username, { ...rights, password: PASSWORD });
  const heard: { at: number; text: string }[] = [];
  const onMessage = (text: string): void => void heard.push({ at: performance.now(), text });
  const link = await Link.open({ to: Number(new URL(far.url).port), onMessage, rewrite: (text) => text });
  const http = { fetch, base: near.url };
  const session = new Session({ http, store: tokensInMemory(), clock: systemClock });
  await session.signIn(username, PASSWORD);
  const connection = new Connection({ home: link.url, session, clock: systemClock, protocol: PROTOCOL_VERSION });
  connection.open();
  ended.push(async () => {
    connection.close();
    await link.close();
  });
  const follow = async (...topics: string[]): Promise<void> => {
    for (const topic of topics) connection.watch(topic);
    await eventually(() => topics.every((topic) => connection.entry(topic)?.copy !== undefined));
  };
  return { connection, heard, follow };
}

async function allow(username: string, rights: object): Promise<void> {
  expect((await admin.call('PUT', `/v1/people/${username}`, { as: 'admin', body: rights })).status).toBe(200);
}

let made = 0;
/** A shelf, and somebody who writes on it as fast as it goes until the test is over; each text is another. */
async function busyShelf(client: string): Promise<{ address: string; wrote: () => number }> {
  const id = `w${made++}`;
  await admin.create('shelf', { id, input: { client, label: 'TEXT-0', secret: 'SECRET-0' } });
  let n = 0;
  let over = false;
  const writing = (async () => {
    while (!over) {
      await admin.send(`shelf/${id}`, { type: 'LABEL', label: `TEXT-${++n}` });
      await admin.send(`shelf/${id}`, { type: 'HIDE', secret: `SECRET-${n}` });
    }
  })();
  ended.push(async () => {
    over = true;
    await writing;
  });
  return { address: `shelf/${id}`, wrote: () => n };
}

/** A second after they were withdrawn it is looked for two seconds more, while the shelf goes on being written on. */
async function watchOn(wrote: () => number): Promise<number> {
  const from = performance.now() + WITHIN_MS;
  const before = wrote();
  await sleep(WITHIN_MS + 2_000);
  expect(wrote()).toBeGreaterThan(before + 10);
  return from;
}

test('[RIGHTS-1] a role withdrawn at one node: a second later no byte of what it showed goes out at the other, and the copies are gone', async () => {
  const { address, wrote } = await busyShelf('acme');
  const { connection, heard, follow } = await somebody('leaver', { roles: ['clerk'] });
  await follow(address, 'shelf?limit=5');
  await eventually(() => heard.some(({ text }) => text.includes('TEXT-3')));
  await allow('leaver', { roles: [] });
  const from = await watchOn(wrote);
  expect(heard.filter(({ at, text }) => at > from && /TEXT-|SECRET-/.test(text))).toEqual([]);
  expect([connection.entry(address)?.copy, connection.entry('shelf?limit=5')?.copy]).toEqual([undefined, undefined]);
});

test('[RIGHTS-2] a customer who is moved to another client sees no row and no version of the first one a second later', async () => {
  const { address, wrote } = await busyShelf('acme');
  const { connection, heard, follow } = await somebody('mover', { roles: ['customer'], client: 'acme' });
  await follow(address, 'shelf?limit=5');
  await eventually(() => heard.some(({ text }) => text.includes('TEXT-3')));
  await allow('mover', { roles: ['customer'], client: 'globex' });
  const from = await watchOn(wrote);
  expect(heard.filter(({ at, text }) => at > from && text.includes('TEXT-'))).toEqual([]);
  expect(connection.entry(address)?.copy).toBeUndefined();
  expect(connection.entry('shelf?limit=5')?.copy).toMatchObject({ items: [] });
});

test('[RIGHTS-3] who may see less than before is shown less: the fields that the new view lacks go from the copy and never come again', async () => {
  const { address, wrote } = await busyShelf('acme');
  const { connection, heard, follow } = await somebody('lesser', { roles: ['clerk'] });
  await follow(address, 'shelf?limit=5');
  await eventually(() => heard.some(({ text }) => text.includes('SECRET-3')));
  await allow('lesser', { roles: ['customer'], client: 'acme' });
  const from = await watchOn(wrote);
  const later = heard.filter(({ at }) => at > from).map(({ text }) => text);
  expect(later.filter((text) => text.includes('SECRET-'))).toEqual([]);
  expect(later.some((text) => text.includes('TEXT-'))).toBe(true);
  const copies = JSON.stringify([connection.entry(address)?.copy, connection.entry('shelf?limit=5')?.copy]);
  expect(copies).toContain('TEXT-');
  expect(copies).not.toContain('SECRET-');
});

test('[RIGHTS-4] somebody who is shut out is cut off within a second, and not let in again', async () => {
  const { address, wrote } = await busyShelf('acme');
  const { connection, heard, follow } = await somebody('outcast', { roles: ['clerk'] });
  await follow(address);
  await allow('outcast', { roles: ['clerk'], disabled: true });
  const from = await watchOn(wrote);
  expect(heard.filter(({ at, text }) => at > from && text.includes('TEXT-'))).toEqual([]);
  expect([connection.state.phase, connection.entry(address)?.copy]).toEqual(['offline', undefined]);
});
