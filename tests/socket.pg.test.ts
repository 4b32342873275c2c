import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ActorCopy } from '../clients/core/store.ts';
import { answered, asked, EMPTY, receive, want } from '../clients/core/store.ts';
import type { CommandAck } from '../hub/protocol/messages.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { SocketClient, eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;
beforeAll(async () => {
  hub = await startTestHub({ machines: [shelf] });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

const opened: SocketClient[] = [];
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

async function connect(username: string): Promise<SocketClient> {
  const client = await SocketClient.of(hub, username);
  opened.push(client);
  return client;
}

let made = 0;
async function makeShelf(clerk: SocketClient, client = 'acme'): Promise<string> {
  const address = `shelf/s${made++}`;
  expect(await clerk.command(address, '@create', { input: { client, label: 'red', secret: 'SECRET-1' } })).toEqual({
    outcome: 'applied',
    version: 1,
  });
  return address;
}

describe('an actor', () => {
  test('[SYNC-47] an actor is shown by a snapshot, then by patches that continue each other and say who did what', async () => {
    const clerk = await connect('clerk');
    const auditor = await connect('auditor');
    const address = await rest.payment({ amount_minor: 500_000 });
    const { sub, version } = await auditor.follow(address);
    expect(version).toBe(1);
    const [snapshot] = auditor.of('snapshot');
    expect(snapshot).toMatchObject({ sub, version: 1, state: ['draft'], context: { amount_minor: 500_000 }, timers: [], can: [] });
    expect(await clerk.command(address, 'SUBMIT')).toEqual({ outcome: 'applied', version: 2 });
    expect(await clerk.command(address, 'AMEND', { reference: 'other' })).toEqual({ outcome: 'applied', version: 3 });
    const patch = await auditor.until('patch', ({ version: newest }) => newest === 3);
    expect(patch).toMatchObject({
      base: 2,
      cause: { event: 'AMEND', by: 'clerk' },
      ops: expect.arrayContaining([{ op: 'replace', path: '/reference', value: 'other' }]),
    });
    expect(patch).not.toHaveProperty('state');
    expect(auditor.of('patch')[0]).toMatchObject({
      base: 1,
      version: 2,
      state: ['needs_approval'],
      cause: { event: 'SUBMIT', by: 'clerk' },
    });
    expect(auditor.of('patch')[0]?.timers?.length).toBeGreaterThan(0);
  });

  test('[SYNC-48] each person is told what he may do with an actor now, and why not the rest', async () => {
    const [clerk, approver] = [await connect('clerk'), await connect('approver')];
    const address = await rest.payment({ amount_minor: 500_000 });
    for (const one of [clerk, approver]) await one.follow(address);
    await clerk.command(address, 'SUBMIT');
    const can = async (one: SocketClient): Promise<Record<string, unknown>> => {
      const patch = await one.until('patch', (frame) => frame.can !== undefined);
      return Object.fromEntries((patch.can ?? []).map(({ type, ok, reason }) => [type, ok || reason]));
    };
    expect(await can(clerk)).toMatchObject({ SUBMIT: 'not_in_state', AMEND: true, CANCEL: true });
    expect(await can(clerk)).not.toHaveProperty('APPROVE');
    expect(await can(approver)).toMatchObject({ APPROVE: true, DENY: true });
  });

  test('[SYNC-49] a copy is continued from where it stands, however long ago: by nothing, one merged patch, or a snapshot, never a part', async () => {
    const clerk = await connect('clerk');
    const address = await makeShelf(clerk);
    const first = await clerk.follow(address);
    const epoch = first.epoch;
    for (let n = 1; n <= 5; n++) await clerk.command(address, 'SET', { n, list: [String(n)] });
    await clerk.until('patch', ({ version }) => version === 6);
    clerk.close();
    const again = await connect('clerk');
    expect(await again.subscribe(address, { epoch, version: 6 })).toMatchObject({ ok: true, how: 'current', epoch, version: 6 });
    expect(await again.subscribe(address, { epoch, version: 3 })).toMatchObject({ ok: true, how: 'replay', version: 6 });
    const merged = await again.until('patch');
    expect(merged).toMatchObject({ base: 3, version: 6, ops: expect.arrayContaining([{ op: 'replace', path: '/n', value: 5 }]) });
    expect(await again.subscribe(address, { epoch: 'other', version: 6 })).toMatchObject({ ok: true, how: 'snapshot', epoch, version: 6 });
    expect(await again.subscribe(address, { epoch, version: 99 })).toMatchObject({ ok: true, how: 'snapshot' });
    for (let n = 1; n <= 20; n++) await again.command(address, 'SET', { n, list: [] });
    expect(await again.subscribe(address, { epoch, version: 6 })).toMatchObject({ ok: true, how: 'replay', version: 26 });
  });

  test('[SYNC-50] whoever subscribes while an actor changes gets all of it, without a gap', async () => {
    const clerk = await connect('clerk');
    const address = await makeShelf(clerk);
    const writer = await connect('clerk');
    const commands = Array.from({ length: 150 }, (_, n) => writer.command(address, 'SET', { n, list: [String(n)] }));
    const readers = await Promise.all(Array.from({ length: 8 }, () => connect('auditor')));
    const copies = readers.map(async (reader, index) => {
      await commands[index * 15];
      let store = asked(want(EMPTY, address), [address]);
      let from = 0;
      const step = (): ActorCopy | undefined => {
        for (; from < reader.frames.length; from++) store = receive(store, reader.frames[from] as never);
        return store.entries.get(address)?.copy as ActorCopy | undefined;
      };
      store = answered(store, address, await reader.subscribe(address));
      await eventually(() => step()?.version === 151);
      expect(store.entries.get(address)?.standing).toMatchObject({ kind: 'following', awaits: 'nothing' });
      return step()?.context;
    });
    const acks = await Promise.all(commands);
    expect(acks.every(({ outcome }) => outcome === 'applied')).toBe(true);
    for (const context of await Promise.all(copies)) expect(context).toMatchObject({ n: 149, list: ['149'] });
  });

  test('[SYNC-51] much that changes at once reaches a client in few messages', async () => {
    const clerk = await connect('clerk');
    const addresses = await Promise.all(Array.from({ length: 20 }, () => makeShelf(clerk)));
    const reader = await connect('auditor');
    await reader.ask(
      'subscribe',
      addresses.map((topic) => ({ topic })),
    );
    await eventually(() => reader.of('snapshot').length === 20);
    const before = reader.messages;
    await Promise.all(addresses.map((address) => clerk.command(address, 'WORK')));
    await eventually(() => reader.of('patch').length === 20);
    expect(reader.messages - before).toBeLessThanOrEqual(5);
  });
});

describe('a view', () => {
  test('[SYNC-52] a customer is shown his own actors, in his fields, and no trace of any other', async () => {
    const clerk = await connect('clerk');
    const acme = await connect('acme');
    const [own, foreign] = [await makeShelf(clerk, 'acme'), await makeShelf(clerk, 'globex')];
    const nothing = await acme.subscribe('shelf/never-made');
    expect(nothing).toMatchObject({ ok: false, code: 'not_found' });
    expect(await acme.subscribe(foreign)).toEqual(nothing);
    expect(await acme.command(foreign, 'LABEL', { label: 'x' })).toEqual(await acme.command('shelf/never-made', 'LABEL', { label: 'x' }));
    expect(await acme.command(foreign, 'LABEL', { label: 'y' })).toMatchObject({ code: 'not_found', version: 0, can: [] });
    await acme.follow(own);
    await acme.follow('shelf');
    await clerk.command(own, 'HIDE', { secret: 'SECRET-2' });
    await clerk.command(own, 'SET', { n: 7, list: [] });
    const patch = await acme.until('patch');
    // What he cannot see has no version of its own for him; the patch continues what he has.
    expect(patch).toMatchObject({
      base: 1,
      version: 3,
      ops: [{ op: 'replace', path: '/n', value: 7 }],
      cause: { event: 'changed', by: 'hub' },
    });
    await acme.until('list');
    expect(JSON.stringify(acme.frames)).not.toMatch(/SECRET|globex|clerk/);
    const list = acme.of('snapshot').find((frame) => 'items' in frame);
    expect(list).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ address: own })]) });
  });

  test('[SYNC-53] the version that a customer sees stands for the newest, as long as he has missed nothing that he sees', async () => {
    const clerk = await connect('clerk');
    const acme = await connect('acme');
    const own = await makeShelf(clerk);
    await acme.follow(own);
    await clerk.command(own, 'HIDE', { secret: 'SECRET-2' });
    expect(await acme.command(own, 'LABEL', { label: '\0' })).toMatchObject({ outcome: 'rejected', version: 1 });
    expect(await acme.command(own, 'LABEL', { label: 'blue' }, { ifVersion: 1 })).toEqual({ outcome: 'applied', version: 3 });
    expect(await acme.until('patch')).toMatchObject({ base: 1, version: 3, cause: { event: 'LABEL', by: 'acme' } });
    expect(await acme.command(own, 'LABEL', { label: 'green' }, { ifVersion: 1 })).toMatchObject({
      outcome: 'rejected',
      code: 'version_mismatch',
    });
    // His own event shows, also where nothing that he sees is another.
    expect(await acme.command(own, 'NOTHING')).toEqual({ outcome: 'applied', version: 4 });
    await acme.until('patch', ({ version }) => version === 4);
  });

  test('[SYNC-54] an actor that leaves a view takes its copies along: they are revoked, and rows go', async () => {
    const clerk = await connect('clerk');
    const acme = await connect('acme');
    const own = await makeShelf(clerk);
    const { sub } = await acme.follow(own);
    await acme.follow('shelf?limit=200');
    await clerk.command(own, 'MOVE', { client: 'globex' });
    await acme.until('revoked', (frame) => frame.sub === sub);
    await acme.until('list', ({ ops }) => ops.some((op) => op.op === 'leave' && op.address === own));
    await clerk.command(own, 'SET', { n: 42, list: ['hidden'] });
    await clerk.command(own, 'MOVE', { client: 'acme' });
    await acme.until('list', ({ ops }) => ops.some((op) => op.op === 'enter' && op.item.address === own));
    expect(acme.of('patch')).toEqual([]);
  });
});

describe('a list', () => {
  test('[SYNC-55] a list begins with a snapshot and is kept in step by what enters, leaves, moves and changes', async () => {
    const clerk = await connect('clerk');
    const { sub } = await clerk.follow('shelf?state=door.ajar&sort=-updatedAt&limit=2');
    expect(clerk.of('snapshot')[0]).toMatchObject({ sub, version: 1 });
    const [a, b, c] = [await makeShelf(clerk), await makeShelf(clerk), await makeShelf(clerk)];
    const items = (): string[] => clerk.list(sub).map(({ address }) => address);
    for (const address of [a, b, c]) await clerk.command(address, 'AJAR');
    await eventually(() => items().join() === [c, b].join());
    for (const type of ['WORK', 'HEAT']) await clerk.command(a, type);
    await eventually(() => items().join() === [a, c].join());
    expect(clerk.list(sub)[0]).toMatchObject({ state: ['work.busy.hot', 'door.ajar'], tags: ['hot'] });
    await clerk.command(a, 'SHUT');
    await clerk.command(c, 'SHUT');
    await eventually(() => items().join() === b);
    const frames = clerk.of('list');
    expect(frames.map(({ base, version }) => version - base)).toEqual(frames.map(() => 1));
    expect(frames[0]?.base).toBe(1);
    expect(frames.at(-1)?.total).toBe(1);
  });

  test('[SYNC-56] a live search finds what has just been written, a moment later', async () => {
    const clerk = await connect('clerk');
    const { sub } = await clerk.follow('shelf?q=quince&limit=5');
    const address = await makeShelf(clerk);
    await clerk.command(address, 'LABEL', { label: 'Quinces and pears' });
    await eventually(() => clerk.list(sub).some((item) => item.address === address));
    await clerk.command(address, 'LABEL', { label: 'pears' });
    await eventually(() => clerk.list(sub).length === 0);
  });

  test('[SYNC-57] a list shows what REST answers to the same question', async () => {
    const clerk = await connect('clerk');
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => clerk.command(await makeShelf(clerk), 'LABEL', { label: `${'éabcÄZ'[n % 6]}${n}` })),
    );
    for (const query of [
      'sort=title&limit=7',
      'sort=-title&limit=200',
      'sort=createdAt&limit=3',
      'state=door.shut&limit=9',
      'client=acme&limit=5',
      'client=globex',
    ]) {
      const { sub } = await clerk.follow(`shelf?${query}`);
      const { body } = await rest.get(`/v1/actors/shelf?${query}`, 'clerk');
      expect(clerk.list(sub), query).toEqual(body['items']);
    }
  });
});

describe('a list of one client', () => {
  test('[SYNC-95] a list of one client takes in and lets go with its rows, and shows nobody more than he may see', async () => {
    const clerk = await connect('clerk');
    const acme = await connect('acme');
    const address = await makeShelf(clerk, 'only');
    const { sub } = await clerk.follow('shelf?client=only');
    const theirs = await acme.follow('shelf?client=globex');
    const own = await acme.follow('shelf?client=acme&limit=200');
    const items = (of: SocketClient, list: number): string[] => of.list(list).map((item) => item.address);
    expect(items(clerk, sub)).toEqual([address]);
    await clerk.command(address, 'MOVE', { client: 'globex' });
    await eventually(() => items(clerk, sub).length === 0);
    await clerk.command(address, 'MOVE', { client: 'only' });
    await eventually(() => items(clerk, sub).length === 1);
    const mine = await makeShelf(clerk);
    await eventually(() => items(acme, own.sub).includes(mine));
    expect(items(acme, theirs.sub)).toEqual([]);
    expect((await rest.get('/v1/actors/shelf?client=globex', 'acme')).body['items']).toEqual([]);
  });
});

describe('a command', () => {
  test('[SYNC-58] a command is answered with what became of it, and its repetition with the same', async () => {
    const clerk = await connect('clerk');
    const address = await makeShelf(clerk);
    const send = (id: string, type: string, payload: object = {}, more = {}): Promise<CommandAck> =>
      clerk.command(address, type, payload, { id, ...more });
    expect(await send('one', 'WORK')).toEqual({ outcome: 'applied', version: 2 });
    expect(await send('one', 'WORK')).toEqual({ outcome: 'duplicate', version: 2 });
    expect(await send('one', 'REST')).toMatchObject({ outcome: 'rejected', code: 'key_reused' });
    const refused = await send('two', 'WORK');
    expect(refused).toMatchObject({ outcome: 'rejected', code: 'not_in_state', version: 2, reason: expect.stringMatching(/\.$/) });
    expect(refused).toMatchObject({ can: expect.arrayContaining([expect.objectContaining({ type: 'REST', ok: true })]) });
    expect(await send('two', 'WORK')).toEqual(refused);
    expect(await send('three', 'REST', {}, { ifVersion: 1 })).toMatchObject({ outcome: 'rejected', code: 'version_mismatch', version: 2 });
    expect(await clerk.command(address, '@create', { input: { client: 'acme', label: 'a', secret: 'b' } })).toMatchObject({
      code: 'exists',
    });
    expect(await clerk.command(address, '@create', { client: 'acme' })).toMatchObject({ code: 'invalid' });
  });

  test.each([
    ['a forged effect', 'xstate.done.actor.authorize', {}, 'unknown_event'],
    ['a forged timer', 'xstate.after.5000.shelf.work.busy.hot', {}, 'unknown_event'],
    ['an end', 'xstate.stop', {}, 'unknown_event'],
    ['a parking', '@park', {}, 'unknown_event'],
    ['a name of the platform', '__proto__', {}, 'unknown_event'],
    ['another name of the platform', 'constructor', {}, 'unknown_event'],
    ['a field too many', 'WORK', { by: 'approver' }, 'invalid'],
    ['NUL', 'LABEL', { label: 'a\0b' }, 'invalid'],
    ['half a surrogate', 'LABEL', { label: '\ud800' }, 'invalid'],
    ['an amount beyond numbers', 'SET', { n: 1e400, list: [] }, 'invalid'],
  ])('[SYNC-59] a command with %s never reaches the actor', async (_, type, payload, code) => {
    const clerk = await connect('clerk');
    const address = await makeShelf(clerk);
    expect(await clerk.command(address, type, payload)).toMatchObject({ outcome: 'rejected', code, version: 1 });
    expect((await rest.get(`/v1/actors/${address}`, 'clerk')).body).toMatchObject({ version: 1 });
  });

  test('[SYNC-94] a command whose answer was lost is told as done when it is repeated, also when its sender may not send it any more', async () => {
    const put = (roles: string[]) => rest.call('PUT', '/v1/people/leaver', { as: 'admin', body: { roles, password: 'leaver-password' } });
    await put(['clerk']);
    const { accessToken } = await hub.signIn('leaver', 'leaver-password');
    const leaver = await SocketClient.connect(hub.url, accessToken);
    opened.push(leaver);
    const address = await makeShelf(leaver);
    const lost = { id: crypto.randomUUID() };
    expect(await leaver.command(address, 'AJAR', {}, lost)).toEqual({ outcome: 'applied', version: 2 });
    await put(['auditor']);
    const again = await SocketClient.connect(hub.url, (await hub.signIn('leaver', 'leaver-password')).accessToken);
    opened.push(again);
    expect(await again.command(address, 'AJAR', {}, lost)).toEqual({ outcome: 'duplicate', version: 2 });
    expect(await again.command(address, 'SHUT')).toMatchObject({ outcome: 'rejected', code: 'forbidden' });
    expect((await rest.get(`/v1/actors/${address}`, 'auditor')).body).toMatchObject({ version: 2, state: ['work.idle', 'door.ajar'] });
  });

  test('[SYNC-60] a command that the role may not send is forbidden, whether there is such an actor or not', async () => {
    const acme = await connect('acme');
    const clerk = await connect('clerk');
    const foreign = await makeShelf(clerk, 'globex');
    const there = await acme.command(foreign, 'WORK');
    expect(there).toMatchObject({ outcome: 'rejected', code: 'forbidden', version: 0, can: [] });
    expect(await acme.command('shelf/never-made', 'WORK')).toEqual(there);
    for (const to of ['nothing/x', 'shelf/a.b', 'shelf', '../x', `shelf/${'x'.repeat(65)}`]) {
      expect(await acme.command(to, 'LABEL', { label: 'a' })).toMatchObject({ outcome: 'rejected', version: 0 });
    }
  });
});
