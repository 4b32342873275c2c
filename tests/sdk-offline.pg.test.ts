import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHub } from '../clients/core/hub.ts';
import type { Hub } from '../clients/core/hub.ts';
import type { Enqueued } from '../clients/core/outbox.ts';
import { waiting } from '../clients/core/outbox-lane.ts';
import { memoryStorage } from '../clients/core/outbox-storage.ts';
import { must } from '../machines/must.ts';
import { Rest } from './support/rest.ts';
import { deviceClock, startLinkedHub } from './support/sdk-stage.ts';
import type { DeviceClock, LinkedHub } from './support/sdk-stage.ts';
import { eventually, sleep } from './support/socket-client.ts';

const DAY = 86_400_000;

let stage: LinkedHub;
let rest: Rest;
let database: pg.Pool;
let clerk2: string;
const opened: Hub[] = [];

beforeAll(async () => {
  stage = await startLinkedHub();
  rest = new Rest(stage.hub);
  database = new pg.Pool({ connectionString: must(stage.hub.hub.config.databaseUrl, 'the URL of the database'), max: 2 });
  const body = { roles: ['clerk'], password: 'another clerk here' };
  expect((await rest.call('PUT', '/v1/people/clerk2', { as: 'admin', body })).status).toBe(200);
  clerk2 = (await stage.hub.signIn('clerk2', body.password)).accessToken;
});
afterAll(async () => {
  await database.end();
  await stage.stop();
});
afterEach(() => {
  stage.link.become('up');
  for (const hub of opened.splice(0)) hub.close();
});

async function device(clock: DeviceClock, storage = memoryStorage(), username = 'clerk'): Promise<Hub> {
  const hub = createHub({ url: stage.url, clock, storage });
  opened.push(hub);
  await hub.signIn(username, 'green-lines');
  await eventually(() => hub.connection.state.phase === 'online');
  return hub;
}

async function sentBy(username: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const names = ids.map((id) => `caller:${username}:${id}`);
  const { rows } = await database.query<{ event_id: string; n: string }>(
    'select event_id, count(*) n from journal where event_id = any($1) group by event_id',
    [names],
  );
  return new Map(rows.map(({ event_id, n }) => [event_id.slice(`caller:${username}:`.length), Number(n)]));
}

describe('a week without a connection', () => {
  test('[OFF-1] 500 commands of a week go out in order, each once; the tray holds exactly those that others have made impossible, with what happened and what may be done', async () => {
    const clock = deviceClock();
    const storage = memoryStorage();
    const hub = await device(clock, storage);
    const addresses = await Promise.all(Array.from({ length: 125 }, () => rest.payment({ amount_minor: 500_000 })));
    const actors = addresses.map((address) => hub.actor('payment', address.slice('payment/'.length)));
    const unwatch = actors.slice(0, 100).map((actor) => actor.watch());
    await eventually(() => actors.slice(0, 100).every(({ copy }) => copy !== undefined));

    stage.link.become('cut');
    await eventually(() => hub.connection.state.phase === 'connecting');
    const kept: Enqueued[] = [];
    for (const step of [0, 1, 2, 3]) {
      for (const actor of actors) {
        if (step === 0) kept.push(await actor.enqueue({ type: 'AMEND', reference: 'Offline 1' }));
        if (step === 1) kept.push(await actor.enqueue({ type: 'SUBMIT' }));
        if (step === 2) kept.push(await actor.enqueue({ type: 'AMEND', payee: 'Offline Ltd' }));
        if (step === 3) kept.push(await actor.enqueue({ type: 'AMEND', reference: 'Offline 2' }));
      }
      clock.forward(2 * DAY);
    }
    expect(hub.outbox.all).toHaveLength(500);

    // Meanwhile: thirty are submitted by somebody else, and five canceled for good.
    const taken = addresses.slice(0, 30);
    const lost = addresses.slice(30, 35);
    for (const address of taken)
      expect(
        (await rest.call('POST', `/v1/actors/${address}/events`, { token: clerk2, body: { type: 'SUBMIT' }, key: `m-${address}` })).status,
      ).toBe(200);
    for (const address of lost) expect((await rest.send(address, { type: 'CANCEL', reason: 'fell through' }, 'approver')).status).toBe(200);

    stage.link.become('up');
    clock.forward(DAY);
    // The link is bad: what is asked arrives, and the answers are lost.
    for (let loss = 0; loss < 4; loss++) {
      const before = hub.outbox.all.length;
      await eventually(() => hub.outbox.all.length < before - 40);
      stage.link.become('deaf');
      await sleep(200);
      stage.link.become('cut');
      stage.link.become('up');
    }
    await eventually(
      () => waiting(hub.outbox.all).length === 0,
      60_000,
      () => `${waiting(hub.outbox.all).length} still wait`,
    );

    const refused = new Set([
      ...taken.map((address) => `${address} SUBMIT`),
      ...lost.flatMap((address) => ['AMEND', 'SUBMIT', 'AMEND', 'AMEND'].map((type) => `${address} ${type}`)),
    ]);
    expect(hub.tray).toHaveLength(50);
    expect(new Set(hub.tray.map(({ to, event }) => `${to} ${event.type}`))).toEqual(refused);
    await eventually(() => hub.tray.every(({ now }) => now !== undefined), 30_000);
    for (const item of hub.tray) {
      expect(item.sentence).not.toBe('');
      if (taken.includes(item.to)) {
        expect(item).toMatchObject({
          code: 'not_in_state',
          now: { state: ['needs_approval'] },
          since: { event: 'SUBMIT', by: 'clerk2', version: 2 },
        });
        expect(item.ways.map(({ type }) => type)).toEqual(expect.arrayContaining(['AMEND', 'CANCEL']));
      } else {
        expect(item).toMatchObject({
          now: { state: ['canceled'], version: 2 },
          since: { event: 'CANCEL', by: 'approver', version: 2 },
          ways: [],
        });
        expect(item.happened).toMatchObject([{ event: 'CANCEL', by: 'approver' }]);
      }
    }

    const done = kept.filter(({ kept: { id } }) => !hub.tray.some((item) => item.id === id)).map(({ kept: { id } }) => id);
    expect(done).toHaveLength(450);
    expect(
      await sentBy(
        'clerk',
        kept.map(({ kept: { id } }) => id),
      ),
    ).toEqual(new Map(done.map((id) => [id, 1])));
    for (const address of addresses) {
      const { body } = await rest.get(`/v1/actors/${address}/history`, 'auditor');
      const events = (body['items'] as { event: { type: string; reference?: string; payee?: string }; caller: string }[]).reverse();
      const mine = events
        .filter(({ caller, event }) => caller === 'clerk' && event.type !== '@create')
        .map(({ event }) => event.reference ?? event.payee ?? event.type);
      expect(mine).toEqual(
        lost.includes(address) ? [] : ['Offline 1', ...(taken.includes(address) ? [] : ['SUBMIT']), 'Offline Ltd', 'Offline 2'],
      );
    }
    const settled = await Promise.all(kept.map((one) => one.settled));
    expect(settled.filter(({ outcome }) => outcome === 'refused')).toHaveLength(50);
    expect(settled.filter(({ outcome }) => outcome === 'duplicate').length, 'answers were lost').toBeGreaterThan(0);
    // What is foreseen ends where the hub's own state is.
    await eventually(() => actors.slice(0, 100).every(({ copy }) => copy !== undefined && copy.predicted.length === 0));
    for (const end of unwatch) end();
  }, 180_000);
});
