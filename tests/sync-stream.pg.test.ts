import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Frame, SubscribeAck } from '../hub/protocol/messages.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import { shelf } from './support/shelf.ts';
import { eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;
beforeAll(async () => {
  hub = await startTestHub({ machines: [shelf] });
  rest = new Rest(hub);
});
afterAll(() => hub.stop());

const streams: AbortController[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.abort();
});

type Heard = {
  readonly headers: Headers;
  readonly acks: SubscribeAck[];
  readonly frames: Frame[];
  readonly text: () => string;
  over: boolean;
};

async function follow(as: string, ...topics: readonly string[]): Promise<Heard> {
  return followFrom(undefined, as, ...topics);
}

async function followFrom(last: string | undefined, as: string, ...topics: readonly string[]): Promise<Heard> {
  const controller = new AbortController();
  streams.push(controller);
  const query = topics.map((topic) => `topics=${encodeURIComponent(topic)}`).join('&');
  const bearer = { authorization: `Bearer ${await hub.token(as)}`, accept: 'text/event-stream' };
  const headers = last === undefined ? bearer : { ...bearer, 'last-event-id': last };
  const answer = await fetch(`${hub.url}/v1/sync?${query}`, { headers, signal: controller.signal });
  expect(answer.status).toBe(200);
  let text = '';
  const heard: Heard = { headers: answer.headers, acks: [], frames: [], text: () => text, over: false };
  const read = async (): Promise<void> => {
    let rest_ = '';
    for await (const chunk of answer.body ?? []) {
      const piece = new TextDecoder().decode(chunk as Uint8Array);
      text += piece;
      const messages = (rest_ + piece).split('\n\n');
      rest_ = messages.pop() ?? '';
      for (const message of messages) {
        const [, event, data = ''] = /^(?:id: .*\n)?event: (\w+)\ndata: (.*)$/.exec(message) ?? [];
        if (event === 'subscribed') heard.acks.push(...(JSON.parse(data) as SubscribeAck[]));
        if (event === 'frames') heard.frames.push(...(JSON.parse(data) as Frame[]));
      }
    }
  };
  read().then(
    () => (heard.over = true),
    () => (heard.over = true),
  );
  await eventually(() => heard.acks.length > 0);
  return heard;
}

test('[SYNC-87] who cannot have WebSockets is sent the same frames: answers, snapshots, patches and lists', async () => {
  const address = await rest.payment({ amount_minor: 700 });
  const heard = await follow('auditor', `${address},payment/pay_none`, 'payment?state=draft,x&limit=5', 'payment?limit=5');
  expect(heard.acks.map((ack) => (ack.ok ? ack.how : ack.code))).toEqual(['snapshot', 'not_found', 'bad_request', 'snapshot']);
  expect(heard.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(heard.headers.get('x-content-type-options')).toBe('nosniff');
  await eventually(() => heard.frames.filter(({ kind }) => kind === 'snapshot').length === 2);
  expect(heard.frames[0]).toMatchObject({ kind: 'hello', protocol: 1 });
  await rest.send(address, { type: 'SUBMIT' });
  await eventually(() => heard.frames.some(({ kind }) => kind === 'patch') && heard.frames.some(({ kind }) => kind === 'list'));
  expect(heard.frames.find(({ kind }) => kind === 'patch')).toMatchObject({ base: 1, cause: { event: 'SUBMIT', by: 'clerk' } });
});

test('[SYNC-88] a stream shows what its person may see, and nobody else comes in', async () => {
  const address = `shelf/stream_1`;
  const made = await rest.create('shelf', { id: 'stream_1', input: { client: 'acme', label: 'red', secret: 'SECRET-1' } });
  expect(made.status).toBe(201);
  const own = await follow('acme', address);
  await eventually(() => own.frames.some(({ kind }) => kind === 'snapshot'));
  expect(own.text()).not.toContain('SECRET-1');
  const foreign = await follow('globex', address);
  expect(foreign.acks).toMatchObject([{ ok: false, code: 'not_found' }]);
  expect((await rest.get(`/v1/sync?topics=${address}`)).status).toBe(401);
  expect((await rest.call('GET', `/v1/sync?topics=${address}`, { token: 'forged' })).status).toBe(401);
  const bad: readonly (readonly [string, number])[] = [
    ['', 422],
    [`?topics=${address}&other=1`, 422],
    ['?topics=', 400],
    [`?topics=${'a,'.repeat(300)}`, 400],
  ];
  for (const [query, status] of bad) expect([query, (await rest.get(`/v1/sync${query}`, 'clerk')).status]).toEqual([query, status]);
});

test('[SYNC-89] a person has so many streams and no more, and one that is closed makes room', async () => {
  const address = await rest.payment();
  for (let i = 0; i < 20; i++) await follow('operator', address);
  expect((await rest.get(`/v1/sync?topics=${address}`, 'operator')).status).toBe(429);
  streams.shift()?.abort();
  await eventually(async () => {
    try {
      await follow('operator', address);
      return true;
    } catch {
      return false;
    }
  });
});

test('[SYNC-106] every message that moves a copy says where it stands then, so that nothing is missed or twice where it breaks off', async () => {
  const address = await rest.payment({ amount_minor: 810 });
  const { frames, text } = await follow('auditor', address);
  await eventually(() => frames.some(({ kind }) => kind === 'snapshot'));
  for (const reference of ['second', 'third', 'fourth']) {
    await rest.send(address, { type: 'AMEND', reference });
    const seen = frames.length;
    await eventually(
      () => frames.length > seen || frames.some((frame) => frame.kind === 'patch' && JSON.stringify(frame).includes(reference)),
    );
  }
  const patches = text()
    .split('\n\n')
    .filter((message) => message.includes('"kind":"patch"'));
  expect(patches.length).toBeGreaterThan(0);
  for (const message of patches) expect(message).toMatch(/^id: /m);
});

test('[SYNC-97] a stream that is made again goes on where it stood, with what it has missed and nothing twice', async () => {
  const address = await rest.payment({ amount_minor: 800 });
  const first = await follow('auditor', address, 'payment?limit=3');
  await eventually(() => first.frames.filter(({ kind }) => kind === 'snapshot').length === 2);
  await rest.send(address, { type: 'AMEND', reference: 'second' });
  await eventually(() => first.frames.some(({ kind }) => kind === 'patch') && first.text().includes('id: '));
  const ids = [...first.text().matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');
  streams[0]?.abort();
  await rest.send(address, { type: 'AMEND', reference: 'third' });
  const again = await followFrom(ids.at(-1), 'auditor', address, 'payment?limit=3');
  expect(again.acks.map((ack) => (ack.ok ? ack.how : ack.code))).toEqual(['replay', 'snapshot']);
  await eventually(() => again.frames.some(({ kind }) => kind === 'patch'));
  const patch = again.frames.find((frame) => frame.kind === 'patch');
  expect(patch).toMatchObject({ version: 3, ops: expect.arrayContaining([{ op: 'replace', path: '/reference', value: 'third' }]) });
  expect(again.frames.filter(({ kind }) => kind === 'snapshot')).toHaveLength(1);
  const stranger = await followFrom(ids.at(-1), 'auditor', await rest.payment(), 'payment?limit=3');
  expect(stranger.acks.map((ack) => (ack.ok ? ack.how : ack.code))).toEqual(['snapshot', 'snapshot']);
});
