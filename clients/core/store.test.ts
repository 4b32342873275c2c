import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frame, ListItem, SubscribeAck } from '../../hub/protocol/messages.ts';
import { answered, asked, disconnected, EMPTY, isBehind, lost, receive, want, wanted, type Entry, type Store } from './store.ts';

const TOPIC = 'payment/pay_1';
const LIST = 'payment?limit=3';
const ack = (how: 'current' | 'replay' | 'snapshot', version: number, sub = 1, epoch = 'e1'): SubscribeAck => ({
  ok: true,
  sub,
  how,
  epoch,
  version,
});

const snapshot = (version: number, epoch = 'e1', sub = 1): Frame => ({
  kind: 'snapshot',
  sub,
  epoch,
  version,
  state: [`s${version}`],
  tags: [],
  context: { n: version },
  can: [],
  timers: [],
  updatedAt: 't',
});

const patch = (base: number, version: number, sub = 1): Frame => ({
  kind: 'patch',
  sub,
  base,
  version,
  ops: [{ op: 'replace', path: '/n', value: version }],
  state: [`s${version}`],
  updatedAt: 't',
  cause: { event: 'E', by: 'ann', at: 't' },
});

const row = (id: string, version = 1): ListItem => ({
  address: `payment/${id}`,
  version,
  state: ['draft'],
  tags: [],
  title: id,
  summary: '',
  updatedAt: 't',
  context: {},
});

const listSnapshot = (items: ListItem[], version = 1, sub = 1): Frame => ({
  kind: 'snapshot',
  sub,
  epoch: 'e1',
  version,
  items,
  total: items.length,
});

function following(topic: string, ...frames: Frame[]): Store {
  const first = answered(asked(want(EMPTY, topic), [topic]), topic, ack('snapshot', 1));
  return frames.reduce(receive, first);
}

function entry(store: Store, topic = TOPIC): Entry {
  const found = store.entries.get(topic);
  if (found === undefined) throw new Error(`No entry ${topic}`);
  return found;
}

const versionOf = (store: Store) => entry(store).copy?.version;

test('[CLIENT-3] A patch is applied when it continues the copy', () => {
  const store = following(TOPIC, snapshot(1), patch(1, 2));
  expect(entry(store).copy).toMatchObject({ version: 2, state: ['s2'], context: { n: 2 }, cause: { by: 'ann' } });
});

test('[CLIENT-3] A patch that is not newer than the copy is dropped', () => {
  const store = following(TOPIC, snapshot(3));
  expect(receive(store, patch(2, 3))).toBe(store);
  expect(receive(store, patch(1, 2))).toBe(store);
});

test('[CLIENT-3] A patch beyond a gap is not applied: the topic is asked for again from its position', () => {
  const store = following(TOPIC, snapshot(1), patch(2, 3));
  expect(versionOf(store)).toBe(1);
  expect(wanted(store)).toEqual([{ topic: TOPIC, at: { epoch: 'e1', version: 1 }, was: 1 }]);
});

test('[CLIENT-4] A merged patch is applied to the copy that it was made from, so that nothing is added twice', () => {
  const add = (base: number, version: number, ...values: number[]): Frame => ({
    ...(patch(base, version) as Extract<Frame, { kind: 'patch' }>),
    ops: values.map((value) => ({ op: 'add' as const, path: '/list/-', value })),
  });
  const start = { ...(snapshot(1) as Extract<Frame, { context: object }>), context: { list: [] } };
  const store = following(TOPIC, start, add(1, 2, 10), add(1, 3, 10, 20));
  expect(entry(store).copy).toMatchObject({ version: 3, context: { list: [10, 20] } });
});

test('[CLIENT-5] A snapshot of another epoch replaces the copy, even with a lower version', () => {
  const store = following(TOPIC, snapshot(9), snapshot(2, 'e2'));
  expect(entry(store).copy).toMatchObject({ epoch: 'e2', version: 2 });
});

test('[CLIENT-5] An older snapshot of the same epoch never overwrites a newer copy', () => {
  expect(versionOf(following(TOPIC, snapshot(9), snapshot(2)))).toBe(9);
});

test('[CLIENT-6] After a lost connection the copy stays, and its topic is asked for from its position', () => {
  const store = disconnected(following(TOPIC, snapshot(4)));
  expect(versionOf(store)).toBe(4);
  expect(wanted(store)).toEqual([{ topic: TOPIC, at: { epoch: 'e1', version: 4 }, was: undefined }]);
  const again = answered(asked(store, [TOPIC]), TOPIC, ack('current', 4, 7));
  expect(receive(again, patch(4, 5, 7)).entries.get(TOPIC)?.copy?.version).toBe(5);
});

test('[CLIENT-6] A list is always asked for anew, because its versions count within one subscription', () => {
  const store = disconnected(following(LIST, listSnapshot([row('a')], 40)));
  expect(wanted(store)).toEqual([{ topic: LIST, was: undefined }]);
  const again = answered(asked(store, [LIST]), LIST, ack('snapshot', 0));
  expect(entry(receive(again, listSnapshot([], 0)), LIST).copy).toMatchObject({ version: 0, items: [] });
});

test('[CLIENT-7] A head above the copy means a lost message, unless it arrives in a moment', () => {
  const heads: Frame = { kind: 'heads', heads: [{ sub: 1, version: 2 }] };
  const behind = receive(following(TOPIC, snapshot(1)), heads);
  expect(isBehind(entry(behind))).toBe(true);
  expect(wanted(lost(behind))).toHaveLength(1);
  expect(wanted(lost(receive(behind, patch(1, 2))))).toHaveLength(0);
});

test('[CLIENT-7] A lost snapshot is found by the heads, also where an old copy happens to stand at the version that they name', () => {
  const old = following(LIST, listSnapshot([row('a')]));
  const again = answered(asked(disconnected(old), [LIST]), LIST, ack('snapshot', 1, 2));
  const behind = receive(again, { kind: 'heads', heads: [{ sub: 2, version: 1 }] });
  expect(wanted(lost(behind))).toMatchObject([{ topic: LIST, was: 2 }]);
  expect(wanted(lost(receive(behind, listSnapshot([row('b')], 1, 2))))).toHaveLength(0);
});

test('[CLIENT-7] An answer "current" that names a newer version than the copy counts as a lost message', () => {
  const store = answered(asked(disconnected(following(TOPIC, snapshot(4))), [TOPIC]), TOPIC, ack('current', 6));
  expect(wanted(lost(store))).toHaveLength(1);
});

test('[CLIENT-8] What is revoked is forgotten at once', () => {
  const store = following(TOPIC, snapshot(1), patch(1, 2), { kind: 'revoked', sub: 1 });
  expect(entry(store)).toEqual({ topic: TOPIC, copy: undefined, past: [], standing: { kind: 'revoked' } });
  expect(JSON.stringify([...store.entries])).not.toContain('"n"');
});

test('[CLIENT-8] A refusal takes the copy away, but for one that only means "not now"', () => {
  const away = asked(disconnected(following(TOPIC, snapshot(1))), [TOPIC]);
  const refuse = (code: string) => answered(away, TOPIC, { ok: false, code, reason: 'No.' });
  expect(entry(refuse('not_found')).copy).toBeUndefined();
  expect(entry(refuse('retry'))).toMatchObject({ copy: { version: 1 }, standing: { kind: 'refused' } });
  expect(wanted(want(refuse('retry'), TOPIC))).toMatchObject([{ at: { version: 1 } }]);
});

test('[SDK-34] Whose rights have changed is shown nothing of before, even if the hub is too busy to say what he may see now', () => {
  const lost = receive(following(LIST, listSnapshot([row('a')])), { kind: 'resync', sub: 1, reason: 'rights' });
  expect(lost.entries.get(LIST)).toMatchObject({ copy: undefined, standing: { kind: 'wanted', fresh: true, was: 1 } });
  const refused = answered(asked(lost, [LIST]), LIST, { ok: false, code: 'overloaded', reason: 'Later.' });
  expect(refused.entries.get(LIST)?.copy).toBeUndefined();
  // For any other reason the rows stay until there are newer ones.
  const slow = receive(following(LIST, listSnapshot([row('a')])), { kind: 'resync', sub: 1, reason: 'slow' });
  expect(slow.entries.get(LIST)?.copy).toMatchObject({ total: 1 });
});

test('[CLIENT-9] A change that comes before its snapshot is not applied to a copy of another history', () => {
  const store = answered(asked(disconnected(following(TOPIC, snapshot(4))), [TOPIC]), TOPIC, ack('snapshot', 5, 1, 'e2'));
  const next = receive(store, patch(4, 5));
  expect(versionOf(next)).toBe(4);
  expect(wanted(next)).toEqual([{ topic: TOPIC, was: 1 }]);
});

test('[CLIENT-10] A list follows what enters, leaves, moves and changes', () => {
  const store = following(LIST, listSnapshot([row('a'), row('b'), row('c')]), {
    kind: 'list',
    sub: 1,
    base: 1,
    version: 2,
    total: 9,
    ops: [
      { op: 'leave', address: 'payment/c' },
      { op: 'enter', index: 0, item: row('d') },
      { op: 'move', address: 'payment/a', index: 2, item: row('a', 2) },
      { op: 'update', item: row('b', 5) },
    ],
  });
  expect(entry(store, LIST).copy).toMatchObject({ version: 2, total: 9, items: [row('d'), row('b', 5), row('a', 2)] });
});

test.each([
  ['that enters is there already', { op: 'enter' as const, index: 0, item: row('a') }],
  ['that leaves is not there', { op: 'leave' as const, address: 'payment/z' }],
  ['lands beyond the end', { op: 'enter' as const, index: 5, item: row('z') }],
])('[CLIENT-10] A list whose row %s is asked for again', (_what, op) => {
  const store = following(LIST, listSnapshot([row('a')]), { kind: 'list', sub: 1, base: 1, version: 2, total: 1, ops: [op] });
  expect(wanted(store)).toEqual([{ topic: LIST, was: 1 }]);
});

test('[CLIENT-11] However frames are lost, repeated or put out of order, a copy ends in the server state or is asked for again', () => {
  /** The server's states: `n` counts, `list` grows and shrinks, so that a misapplied patch shows. */
  const contextAt = (version: number) => ({ n: version, list: Array.from({ length: version % 5 }, (_, i) => `${version - i}`) });
  const change = (base: number, version: number): Frame => ({
    kind: 'patch',
    sub: 1,
    base,
    version,
    ops: [
      { op: 'replace', path: '/n', value: version },
      ...contextAt(base).list.map(() => ({ op: 'remove' as const, path: '/list/0' })),
      ...contextAt(version).list.map((value) => ({ op: 'add' as const, path: '/list/-', value })),
    ],
    state: [`s${version}`],
    updatedAt: 't',
    cause: { event: 'E', by: 'ann', at: 't' },
  });
  const whole = (version: number): Frame => ({
    ...(snapshot(version) as Extract<Frame, { context: object }>),
    context: contextAt(version),
  });
  const last = 12;
  const step = fc.oneof(
    fc.nat(last - 1).map((base) => change(base, base + 1)),
    fc.tuple(fc.nat(last - 1), fc.integer({ min: 1, max: 4 })).map(([base, span]) => change(base, Math.min(last, base + span))),
    fc.nat(last).map(whole),
    fc.constant<Frame>({ kind: 'resync', sub: 1, reason: 'slow' }),
    fc.nat(3).map<Frame>((sub) => ({ ...(change(0, last) as Extract<Frame, { kind: 'patch' }>), sub: sub + 2 })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (frames) => {
      let version = -1;
      let store = following(TOPIC);
      for (const frame of frames) {
        store = receive(store, frame);
        const { copy } = entry(store);
        // At every moment the copy is a state that the server has had, and never an older one than before.
        if (copy?.kind !== 'actor') continue;
        expect(copy.context).toEqual(contextAt(copy.version));
        expect(copy.state).toEqual([`s${copy.version}`]);
        expect(copy.version).toBeGreaterThanOrEqual(version);
        version = copy.version;
      }
      const final = lost(receive(store, { kind: 'heads', heads: [{ sub: 1, version: last }] }));
      const { copy } = entry(final);
      expect(wanted(final).length === 1 || (copy?.kind === 'actor' && copy.version === last)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('[CLIENT-11] However frames of a list are lost, repeated or put out of order, it ends in the server state or is asked for again', () => {
  const windows = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(windows, fc.infiniteStream(fc.nat(5)), (states, dice) => {
      const rowsAt = (version: number) => (states[version] ?? []).map((id) => row(id, version));
      const frames = states.slice(1).map((_, i) => listChange(rowsAt(i), rowsAt(i + 1), i));
      const wire = frames.flatMap((frame) => {
        const fate = dice.next().value ?? 5;
        return fate === 0 ? [] : fate === 1 ? [frame, frame] : [frame];
      });
      if (dice.next().value === 0) wire.reverse();
      const last = states.length - 1;
      let store = [listSnapshot(rowsAt(0), 0), ...wire].reduce(receive, following(LIST));
      store = lost(receive(store, { kind: 'heads', heads: [{ sub: 1, version: last }] }));
      const { copy } = entry(store, LIST);
      expect(copy?.kind === 'list' && copy.items).toEqual(rowsAt(copy?.version ?? 0));
      expect(wanted(store).length === 1 || copy?.version === last).toBe(true);
    }),
    { numRuns: 300 },
  );
});

function listChange(before: ListItem[], after: ListItem[], base: number): Frame {
  const leaves = before.filter((item) => !after.some(({ address }) => address === item.address));
  const stay = before.length - leaves.length;
  const ops = after.map((item, index) => {
    const known = before.some(({ address }) => address === item.address);
    return known
      ? { op: 'move' as const, address: item.address, index: Math.min(index, stay + index), item }
      : { op: 'enter' as const, index, item };
  });
  return {
    kind: 'list',
    sub: 1,
    base,
    version: base + 1,
    total: after.length,
    ops: [...leaves.map(({ address }) => ({ op: 'leave' as const, address })), ...ops],
  };
}
