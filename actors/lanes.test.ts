import { describe, expect, test } from 'vitest';
import { counter, repair } from '../tests/support/toy-machines.ts';
import { partitionOf } from '../machines/ids.ts';
import { LanesStage } from '../tests/support/lanes-stage.ts';
import type { Outcome } from './delivery.ts';
import type { Mishap } from './store/memory.ts';
import { step } from './step.ts';

const A = 'counter/a';
const B = 'counter/b';
const kind = ({ outcome }: Outcome): string => outcome;
const codeOf = (outcome: Outcome): string => ('code' in outcome ? outcome.code : 'reason' in outcome ? outcome.reason : outcome.outcome);
const versionOf = (outcome: Outcome): number | undefined => ('version' in outcome ? outcome.version : undefined);

async function staged(...mishaps: Mishap[]): Promise<LanesStage> {
  const stage = new LanesStage({ faults: { onCommit: () => mishaps.shift() ?? 'none' } });
  return stage.start();
}

describe('one id takes effect once', () => {
  test('[LANE-1] a repeat within a batch, in a later batch and after a restart is a duplicate of the version it made', async () => {
    const stage = await staged();
    await stage.create(A);
    const first = await stage.hear(
      Promise.all([stage.event(A, 'ADD', { by_n: 1 }, { id: 'x' }), stage.event(A, 'ADD', { by_n: 1 }, { id: 'x' })]),
    );
    expect(first.map(kind)).toEqual(['applied', 'duplicate']);
    const later = await stage.send(A, 'ADD', { by_n: 1 }, { id: 'x' });
    await stage.start();
    const restarted = await stage.send(A, 'ADD', { by_n: 1 }, { id: 'x', repeat: true });
    expect([later, restarted]).toEqual([
      { outcome: 'duplicate', version: 2 },
      { outcome: 'duplicate', version: 2 },
    ]);
    expect(stage.stored(A)).toMatchObject({ version: 2, context: { n: 1 } });
  });

  test('[LANE-2] an id that was used with another body is key_reused, in the same batch, later and after a refusal', async () => {
    const stage = await staged();
    await stage.create(A);
    const together = await stage.hear(
      Promise.all([stage.event(A, 'ADD', { by_n: 1 }, { id: 'x' }), stage.event(A, 'ADD', { by_n: 2 }, { id: 'x' })]),
    );
    expect(together.map(codeOf)).toEqual(['applied', 'key_reused']);
    expect(codeOf(await stage.send(A, 'ADD', { by_n: 3 }, { id: 'x' }))).toBe('key_reused');
    expect(codeOf(await stage.send(A, 'UNLOCK', {}, { id: 'y' }))).toBe('not_in_state');
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: 'y' }))).toBe('key_reused');
    expect(stage.stored(A)?.context['n']).toBe(1);
  });

  test('[LANE-3] a refusal is final for its id: it stays refused when the state would take it later, also after a restart', async () => {
    const stage = await staged();
    await stage.create(A);
    const refused = await stage.send(A, 'UNLOCK', {}, { id: 'early' });
    expect(refused).toEqual({ outcome: 'rejected', code: 'not_in_state', detail: '', version: 1 });
    await stage.send(A, 'LOCK');
    expect(await stage.send(A, 'UNLOCK', {}, { id: 'early' })).toEqual(refused);
    await stage.start();
    expect(await stage.send(A, 'UNLOCK', {}, { id: 'early' })).toEqual(refused);
    expect(kind(await stage.send(A, 'UNLOCK', {}, { id: 'another' }))).toBe('applied');
  });

  test('[LANE-4] what was refused before the actor existed stays refused once it does', async () => {
    const stage = await staged();
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: 'early' }))).toBe('not_found');
    await stage.create(A);
    expect(codeOf(await stage.send(A, 'TOUCH', {}, { id: 'early' }))).toBe('not_found');
    expect(kind(await stage.send(A, 'TOUCH', {}, { id: 'later' }))).toBe('applied');
  });

  test('[LANE-5] a refused repeat of something that was applied is a duplicate, not a refusal', async () => {
    const stage = await staged();
    await stage.create(A);
    await stage.send(A, 'LOCK', {}, { id: 'x' });
    expect(await stage.send(A, 'LOCK', {}, { id: 'x' })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(stage.database.refusals).toEqual([]);
  });

  test('[LANE-6] a creation key makes one actor, whatever is named with it; another body is key_reused', async () => {
    const stage = await staged();
    const made = (address: string, body_hash: string, id: string) =>
      stage.create(address, { id, fresh: true, creation: { caller: 'ann', key: 'k', body_hash } });
    expect(kind(await made(A, 'h', 'k'))).toBe('applied');
    expect(await made(A, 'h', 'k')).toEqual({ outcome: 'duplicate', version: 1 });
    expect(codeOf(await made(B, 'h', 'k'))).toBe('key_reused');
    await stage.start();
    expect(codeOf(await made(B, 'other', 'k2'))).toBe('key_reused');
    expect(await made(A, 'h', 'k')).toEqual({ outcome: 'duplicate', version: 1 });
    expect(stage.database.actors.map(({ address }) => address)).toEqual([A]);
  });

  test('[LANE-7] a second creation of the same address is refused as exists, and the first stays as it was', async () => {
    const stage = await staged();
    await stage.create(A, { input: { start: 7 } });
    expect(codeOf(await stage.create(A, { input: { start: 9 } }))).toBe('exists');
    expect(stage.stored(A)).toMatchObject({ version: 1, context: { n: 7 } });
  });
});

describe('what is refused', () => {
  test('[LANE-8] a named version must be the newest, also within a batch', async () => {
    const stage = await staged();
    await stage.create(A);
    const answers = await stage.hear(
      Promise.all([
        stage.event(A, 'TOUCH', {}, { ifVersion: 1 }),
        stage.event(A, 'TOUCH', {}, { ifVersion: 1 }),
        stage.event(A, 'TOUCH', {}, { ifVersion: 2 }),
      ]),
    );
    expect(answers.map(codeOf)).toEqual(['applied', 'version_mismatch', 'applied']);
  });

  test('[LANE-9] who may not see an actor hears not_found, the same as for one that is not there', async () => {
    const stage = await staged();
    await stage.create(A);
    const stranger = { caller: { kind: 'person', id: 'eve', roles: ['customer'], client: 'acme' } } as const;
    const [there, absent] = [await stage.send(A, 'TOUCH', {}, stranger), await stage.send(B, 'TOUCH', {}, stranger)];
    expect([codeOf(there), codeOf(absent)]).toEqual(['not_found', 'not_found']);
  });
});

describe('parking', () => {
  test('[LANE-10] a machine that throws parks its actor alone; outside events are kept as dead letters, and resumed it goes on', async () => {
    repair.broken = true;
    const stage = await staged();
    await stage.create(A);
    await stage.create(B);
    const answers = await stage.hear(
      Promise.all([stage.event(A, 'BREAK', {}, { id: 'bad' }), stage.event(B, 'TOUCH'), stage.event(A, 'TOUCH', {}, { id: 'kept' })]),
    );
    expect(answers.map(kind)).toEqual(['parked', 'applied', 'parked']);
    expect(stage.database.dead.map(({ event_id }) => event_id).sort()).toEqual(['caller:ann:bad', 'caller:ann:kept']);
    expect(stage.stored(A)).toMatchObject({ version: 2, parked: { code: 'machine_threw' } });
    await stage.start();
    expect(kind(await stage.send(A, 'TOUCH'))).toBe('parked');
    expect(kind(await stage.hear(stage.offer(A, { kind: 'resume' }, { event_id: 'own:operator#1' })))).toBe('applied');
    repair.broken = false;
    expect(kind(await stage.send(A, 'BREAK', {}, { id: 'bad' }))).toBe('applied');
    expect(kind(await stage.send(A, 'TOUCH', {}, { id: 'kept' }))).toBe('applied');
    expect(stage.stored(A)?.context['n']).toBe(1000);
  });

  test('[LANE-11] an envelope that this release cannot read stops its own actor and nobody else', async () => {
    const stage = await staged();
    await stage.create(A);
    await stage.create(B);
    const newest = stage.database.journalOf(A)[0];
    if (newest !== undefined) Object.assign(newest, { envelope: newest.envelope.replace('"value":"open"', '"value":"gone"') });
    await stage.start();
    const answers = await stage.hear(Promise.all([stage.event(A, 'TOUCH', {}, { id: 'kept' }), stage.event(B, 'TOUCH')]));
    expect(answers.map(codeOf)).toEqual(['unreadable', 'applied']);
    expect(stage.database.dead.map(({ event_id }) => event_id)).toEqual(['caller:ann:kept']);
  });

  test('[LANE-12] an error that nobody foresaw fails the one event that meets it', async () => {
    const odd = { ...counter, title: ({ n }: Record<string, unknown>) => (Number(n) >= 13 ? fail() : `count ${String(n)}`) };
    const stage = await new LanesStage({ machines: [odd] }).start();
    await stage.create(A);
    await stage.create(B);
    const answers = await stage.hear(
      Promise.all([stage.event(A, 'ADD', { by_n: 13 }), stage.event(B, 'ADD', { by_n: 1 }), stage.event(A, 'ADD', { by_n: 2 })]),
    );
    expect(answers.map(codeOf)).toEqual(['internal', 'applied', 'applied']);
    expect([stage.stored(A)?.context['n'], stage.stored(B)?.context['n']]).toEqual([2, 1]);
  });
});

function fail(): never {
  throw new Error('This title breaks');
}

describe('a commit that goes wrong', () => {
  test.each<[string, Mishap[]]>([
    ['is refused for the moment', ['retry', 'retry']],
    ['was lost and not written', ['lost_before']],
    ['was written and its answer lost', ['lost_after']],
    ['comes through long after its answer was lost', ['late']],
    ['goes wrong in every way', ['retry', 'late', 'lost_before', 'retry', 'lost_after']],
  ])('[LANE-13] a batch that %s loses nothing and doubles nothing', async (_, mishaps) => {
    const waiting: Mishap[] = [];
    const stage = await staged();
    await stage.create(A);
    const faulty = new LanesStage({ ports: stage.ports, database: stage.database, faults: { onCommit: () => waiting.shift() ?? 'none' } });
    await faulty.start();
    waiting.push(...mishaps);
    const answers = await faulty.hear(
      Promise.all([faulty.event(A, 'ADD', { by_n: 1 }), faulty.event(A, 'ADD', { by_n: 10 }), faulty.event(A, 'UNLOCK')]),
    );
    await stage.ports.advance(1_000);
    expect(waiting).toEqual([]);
    expect(answers.map((answer) => kind(answer).replace('duplicate', 'applied'))).toEqual(['applied', 'applied', 'rejected']);
    expect(faulty.stored(A)).toMatchObject({ version: 3, context: { n: 11 } });
    expect(faulty.database.journalOf(A).map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(kind(await faulty.send(A, 'ADD', { by_n: 100 }))).toBe('applied');
  });

  test('[LANE-24] what a statement wrote whose answer was lost is told to everybody like any other row, once', async () => {
    const mishaps: Mishap[] = ['none', 'lost_after'];
    const stage = await staged(...mishaps);
    await stage.create(A);
    stage.rows.length = 0;
    await stage.hear(Promise.all([stage.event(A, 'ADD', { by_n: 1 }), stage.event(A, 'WAIT')]));
    expect(stage.rows.map(({ row, newest }) => [row.version, newest?.version])).toEqual([
      [2, undefined],
      [3, 3],
    ]);
    expect(Object.keys(stage.rows.at(-1)?.after.timers ?? {})).toHaveLength(2);
  });

  test('[LANE-14] a value that the database refuses parks its own actor and lets the rest of the batch through', async () => {
    const stage = new LanesStage({
      faults: { onCommit: ({ journal }) => (journal.some(({ event }) => event.includes('venom')) ? 'poison' : 'none') },
    });
    await stage.start();
    await stage.create(A);
    await stage.create(B);
    const answers = await stage.hear(
      Promise.all([
        stage.event(B, 'ADD', { by_n: 1 }),
        stage.event(A, 'ADD', { by_n: 1, note: 'venom' }),
        stage.event(B, 'ADD', { by_n: 1 }),
      ]),
    );
    expect(answers.map(kind)).toEqual(['applied', 'parked', 'applied']);
    expect(stage.stored(B)?.context['n']).toBe(2);
    expect(stage.stored(A)).toMatchObject({ context: { n: 0 }, parked: { code: 'poison' } });
    expect(stage.database.dead).toMatchObject([{ actor: A, reason: 'parked', detail: 'poison', caller: 'ann' }]);
  });

  test('[LANE-27] each event with a value that the database refuses is kept, however alike their ids; a creation is refused', async () => {
    const stage = new LanesStage({
      faults: { onCommit: ({ journal }) => (journal.some(({ event }) => /venom|666/.test(event)) ? 'poison' : 'none') },
    });
    await stage.start();
    await stage.create(A);
    const long = 'x'.repeat(100);
    for (const end of ['a', 'b']) {
      const poisoned = stage.event(A, 'ADD', { by_n: 1, note: 'venom' }, { id: `${long}${end}` });
      expect(await stage.hear(poisoned)).toEqual({ outcome: 'parked', reason: 'poison' });
      expect(stage.stored(A)).toMatchObject({ parked: { code: 'poison' } });
      await stage.hear(stage.offer(A, { kind: 'resume' }));
    }
    expect(stage.database.dead.map(({ event_id }) => event_id.slice(-2))).toEqual(['xa', 'xb']);
    expect(await stage.create(B, { input: { start: 666 } })).toMatchObject({ outcome: 'rejected', code: 'invalid' });
  });

  test('[LANE-15] a node that lost a partition commits nothing more for it, says retry, and tells who has to know', async () => {
    const stage = await staged();
    await stage.create(A);
    const other = new LanesStage({ ports: stage.ports, database: stage.database });
    stage.database.release('one');
    other.node = 'two';
    await other.start();
    await other.send(A, 'LOCK');
    const answer = await stage.send(A, 'ADD', { by_n: 1 });
    expect([kind(answer), codeOf(answer)]).toEqual(['retry', 'not_ready']);
    expect(stage.lost).toContain(stage.database.actorOf(A)?.partition);
    expect(stage.stored(A)).toMatchObject({ version: 2, context: { n: 0 } });
  });

  test('[LANE-16] a partition that comes back is not judged by what was in memory when it went', async () => {
    const stage = await staged();
    await stage.create(A);
    const other = new LanesStage({ ports: stage.ports, database: stage.database });
    stage.database.release('one');
    other.node = 'two';
    await other.start();
    await other.send(A, 'LOCK');
    stage.database.release('two');
    await stage.claim();
    // In the old state this would have been refused, for ever.
    expect(await stage.send(A, 'UNLOCK')).toMatchObject({ outcome: 'applied', version: 3 });
  });

  test.each(['commit', 'load'] as const)(
    '[LANE-26] an answer to a %s that comes when the partition was lost and taken again is not what this node knows then',
    async (call) => {
      const stage = await staged();
      await stage.create(A);
      const told = stage.rows.length;
      if (call === 'load') stage.lanes.lose([partitionOf(A)]);
      if (call === 'load') await stage.claim();
      const { promise, resolve } = Promise.withResolvers<void>();
      const real = stage.store[call].bind(stage.store) as (...args: readonly unknown[]) => Promise<unknown>;
      Object.assign(stage.store, {
        [call]: (...args: readonly unknown[]) => {
          Object.assign(stage.store, { [call]: real });
          return real(...args).then(async (answer) => promise.then(() => answer));
        },
      });
      const answer = stage.event(A, call === 'load' ? 'UNLOCK' : 'TOUCH');
      await stage.ports.advance(100);
      const other = new LanesStage({ ports: stage.ports, database: stage.database });
      stage.database.release('one');
      other.node = 'two';
      await other.start();
      await other.send(A, 'LOCK');
      stage.database.release('two');
      stage.lanes.lose([partitionOf(A)]);
      await stage.claim();
      resolve();
      await stage.hear(answer);
      if (call === 'commit') expect(await stage.send(A, 'UNLOCK')).toMatchObject({ outcome: 'applied' });
      // Of the row that it wrote before whoever took the partition has read.
      expect(stage.rows.slice(told).map(({ row }) => row.event)).toEqual(['{"type":"UNLOCK"}']);
      expect(kind(await answer)).toBe('applied');
    },
  );

  test('[LANE-28] what was missed is not told when others have written while it was read: whoever takes over has read it all', async () => {
    const stage = await staged('none', 'lost_after');
    await stage.create(A);
    const { promise, resolve } = Promise.withResolvers<void>();
    const since = stage.store.since.bind(stage.store);
    stage.store.since = (...args) => since(...args).then((rows) => promise.then(() => rows));
    const answer = stage.event(A, 'TOUCH');
    await stage.ports.advance(1_000);
    const other = new LanesStage({ ports: stage.ports, database: stage.database });
    stage.database.release('one');
    other.node = 'two';
    await other.start();
    await other.send(A, 'LOCK');
    stage.database.release('two');
    stage.lanes.lose([partitionOf(A)]);
    await stage.claim();
    const before = stage.lost.length;
    resolve();
    expect(codeOf(await stage.hear(answer))).toBe('not_ready');
    expect([stage.rows.map(({ row }) => row.version), stage.lost.slice(before)]).toEqual([[1], [partitionOf(A)]]);
    expect(stage.lanes.headOf(partitionOf(A))).toBeUndefined();
  });

  test('[LANE-29] what others wrote after a lost partition was claimed again is theirs to tell, however late it is read', async () => {
    const stage = await staged('none', 'lost_after');
    await stage.create(A);
    const { promise, resolve } = Promise.withResolvers<void>();
    const since = stage.store.since.bind(stage.store);
    stage.store.since = (...args) => promise.then(() => since(...args));
    const answers = [stage.event(A, 'TOUCH'), stage.event(A, 'LOCK')];
    await stage.ports.advance(1_000);
    const other = new LanesStage({ ports: stage.ports, database: stage.database });
    stage.database.release('one');
    other.node = 'two';
    await other.start();
    await other.send(A, 'UNLOCK');
    resolve();
    await stage.hear(Promise.all(answers));
    expect(stage.database.journalOf(A)).toHaveLength(4);
    expect(stage.rows.map(({ row }) => row.version)).toEqual([1, 2, 3]);
  });

  test('[LANE-30] what was read while a lost statement could still commit is forgotten when its partition is claimed again', async () => {
    const mishaps: Mishap[] = ['none', 'late'];
    const stage = new LanesStage({
      faults: { onCommit: () => mishaps.shift() ?? 'none', delay_ms: (call) => (call === 'claim' ? 1_000 : 0) },
    });
    await stage.start();
    await stage.create(A);
    const { promise, resolve } = Promise.withResolvers<void>();
    const answer = stage.event(A, 'LOCK');
    await stage.ports.advance(10);
    const load = stage.store.load.bind(stage.store);
    stage.store.load = (addresses) => {
      stage.store.load = load;
      return load(addresses).then((rows) => promise.then(() => rows));
    };
    const reading = stage.lanes.read(A);
    await stage.ports.advance(600);
    resolve();
    expect((await stage.hear(reading))?.envelope.version).toBe(1);
    expect(kind(await stage.hear(answer))).toBe('duplicate');
    expect(await stage.send(A, 'UNLOCK')).toMatchObject({ outcome: 'applied', version: 3 });
  });

  test('[LANE-32] a partition that was lost while its commit was under way is not taken up by the back door when that commit fails', async () => {
    const mishaps: Mishap[] = ['none', 'lost_after'];
    const stage = new LanesStage({
      faults: { onCommit: () => mishaps.shift() ?? 'none', delay_ms: (call) => (call === 'commit' ? 100 : 0) },
    });
    await stage.start();
    await stage.create(A);
    const answer = stage.event(A, 'TOUCH');
    await stage.ports.advance(50);
    stage.lanes.lose([partitionOf(A)]);
    expect(codeOf(await stage.hear(answer))).toBe('not_ready');
    expect(stage.lanes.headOf(partitionOf(A))).toBeUndefined();
    expect(stage.lost).toContain(partitionOf(A));
  });

  test('[LANE-31] who may not send an event any more is told of the one that he could send, and of no other; nothing is kept of it', async () => {
    const stage = await staged();
    await stage.create(A);
    await stage.send(A, 'LOCK', {}, { id: 'once' });
    const denied = { denied: 'auditor may not send that.' };
    const refused = { outcome: 'rejected', code: 'forbidden', detail: denied.denied, version: 0 };
    expect(await stage.send(A, 'LOCK', {}, { id: 'once', ...denied })).toEqual({ outcome: 'duplicate', version: 2 });
    expect(codeOf(await stage.send(A, 'UNLOCK', {}, { id: 'once', ...denied }))).toBe('key_reused');
    expect(await stage.send(A, 'UNLOCK', {}, { id: 'never', ...denied })).toEqual(refused);
    expect(await stage.send('counter/nobody', 'UNLOCK', {}, { id: 'never', ...denied })).toEqual(refused);
    const [first, repeat] = [stage.event(A, 'UNLOCK', {}, { id: 'both' }), stage.event(A, 'UNLOCK', {}, { id: 'both', ...denied })];
    expect([kind(await stage.hear(first)), kind(await stage.hear(repeat))]).toEqual(['applied', 'duplicate']);
    await stage.hear(stage.offer(A, { kind: 'park', code: 'machine_threw', detail: '' }));
    expect(await stage.send(A, 'LOCK', {}, { id: 'parked', ...denied })).toEqual(refused);
    expect(stage.database.dead).toEqual([]);
    await stage.hear(stage.offer(A, { kind: 'resume' }));
    expect(kind(await stage.send(A, 'LOCK', {}, { id: 'never' }))).toBe('applied');
  });

  test('[LANE-17] stopping does not wait for a database that is gone', async () => {
    const stage = new LanesStage({ faults: { onCommit: () => 'retry' } });
    await stage.start();
    const answer = stage.create(A);
    await stage.ports.advance(10);
    await stage.hear(stage.lanes.drain());
    expect(await answer).toEqual({ outcome: 'retry', after_ms: 500, reason: 'stopping' });
    expect(kind(await stage.send(A, 'TOUCH'))).toBe('retry');
  });
});

describe('batches', () => {
  test('[LANE-18] what waits together is committed together, with one lean row for each actor, numbered without gaps', async () => {
    const stage = await staged();
    await stage.create(A);
    stage.batches.length = 0;
    await stage.hear(Promise.all(Array.from({ length: 20 }, () => stage.event(A, 'TOUCH'))));
    expect(stage.batches.map(({ journal, actors }) => [journal.length, actors.length])).toEqual([[20, 1]]);
    expect(stage.batches[0]?.actors[0]?.version).toBe(21);
    expect(stage.batches[0]?.journal.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
  });

  test('[LANE-19] nobody is told before the commit, and the callers are told before the listeners', async () => {
    const stage = await new LanesStage({ faults: { delay_ms: (call) => (call === 'commit' ? 500 : 0) } }).start();
    const told: string[] = [];
    stage.lanes.onCommit(() => void told.push('listener'));
    void stage.offer(A, { kind: 'create', id: 'a', input: {}, settings: {} }).then(() => told.push('caller'));
    await stage.ports.advance(400);
    expect(told).toEqual([]);
    await stage.ports.advance(200);
    expect(told).toEqual(['caller', 'listener']);
  });

  test('[LANE-25] listeners hear every commit in order, and before its partition is lost or the node has stopped', async () => {
    const told: (string | number)[] = [];
    const stage = await new LanesStage({ options: { onLost: () => void told.push('lost') } }).start();
    stage.lanes.onCommit((rows) => told.push(...rows.map(({ row }) => row.version)));
    await stage.create(A);
    const partition = stage.database.actorOf(A)?.partition ?? -1;
    const lost = stage.event(A, 'TOUCH').then(() => stage.lanes.lose([partition]));
    await stage.hear(lost);
    await stage.claim();
    await stage.hear(stage.event(A, 'TOUCH').then(() => stage.lanes.drain()));
    told.push('stopped');
    await stage.ports.advance(100);
    expect(told).toEqual([1, 2, 'lost', 3, 'stopped']);
  });

  test('[LANE-20] with a long queue two lanes work at once, never on the same partition', async () => {
    const busy = new Set<number>();
    let most = 0;
    const stage = await new LanesStage({
      options: { crowd: 4, batch: 8 },
      faults: {
        delay_ms: (call) => (call === 'commit' ? 10 : 0),
        onCommit: ({ partitions }) => {
          for (const { id } of partitions) expect(busy.has(id)).toBe(false);
          return 'none';
        },
      },
    }).start();
    const commit = stage.store.commit.bind(stage.store);
    let working = 0;
    stage.store.commit = async (batch, lane) => {
      working++;
      most = Math.max(most, working);
      for (const { id } of batch.partitions) expect(busy.has(id)).toBe(false);
      for (const { id } of batch.partitions) busy.add(id);
      await commit(batch, lane).finally(() => {
        working--;
        for (const { id } of batch.partitions) busy.delete(id);
      });
    };
    await stage.hear(
      Promise.all(
        Array.from({ length: 64 }, (_, index) => stage.offer(`counter/many${index}`, { kind: 'create', id: 'x', input: {}, settings: {} })),
      ),
    );
    expect(most).toBe(2);
  });

  test('[LANE-21] the journal of every step tells what the machine says: stepping its events again gives the same envelopes', async () => {
    const stage = await staged();
    await stage.create(A, { input: { start: 2 } });
    for (const [type, payload] of [
      ['ADD', { by_n: 3 }],
      ['WAIT', {}],
      ['CALM', {}],
      ['LOCK', {}],
    ] as const)
      await stage.send(A, type, payload);
    let envelope;
    for (const row of stage.database.journalOf(A)) {
      const { type, ...payload } = JSON.parse(row.event) as { type: string };
      const moment = { by: row.caller, now: row.at, scale: 1 };
      const happening =
        type === '@create'
          ? ({ kind: 'create', id: 'a', input: payload, settings: {} } as const)
          : ({ kind: 'event', event: { ...payload, type } } as const);
      const stepped = step(counter, envelope, happening, moment);
      if (stepped.outcome !== 'applied') throw new Error('It was not applied');
      envelope = stepped.next;
      expect(envelope.version).toBe(row.version);
    }
    expect(envelope?.snapshot.context).toEqual(stage.stored(A)?.context);
  });

  test('[LANE-22] an answer that makes its listener throw harms nobody', async () => {
    const stage = await staged();
    await stage.create(A);
    stage.lanes.onCommit(() => fail());
    expect(versionOf(await stage.send(A, 'TOUCH'))).toBe(2);
    expect(stage.ports.lines.at(-1)?.message).toBe('A listener threw after a commit');
  });
});
