import { expect, test } from 'vitest';
import { fakeClock } from '../../../tests/support/fake-clock.ts';
import type { Line } from '../../core/command.ts';
import { Unanswered } from '../unanswered.ts';
import { countFates, sendAll, type Fate, type Target } from './use-many.ts';

const TARGETS: readonly Target[] = Array.from({ length: 40 }, (_, n) => ({ address: `payment/${n}`, event: { type: 'CANCEL' } }));

/** Whoever is signed in sends to a hub that takes everything at once; `after` so many something happens. */
function makeSending(count: number, happen: (set: { bearer: string | undefined; goesOn: boolean }) => void) {
  const now = { bearer: 'ann' as string | undefined, goesOn: true };
  const listeners = new Set<() => void>();
  const sent: string[] = [];
  const line: Line = {
    isUp: () => true,
    bearer: () => now.bearer,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    command: async () => {
      sent.push(now.bearer ?? 'nobody');
      if (sent.length === count) {
        happen(now);
        for (const listener of listeners) listener();
      }
      return { outcome: 'applied', version: 2 };
    },
  };
  const fates = new Map<string, Fate>();
  const sending = {
    line,
    clock: fakeClock(),
    kept: new Unanswered(() => ({ getItem: () => null, setItem: () => undefined })),
    tell: (address: string, fate: Fate) => void fates.set(address, fate),
    goesOn: () => now.goesOn,
  };
  return { sending, sent, fates };
}

test('[SDK-27] Of many, what is not sent yet when somebody else signs in is not sent at all', async () => {
  const { sending, sent, fates } = makeSending(20, (set) => (set.bearer = 'bob'));
  await sending.clock.run(sendAll(sending, TARGETS));
  expect(new Set(sent)).toEqual(new Set(['ann']));
  expect(sent.length).toBeLessThan(30);
  const kinds = [...fates.values()].map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(['done', 'unanswered', 'waiting']));
});

test('[SDK-27] Of many, what is not sent yet when nobody looks at it any more is not sent at all', async () => {
  const { sending, sent } = makeSending(20, (set) => (set.goesOn = false));
  await sending.clock.run(sendAll(sending, TARGETS));
  expect(sent.length).toBeLessThan(30);
});

test('[SDK-27] Of many, each is sent once and told of', async () => {
  const { sending, sent, fates } = makeSending(0, () => undefined);
  await sending.clock.run(sendAll(sending, TARGETS));
  expect(sent).toHaveLength(TARGETS.length);
  expect([...fates.values()].every(({ kind }) => kind === 'done')).toBe(true);
  expect(sending.kept.startingWith('ann', '')).toEqual([]);
});

test('[SDK-38] Of many, what was not answered goes under the id that it had, also when the dialog was closed meanwhile', async () => {
  const targets = TARGETS.slice(0, 6);
  const lost = makeSending(0, () => undefined);
  const ids: string[] = [];
  const silent: Line = {
    ...lost.sending.line,
    command: ({ id, to }) => {
      ids.push(`${to} ${id}`);
      return new Promise(() => undefined);
    },
  };
  await lost.sending.clock.run(sendAll({ ...lost.sending, line: silent }, targets));
  expect([...lost.fates.values()].map(({ kind }) => kind)).toEqual(targets.map(() => 'unanswered'));
  const again: string[] = [];
  const answering: Line = {
    ...lost.sending.line,
    command: async ({ id, to }) => {
      again.push(`${to} ${id}`);
      return { outcome: 'duplicate', version: 2 };
    },
  };
  const other = { address: 'payment/0', event: { type: 'DENY', reason: 'no' } };
  await lost.sending.clock.run(sendAll({ ...lost.sending, line: answering }, [...targets, other]));
  expect(new Set(again.slice(0, 6))).toEqual(new Set(ids));
  expect(ids.some((id) => id === again[6])).toBe(false);
  expect(lost.sending.kept.startingWith('ann', '')).toEqual([]);
});

test('[SDK-39] Of many, what the hub keeps or has not answered is told as that, and sent again under its id', async () => {
  const targets = TARGETS.slice(0, 4);
  const { sending, fates } = makeSending(0, () => undefined);
  const outcomes = ['applied', 'rejected', 'parked', 'duplicate'] as const;
  const ids: string[] = [];
  const line: Line = {
    ...sending.line,
    command: async ({ id, to }) => {
      ids.push(id);
      const outcome = outcomes[Number(to.split('/')[1])] ?? 'applied';
      return outcome === 'parked'
        ? { outcome, reason: 'x' }
        : outcome === 'rejected'
          ? { outcome, code: 'x', reason: 'x', version: 1, can: [] }
          : { outcome, version: 1 };
    },
  };
  await sending.clock.run(sendAll({ ...sending, line }, targets));
  expect([...fates.values()].map(({ kind }) => kind)).toEqual(['done', 'refused', 'kept', 'doneBefore']);
  expect(countFates(fates, targets.length)).toEqual({ done: 2, refused: 1, kept: 1, open: 0 });
  expect(countFates(new Map(), 3)).toEqual({ done: 0, refused: 0, kept: 0, open: 3 });
  const before = sending.kept.startingWith('ann', 'payment/').map(({ id }) => id);
  expect(before).toEqual([ids[2]]);
  await sending.clock.run(sendAll({ ...sending, line }, targets.slice(2, 3)));
  expect(ids.at(-1)).toBe(ids[2]);
});
