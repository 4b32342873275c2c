import { expect, test } from 'vitest';
import type { InspectFrame } from '../../hub/protocol/inspection.ts';
import { differencesOf } from './difference.ts';
import { InspectLog, matches, movedIn } from './log.ts';
import type { Step } from './log.ts';

const snapshot = (value: unknown, n: number) => ({
  ...{ status: 'active' as const, output: undefined, error: undefined, tags: [], children: {}, timers: {} },
  value,
  context: { n },
});
const head = (address: string, version: number) => ({
  ...{
    sessionId: address,
    rootId: address,
    createdAt: String(1_700_000_000_000 + version),
    id: `${address}@${version}`,
    _version: '0.7.2',
  },
});
const introduced = (address: string, version: number, value = 'open'): InspectFrame => ({
  ...{ type: '@xstate.actor', name: address, parentId: undefined, definition: '{}', snapshot: snapshot(value, version) },
  ...head(address, version),
});
const stepped = (address: string, version: number, value = 'open', type = 'GO'): InspectFrame[] => {
  const event = { type, by: 'clerk', at: version };
  return [
    { type: '@xstate.event', event, sourceId: undefined, ...head(address, version) },
    { type: '@xstate.snapshot', event, snapshot: snapshot(value, version), ...head(address, version) },
  ];
};
const logOf = (...frames: readonly (InspectFrame | InspectFrame[])[]): InspectLog => {
  const log = new InspectLog();
  for (const frame of frames.flat()) log.take(frame);
  return log;
};
const versions = (log: InspectLog, address = 'a/1'): number[] => log.actor(address)?.steps.map(({ version }) => version) ?? [];

test('[INSP-30] The page keeps an actor’s steps in order, with what was before and after each', () => {
  const log = logOf(introduced('a/1', 1), stepped('a/1', 1, 'open', '@create'), stepped('a/1', 2, 'shut'), stepped('b/1', 9));
  expect(versions(log)).toEqual([1, 2]);
  const [born, shut] = log.steps as [Step, Step];
  expect([born.before, born.after.value]).toEqual([undefined, 'open']);
  expect(movedIn(shut)).toEqual({ left: ['open'], entered: ['shut'] });
  expect(log.steps.map(({ key }) => key)).toEqual(['a/1@1', 'a/1@2']);
});

test('[INSP-31] What comes again after a reconnect is shown once, and what was missed leaves a gap that is not taken for a change', () => {
  const log = logOf(introduced('a/1', 4), stepped('a/1', 5), stepped('a/1', 6));
  for (const frame of [introduced('a/1', 2), ...[3, 4, 5, 6, 7].flatMap((n) => stepped('a/1', n))]) log.take(frame);
  expect(versions(log)).toEqual([5, 6, 7]);
  for (const frame of [introduced('a/1', 20, 'shut'), ...stepped('a/1', 21, 'shut')]) log.take(frame);
  expect(versions(log)).toEqual([5, 6, 7, 21]);
  expect(log.actor('a/1')?.steps.at(-1)?.before?.context).toEqual({ n: 20 });
  for (const frame of stepped('a/1', 30)) log.take(frame);
  expect(log.actor('a/1')?.steps.at(-1)?.before).toBeUndefined();
});

test('[INSP-32] The page forgets the oldest steps when it has been open for long', () => {
  const log = logOf(introduced('a/1', 1), introduced('b/1', 1));
  for (let n = 2; n < 5000; n++) for (const address of ['a/1', 'b/1']) for (const frame of stepped(address, n)) log.take(frame);
  expect(log.steps.length).toBeLessThanOrEqual(3300);
  expect(versions(log).length + versions(log, 'b/1').length).toBe(log.steps.length);
  expect(versions(log).at(-1)).toBe(4999);
  for (let n = 0; n < 1500; n++) log.take(introduced(`c/${n}`, 1));
  expect(log.actors).toHaveLength(1000);
  expect(log.actors[0]?.address).toBe('c/1499');
});

test('[INSP-33] What the hub left out is counted over all connections', () => {
  const notice = (n: number): InspectFrame => ({
    ...{
      type: '@xstate.snapshot',
      event: { type: 'LEFT_OUT' },
      snapshot: { ...snapshot('incomplete', 0), context: { left_out_steps: n } },
    },
    ...head('@inspector', 1),
  });
  const log = logOf(notice(3), notice(7));
  expect([log.leftOut, log.actors]).toEqual([7, []]);
  log.begin('payment');
  log.take(notice(2));
  expect(log.leftOut).toBe(9);
  log.begin('client');
  expect(log.leftOut).toBe(0);
});

test('[INSP-34] Steps are found by any words of their actor, event, sender and states', () => {
  const [step] = logOf(introduced('payment/pay_1', 1), stepped('payment/pay_1', 2, 'needs_approval', 'SUBMIT')).steps;
  for (const text of ['', 'submit', 'PAY_1 clerk', 'needs', 'payment submit approval'])
    expect(matches(step as Step, text), text).toBe(true);
  for (const text of ['capture', 'submit boss']) expect(matches(step as Step, text), text).toBe(false);
});

test('[INSP-35] The difference of two snapshots names every place, added, removed or changed, and nothing that is equal', () => {
  const before = { a: 1, list: [{ by: 'x' }], gone: null, same: { deep: [1] }, kind: [] };
  const after = { a: 2, list: [{ by: 'y' }, { by: 'z' }], same: { deep: [1] }, kind: {}, fresh: false };
  expect(differencesOf(before, after)).toEqual([
    { path: 'a', kind: 'changed', before: 1, after: 2 },
    { path: 'list[0].by', kind: 'changed', before: 'x', after: 'y' },
    { path: 'list[1]', kind: 'added', before: undefined, after: { by: 'z' } },
    { path: 'kind', kind: 'changed', before: [], after: {} },
    { path: 'fresh', kind: 'added', before: undefined, after: false },
    { path: 'gone', kind: 'removed', before: null, after: undefined },
  ]);
  expect(differencesOf(before, structuredClone(before))).toEqual([]);
});
