import { describe, expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { RuntimeStage } from '../tests/support/runtime-stage.ts';
import { toToken } from './bus/subjects.ts';

const A = 'counter/a';
const IN = 'greenlines.in.counter.a';

type Receipt = { outcome: string; address: string; version: number; id: string; reason?: string };

async function staged(): Promise<RuntimeStage> {
  const stage = await new RuntimeStage().start();
  await stage.send(A, '@create');
  await stage.ports.advance(300);
  return stage;
}

function publish(stage: RuntimeStage, id: string, event: object, subject = IN): void {
  stage.server.publishFrom(subject, JSON.stringify(event), { 'ce-id': id, 'ce-source': 'shop' });
}

function receipts(stage: RuntimeStage, id: string, source = 'shop'): Receipt[] {
  return stage.server.messagesTo(`greenlines.receipt.${source}.${toToken(id)}`).map(({ data }) => JSON.parse(data) as Receipt);
}

const cursor = (stage: RuntimeStage, address = A) => stage.database.progressOf([partitionOf(address)])[0];

describe('an event of another system', () => {
  test('[IN-8] an event of another system is applied once and gets a receipt; the same again gets the same as a duplicate, another body under its id is invalid', async () => {
    const stage = await staged();
    publish(stage, 'e1', { type: 'ADD', by_n: 2 });
    publish(stage, 'e1', { type: 'ADD', by_n: 2 });
    publish(stage, 'e1', { type: 'ADD', by_n: 9 });
    await stage.ports.advance(1_000);
    expect(receipts(stage, 'e1').map(({ outcome, version, reason }) => [outcome, version, reason])).toEqual([
      ['applied', 2, undefined],
      ['duplicate', 2, undefined],
      ['invalid', expect.any(Number), 'key_reused'],
    ]);
    expect(stage.context(A)['n']).toBe(2);
  });

  test.each([
    ['what the gate refuses', IN, '{"type":"NONSENSE"}', 'invalid', 'unknown_event'],
    ['a payload of another shape', IN, '{"type":"ADD","by_n":"x"}', 'invalid', 'invalid'],
    ['what is no JSON', IN, 'hello', 'invalid', 'bad_json'],
    ['a forged timer', IN, '{"type":"xstate.after.patience.counter.waiting"}', 'invalid', 'unknown_event'],
    ['a kind of actor that there is not', 'greenlines.in.nonsense.a', '{"type":"ADD"}', 'rejected', 'not_found'],
    ['a subject that names no actor', 'greenlines.in.counter.a.b', '{"type":"ADD"}', 'invalid', 'bad_id'],
    ['an actor that there is not', 'greenlines.in.counter.zz', '{"type":"TOUCH"}', 'rejected', 'not_found'],
    ['what the state does not take', IN, '{"type":"UNLOCK"}', 'rejected', 'not_in_state'],
    ['what a system may not ask', 'greenlines.in.integration.desk', '{"type":"ENABLE"}', 'rejected', 'forbidden'],
  ])('[IN-9] %s gets a receipt that says so, and the next one is read', async (_, subject, data, outcome, reason) => {
    const stage = await staged();
    stage.server.publishFrom(subject, data, { 'ce-id': 'bad', 'ce-source': 'shop' });
    publish(stage, 'good', { type: 'TOUCH' });
    await stage.ports.advance(1_000);
    expect(receipts(stage, 'bad')).toMatchObject([{ outcome, reason }]);
    expect(receipts(stage, 'good')).toMatchObject([{ outcome: 'applied' }]);
    expect(cursor(stage)?.cursor).toBe(2);
  });

  test('[IN-10] an event without an id is named by its place in the stream, so that a second reading is a duplicate', async () => {
    const stage = await staged();
    stage.server.publishFrom(IN, '{"type":"ADD","by_n":1}');
    await stage.ports.advance(300);
    await stage.restart();
    await stage.ports.advance(1_000);
    expect(stage.context(A)['n']).toBe(1);
    expect(new Set(stage.server.messagesTo('greenlines.receipt.nats.').map(({ subject }) => subject)).size).toBe(1);
  });

  test('[IN-22] a stream that is half full loses the older half of what is handled, and nothing else', async () => {
    const stage = await staged();
    stage.server.most = 40;
    for (let n = 0; n < 30; n++) publish(stage, `e${n}`, { type: 'ADD', by_n: 1 });
    await stage.ports.advance(25_000);
    expect(stage.server.stateOf(IN)).toMatchObject({ first: 1, last: 30, fill: 0.75 });
    await stage.ports.advance(10_000);
    expect(stage.server.stateOf(IN)).toMatchObject({ first: 16, last: 30 });
    // What no node has handled yet stays, however full the stream is.
    await stage.runtime.stop();
    for (let n = 30; n < 55; n++) publish(stage, `e${n}`, { type: 'ADD', by_n: 1 });
    await stage.restart();
    await stage.ports.advance(120_000);
    expect(stage.context(A)['n']).toBe(55);
    expect(receipts(stage, 'e54')).toMatchObject([{ outcome: 'applied' }]);
    expect(stage.server.stateOf(IN)?.fill).toBeLessThan(0.5);
  });

  test('[IN-11] an event that wants a reply gets its receipt there too', async () => {
    const stage = await staged();
    stage.server.publishFrom(IN, '{"type":"TOUCH"}', { 'ce-id': 'r1', 'ce-source': 'shop' }, 'answers.me');
    await stage.ports.advance(500);
    expect(stage.server.messagesTo('answers.me').map(({ data }) => JSON.parse(data) as object)).toMatchObject([
      { stream: 'GREENLINES_IN' },
      { outcome: 'applied', id: 'r1' },
    ]);
  });

  test('[IN-12] an event with an id as long as it may be, in characters that grow, is applied once like any other', async () => {
    const stage = await staged();
    const names = { 'ce-id': '\u{1F4B8}'.repeat(128), 'ce-source': '\u{1F33F}'.repeat(128) };
    for (let n = 0; n < 2; n++) stage.server.publishFrom(IN, '{"type":"ADD","by_n":1}', names);
    await stage.ports.advance(500);
    expect(stage.context(A)['n']).toBe(1);
    expect(Math.max(...stage.database.journalOf(A).map(({ event_id }) => Buffer.byteLength(event_id)))).toBeLessThan(600);
  });
});

describe('the cursor', () => {
  test('[IN-13] the cursor covers only what has its outcome: whenever the hub crashes, nothing is skipped and nothing doubled', async () => {
    for (let crash_at = 0; crash_at <= 600; crash_at += 60) {
      const stage = await staged();
      for (let n = 1; n <= 12; n++) publish(stage, `e${n}`, { type: 'ADD', by_n: 1 }, n % 2 === 0 ? IN : 'greenlines.in.counter.b');
      await stage.ports.advance(crash_at);
      await stage.crash();
      await stage.start();
      await stage.ports.advance(1_500);
      expect([crash_at, stage.context(A)['n'], cursor(stage)?.cursor]).toEqual([crash_at, 6, 12]);
      for (let n = 1; n <= 12; n++) expect(receipts(stage, `e${n}`).length).toBeGreaterThan(0);
    }
  });

  test('[IN-14] the cursor of a partition that comes later begins where that partition was, not where the reader is', async () => {
    const stage = await staged();
    stage.database.release('one');
    stage.database.renew('two', '', 4_000);
    stage.database.claim('two', [partitionOf(A)]);
    // The hub does not notice before it commits there.
    publish(stage, 'lost', { type: 'ADD', by_n: 1 });
    for (let n = 0; n < 5; n++) publish(stage, `b${n}`, { type: 'TOUCH' }, 'greenlines.in.counter.b');
    await stage.ports.advance(1_000);
    expect(stage.context(A)['n']).toBe(0);
    // Now the other node is gone, and the hub takes the partition again.
    await stage.ports.advance(8_000);
    expect(stage.context(A)['n']).toBe(1);
    expect(receipts(stage, 'lost').at(-1)?.outcome).toBe('applied');
  });

  test('[IN-15] the cursor of a stream that was made anew begins at its start, and an alarm says so', async () => {
    const stage = await staged();
    for (let n = 0; n < 5; n++) publish(stage, `old${n}`, { type: 'ADD', by_n: 1 });
    await stage.ports.advance(1_500);
    stage.server.stop();
    stage.server.wipe();
    stage.server.start();
    publish(stage, 'old4', { type: 'ADD', by_n: 1 });
    publish(stage, 'new', { type: 'ADD', by_n: 10 });
    await stage.ports.advance(1_500);
    expect(stage.context(A)['n']).toBe(15);
    expect(cursor(stage)?.cursor).toBe(2);
    expect(stage.ports.lines.some(({ level, message }) => level === 'error' && message.includes('made anew'))).toBe(true);
  });

  test('[IN-16] a cursor of an older stream in some partitions makes nothing of the new one be skipped', async () => {
    const stage = await staged();
    for (let n = 0; n < 3; n++) publish(stage, `e${n}`, { type: 'ADD', by_n: 1 });
    await stage.ports.advance(1_500);
    await stage.crash();
    const present = cursor(stage);
    if (present === undefined) throw new Error('There is a cursor');
    // As a crash in the middle of writing them down leaves them.
    stage.database.saveProgress([{ ...present, stream: 'another stream', cursor: 1_000 }]);
    publish(stage, 'after', { type: 'ADD', by_n: 10 });
    await stage.start();
    await stage.ports.advance(1_500);
    expect(stage.context(A)['n']).toBe(13);
  });

  test('[IN-17] the cursor is kept as it is while NATS cannot be asked which stream there is', async () => {
    const stage = await staged();
    for (let n = 0; n < 3; n++) publish(stage, `e${n}`, { type: 'TOUCH' });
    await stage.ports.advance(1_500);
    const before = cursor(stage);
    await stage.crash();
    stage.server.stop();
    await stage.start();
    await stage.ports.advance(3_000);
    expect(cursor(stage)).toMatchObject({ stream: before?.stream, cursor: 3 });
  });

  test('[IN-18] the cursor goes back when the stream lost its end, and what was applied before is a duplicate', async () => {
    const stage = await staged();
    for (let n = 0; n < 4; n++) publish(stage, `e${n}`, { type: 'ADD', by_n: 1 });
    await stage.ports.advance(1_500);
    stage.server.stop();
    stage.server.cutTail(2);
    stage.server.start();
    await stage.ports.advance(500);
    publish(stage, 'x', { type: 'ADD', by_n: 10 });
    await stage.ports.advance(1_500);
    expect(stage.context(A)['n']).toBe(14);
  });
});

describe('order', () => {
  test('[IN-19] the order of one actor’s events is the order in which they were published', async () => {
    const stage = await staged();
    for (let n = 0; n < 40; n++) publish(stage, `n${n}`, { type: 'ADD', by_n: 1, note: `${n}` });
    await stage.ports.advance(1_500);
    expect(
      stage.database
        .journalOf(A)
        .slice(1)
        .map(({ event }) => (JSON.parse(event) as { note: string }).note),
    ).toEqual(Array.from({ length: 40 }, (_, n) => `${n}`));
  });

  test('[IN-20] an actor that gets hundreds of events keeps nobody else waiting for ever', async () => {
    const stage = await staged();
    await stage.send('counter/b', '@create');
    for (let n = 0; n < 700; n++) publish(stage, `hot${n}`, { type: 'ADD', by_n: 1 });
    publish(stage, 'cold', { type: 'TOUCH' }, 'greenlines.in.counter.b');
    await stage.ports.advance(2_000);
    expect(receipts(stage, 'cold')).toMatchObject([{ outcome: 'applied' }]);
    expect(stage.context(A)['n']).toBe(700);
  });

  test('[IN-21] a parked actor’s events get their receipts, and the stream is read on', async () => {
    const stage = await staged();
    publish(stage, 'break', { type: 'BREAK' });
    publish(stage, 'after', { type: 'TOUCH' });
    await stage.ports.advance(1_000);
    expect([receipts(stage, 'break')[0]?.outcome, receipts(stage, 'after')[0]?.outcome]).toEqual(['parked', 'parked']);
    expect(cursor(stage)?.cursor).toBe(2);
    expect(stage.database.dead).toHaveLength(2);
  });
});
