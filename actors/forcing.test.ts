import { expect, test } from 'vitest';
import { payment } from '../machines/payment.ts';
import { force } from './forcing.ts';
import { step } from './step.ts';

const MOMENT = { by: 'ann', now: 1_700_000_000_000, scale: 1 };
const BILL = { client: 'c1', payee: 'B', amount_minor: 10_000, currency: 'EUR', reference: 'r', capture: 'automatic', gateway: 'sandbox' };

test('[CTRL-29] a state whose effect is made ready as it is entered is not forced: the effect would go out under another name', () => {
  const settings = { approval_from_major: 1000, approvals_needed: 1 };
  const born = step(payment, undefined, { kind: 'create', id: 'p1', input: BILL, settings }, MOMENT);
  if (born.outcome !== 'applied') throw new Error('unreachable');
  const to = (state: string) => force(payment, born.next, { state, effects: 'start' }, { version: 2, at: MOMENT.now }, MOMENT);
  for (const state of ['capturing.calling', 'authorizing.calling']) {
    expect(to(state)).toMatchObject({ kind: 'refused', why: expect.stringContaining('name the state before it') });
  }
  const before = to('capturing.asking');
  expect(before.kind === 'forced' && Object.values(before.effects).map(({ src }) => src)).toEqual(['ask']);
});
