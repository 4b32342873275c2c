import { describe, expect, test } from 'vitest';
import { RuntimeStage } from '../tests/support/runtime-stage.ts';
import { partitionOf } from '../machines/ids.ts';
import type { BusMishap } from './bus/memory.ts';

const A = 'counter/a';
const SAID = 'greenlines.event.counter.said.a';

const kept = (stage: RuntimeStage): { id: string; data: { n: number } }[] =>
  (stage.server.kept(SAID) ?? []).map(({ data }) => JSON.parse(data) as { id: string; data: { n: number } });
const published = (stage: RuntimeStage): number => stage.database.progressOf([partitionOf(A)])[0]?.published ?? -1;

async function staged(onPublish: (subject: string) => BusMishap = () => 'none'): Promise<RuntimeStage> {
  const stage = await new RuntimeStage({ busFaults: { onPublish: ({ subject }) => onPublish(subject) } }).start();
  await stage.send(A, '@create');
  return stage;
}

describe('domain events', () => {
  test('[OUT-1] domain events go out after the commit as CloudEvents, named by actor, version and position, each once in the stream', async () => {
    const stage = await staged();
    await stage.send(A, 'SAY');
    await stage.ports.advance(1_000);
    expect(kept(stage)).toEqual([
      {
        specversion: '1.0',
        id: 'counter/a@2#0',
        source: '/green-lines-hub/hub1',
        type: 'counter.said',
        subject: 'counter/a',
        time: expect.stringMatching(/^2026-01-05T08:00:0\d\.\d{3}Z$/) as string,
        datacontenttype: 'application/json',
        data: { n: 0 },
      },
    ]);
    expect(published(stage)).toBe(2);
  });

  test('[OUT-2] domain events that were not acknowledged go out again after a crash, with the same ids', async () => {
    let mishap: BusMishap = 'none';
    const stage = await staged((subject) => (subject === SAID ? mishap : 'none'));
    mishap = 'lost';
    await stage.send(A, 'SAY');
    await stage.send(A, 'SAY');
    await stage.ports.advance(100);
    expect(kept(stage)).toEqual([]);
    mishap = 'none';
    await stage.restart();
    await stage.ports.advance(1_000);
    expect(kept(stage).map(({ id }) => id)).toEqual(['counter/a@2#0', 'counter/a@3#0']);
  });

  test('[OUT-3] domain events hold back the published mark until they are acknowledged, and what follows them too', async () => {
    let mishap: BusMishap = 'none';
    const stage = await staged((subject) => (subject === SAID ? mishap : 'none'));
    await stage.ports.advance(1_000);
    expect(published(stage)).toBe(1);
    mishap = 'unanswered';
    await stage.send(A, 'SAY');
    for (let n = 0; n < 3; n++) await stage.send(A, 'TOUCH');
    await stage.ports.advance(3_000);
    expect(published(stage)).toBe(1);
    mishap = 'none';
    await stage.ports.advance(3_000);
    expect(published(stage)).toBe(5);
  });

  test('[OUT-4] domain events wait in the journal while NATS is gone, go out in order when it is back, and nobody’s command waits for them', async () => {
    const stage = await staged();
    stage.server.stop();
    for (let n = 1; n <= 4; n++) {
      expect(await stage.send(A, 'ADD', { by_n: 1 })).toMatchObject({ outcome: 'applied' });
      expect(await stage.send(A, 'SAY')).toMatchObject({ outcome: 'applied' });
    }
    await stage.ports.advance(2_000);
    stage.server.start();
    await stage.ports.advance(3_000);
    expect(kept(stage).map(({ data }) => data.n)).toEqual([1, 2, 3, 4]);
    expect(published(stage)).toBe(9);
  });

  test('[OUT-5] no domain event is behind the mark unsent, wherever the hub crashes', async () => {
    for (let crash_at = 0; crash_at < 30; crash_at += 3) {
      const stage = await staged();
      await stage.hear(
        Promise.all(
          Array.from({ length: 5 }, () =>
            stage.runtime.command({ address: A, type: 'SAY', payload: {}, caller: { kind: 'person', id: 'x', roles: ['clerk'] } }),
          ),
        ),
      );
      await stage.ports.advance(crash_at);
      await stage.crash();
      const sent = new Set(kept(stage).map(({ id }) => id));
      for (const { seq, actor, version, asked } of stage.database.rowsOf(partitionOf(A))) {
        if (seq <= published(stage) && asked !== '') expect(sent).toContain(`${actor}@${version}#0`);
      }
      await stage.start();
      await stage.ports.advance(1_000);
      expect(new Set(kept(stage).map(({ id }) => id)).size).toBe(5);
    }
  });

  test('[OUT-11] whoever listens beside the stream hears each domain event once while nothing fails, at rest and in a rush', async () => {
    const stage = await staged();
    const rush = (): Promise<unknown> => Promise.all(Array.from({ length: 20 }, () => stage.send(A, 'SAY')));
    for (let n = 0; n < 20; n++) {
      await stage.send(A, 'SAY');
      await stage.ports.advance(n * 7);
    }
    await rush();
    await stage.ports.advance(1_000);
    const heard = stage.server.messagesTo(SAID).map(({ headers }) => headers['Nats-Msg-Id']);
    expect(heard).toEqual(Array.from({ length: 40 }, (_, index) => `counter/a@${index + 2}#0`));
    expect(published(stage)).toBe(41);
  });
});

describe('tells', () => {
  const B = 'counter/b';

  async function pair(): Promise<RuntimeStage> {
    const stage = await staged();
    await stage.send(B, '@create');
    return stage;
  }

  test('[OUT-6] tells reach their target once, with the teller as their sender and the asking step as their cause', async () => {
    const stage = await pair();
    await stage.send(A, 'TELL', { to: B, what: 'LOCK' });
    await stage.ports.advance(500);
    expect(stage.database.journalOf(B).at(-1)).toMatchObject({
      event: '{"type":"LOCK"}',
      caller: A,
      causation: 'counter/a@2',
      event_id: 'own:counter/a@2#0',
    });
    expect(stage.events(B)).toEqual(['@create', 'LOCK']);
  });

  test('[OUT-7] a tell reaches its target once whenever the hub crashes on the way, also while NATS is gone', async () => {
    for (const [crash_at, nats] of [0, 1, 5, 20, 100, 600].flatMap((at) => [[at, true] as const, [at, false] as const])) {
      const stage = await pair();
      await stage.ports.advance(700);
      if (!nats) stage.server.stop();
      await stage.send(A, 'TELL', { to: B, what: 'LOCK' });
      await stage.ports.advance(crash_at);
      await stage.crash();
      if (!nats) stage.server.start();
      await stage.start();
      await stage.ports.advance(1_000);
      expect([crash_at, stage.events(B)]).toEqual([crash_at, ['@create', 'LOCK']]);
    }
  });

  test.each([
    [B, 'UNLOCK', 'refused UNLOCK not_in_state'],
    [B, 'NONSENSE', 'refused NONSENSE unknown_event'],
    ['counter/nobody', 'LOCK', 'refused LOCK not_found'],
    ['nothing/x', 'LOCK', 'refused LOCK no_such_target'],
    ['no address', 'LOCK', 'refused LOCK no_such_target'],
  ])('[OUT-8] tells that are refused come back to their sender: %s does not take %s', async (to, what, expected) => {
    const stage = await pair();
    await stage.send(A, 'TELL', { to, what });
    await stage.ports.advance(500);
    expect(stage.context(A)['last']).toBe(expected);
    await stage.restart();
    await stage.ports.advance(1_000);
    expect(stage.events(A).filter((type) => type === 'tell.refused')).toHaveLength(1);
  });

  test('[OUT-9] tells that were refused while the hub stopped come back when it starts again', async () => {
    for (const stop_at of [40, 60, 80, 110, 140]) {
      const stage = await new RuntimeStage({ storeFaults: { delay_ms: (call) => (call === 'commit' ? 50 : 0) } }).start();
      for (const address of [A, B]) await stage.send(address, '@create');
      await stage.ports.advance(1_000);
      void stage.runtime.command({
        address: A,
        type: 'TELL',
        payload: { to: B, what: 'UNLOCK' },
        caller: { kind: 'person', id: 'x', roles: ['clerk'] },
      });
      await stage.ports.advance(stop_at);
      await stage.hear(stage.runtime.stop());
      await stage.restart();
      await stage.ports.advance(2_000);
      expect([stop_at, stage.context(A)['last']]).toEqual([stop_at, 'refused UNLOCK not_in_state']);
    }
  });
});

describe('what other nodes read', () => {
  test('[OUT-10] every row is told on its partition’s subject, in messages that follow one another without a gap', async () => {
    const stage = await staged();
    for (let n = 0; n < 6; n++) await stage.send(A, 'TOUCH');
    await stage.ports.advance(500);
    const partition = partitionOf(A);
    type Change = { partition: number; from: number; to: number; hash: string; rows: [actor: string, version: number][] };
    const messages = (stage.server.kept(`greenlines.changes.${partition}`) ?? []).map(({ data }) => JSON.parse(data) as Change);
    let next = 1;
    for (const { from, to, rows } of messages) {
      expect([from, rows.length]).toEqual([next, to - from + 1]);
      next = to + 1;
    }
    expect(messages.flatMap(({ rows }) => rows)).toEqual(Array.from({ length: 7 }, (_, index) => [A, index + 1]));
    expect(messages.at(-1)?.hash).toBe(stage.database.rowsOf(partition).at(-1)?.hash);
  });
});
