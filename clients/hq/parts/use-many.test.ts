import { expect, test } from 'vitest';
import { fakeClock } from '../../../tests/support/fake-clock.ts';
import type { Line } from '../../core/command.ts';
import { sendAll, type Fate, type Target } from './use-many.ts';

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
    ids: new Map<string, string>(),
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
  expect(sending.ids.size).toBe(0);
});
