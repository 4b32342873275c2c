import { expect, test } from 'vitest';
import { isAnswer, mayBeDone, Unanswered, type Meant } from './unanswered.ts';

/** A tab's storage; `closed` throws as browsers do that allow a page none. */
function tab(closed = false) {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (closed) throw new Error('QuotaExceededError');
      kept.set(key, value);
    },
  };
  return { kept, open: () => new Unanswered(() => storage) };
}

const refund: Meant = { id: 'hq_1', body: { type: 'REFUND', refund: 'r_1', amount_minor: 100 }, seen: { refunded_minor: 0 } };
const REFUND = 'payment/p REFUND';

test('[DESKSAFE-9] what was not answered is found again under its own id, also after the page was loaded again', () => {
  const { open } = tab();
  const before = open();
  before.keep('ann', REFUND, refund);
  before.keep('ann', 'payment/q REFUND', { id: 'hq_2', body: {} });
  expect(before.find('ann', REFUND)).toEqual(refund);
  const after = open();
  expect(after.find('ann', REFUND)).toEqual(refund);
  expect(after.startingWith('ann', 'payment/p ')).toEqual([refund]);
  after.drop('ann', REFUND, 'hq_1');
  expect([after.find('ann', REFUND), open().find('ann', REFUND)]).toEqual([undefined, undefined]);
});

test('[DESKSAFE-9] an answer that comes late does not take away what is meant by now', () => {
  const one = tab().open();
  one.keep('ann', REFUND, refund);
  one.keep('ann', REFUND, { ...refund, id: 'hq_9' });
  one.drop('ann', REFUND, 'hq_1');
  expect(one.find('ann', REFUND)?.id).toBe('hq_9');
});

test('[DESKSAFE-9] what one person left unanswered is neither shown to the next one nor kept for him', () => {
  const { kept, open } = tab();
  const one = open();
  one.keep('ann', REFUND, refund);
  expect(one.find('bob', REFUND)).toBeUndefined();
  expect([...kept.values()].join()).not.toContain('r_1');
  expect(one.find('ann', REFUND)).toBeUndefined();
  const other = open();
  other.keep('ann', REFUND, refund);
  expect(open().find('bob', REFUND)).toBeUndefined();
  expect([...kept.values()].join()).not.toContain('r_1');
  // While nobody is signed in, nothing is kept, and nothing is lost.
  const third = open();
  third.keep('ann', REFUND, refund);
  third.keep(undefined, REFUND, { ...refund, id: 'x' });
  expect([third.find(undefined, REFUND), third.find('ann', REFUND)?.id]).toEqual([undefined, 'hq_1']);
});

test('[DESKSAFE-9] a page that may store nothing, or finds something else stored, keeps it as long as it lives', () => {
  const closed = tab(true).open();
  closed.keep('ann', REFUND, refund);
  expect(closed.find('ann', REFUND)).toEqual(refund);
  for (const text of ['{', '[]', '{"bearer":"ann","meant":{"payment/p REFUND":{"id":7}}}']) {
    const { kept, open } = tab();
    kept.set('green-lines.unanswered', text);
    expect(open().find('ann', REFUND), text).toBeUndefined();
  }
  const one = tab().open();
  for (let n = 0; n < 1500; n++) one.keep('ann', `payment/p${n} REFUND`, refund);
  expect([one.startingWith('ann', '').length, one.find('ann', 'payment/p0 REFUND')]).toEqual([1000, undefined]);
});

test('[DESKSAFE-9] only a refusal of the hub is an answer: not silence, not a hub that is away or busy, not a sign-in that has ended', () => {
  const answers = [0, 200, 401, 429, 500, 502, 503, 504, 400, 403, 404, 409, 412, 422, 423].filter((status) => isAnswer({ status }));
  expect(answers).toEqual([400, 403, 404, 409, 412, 422]);
});

test('[DESKSAFE-23] a call may have been done where no answer came or the hub failed over it, and nowhere else', () => {
  const unknown = [0, 400, 401, 403, 404, 409, 412, 422, 423, 429, 500, 502, 503, 504].filter((status) => mayBeDone({ status }));
  expect(unknown).toEqual([0, 500, 502, 503, 504]);
});
