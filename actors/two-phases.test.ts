import { beforeEach, describe, expect, test } from 'vitest';
import { complete, pend, release, reverse } from '../machines/legs.ts';
import type { Leg } from '../machines/machine.ts';
import { booking } from '../tests/fixtures/booking.ts';
import { LanesStage } from '../tests/support/lanes-stage.ts';
import { toPosting, toPostingRows } from './posting.ts';

const A = 'booking/a';
const NOW = { v: 5, i: 2 };
const leg = (account: string, amount_minor: number, currency = 'EUR'): Leg => ({ account, amount_minor, currency });
const PAIR = [leg('client:acme', 700), leg('sales', -700)];
const of = { v: 4, i: 0 };

describe('the two phases of a posting', () => {
  test.each([
    ['pending', { kind: 'pending', legs: pend(PAIR) }],
    ['posted without a word', { legs: PAIR }],
    ['posted', { kind: 'posted', legs: PAIR, effective: 0 }],
    ['completed', { kind: 'posted', legs: complete(PAIR), of, effective: 253_402_300_799_999 }],
    ['completed for less', { legs: complete(PAIR, [leg('client:acme', 1), leg('sales', -1)]), of }],
    ['voided', { kind: 'voided', legs: release(PAIR), of }],
    ['expired', { kind: 'expired', legs: release(PAIR), of: { v: 5, i: 1 } }],
    ['reversed', { kind: 'reversal', legs: reverse(PAIR), of }],
    ['reversed with what it had completed', { kind: 'reversal', legs: reverse(complete(PAIR)), of }],
  ])('[LEDG-3] a posting that is right is kept as it was asked for: %s', (_, data) => {
    expect(toPosting(NOW, data)).toEqual({ i: 2, ...data });
  });

  test.each([
    [
      'pending legs that do not balance by themselves',
      { kind: 'posted', legs: [...pend([leg('a', 5)]), leg('b', -5)], of },
      /do not balance: 5 minor units of EUR, pending/,
    ],
    ['a leg that is pending: false', { legs: [{ ...leg('a', 0), pending: false }] }, /pending: true/],
    ['a kind that is none', { kind: 'settled', legs: PAIR }, /not "settled"/],
    ['pending with a leg that is posted', { kind: 'pending', legs: complete(PAIR) }, /has pending legs alone/],
    ['pending that names another', { kind: 'pending', legs: pend(PAIR), of }, /it has no `of`/],
    ['posted with pending legs of nobody', { legs: complete(PAIR) }, /names the one that it completes/],
    ['completing without taking anything back', { legs: PAIR, of }, /takes pending legs back and posts others/],
    ['completing without posting anything', { legs: release(PAIR), of }, /takes pending legs back and posts others/],
    ['voided of nothing', { kind: 'voided', legs: release(PAIR) }, /names the one that it ends/],
    ['expired that posts', { kind: 'expired', legs: complete(PAIR), of }, /has pending legs alone/],
    ['a reversal of nothing', { kind: 'reversal', legs: reverse(PAIR) }, /names the one that it reverses/],
    ['a name of something later', { legs: complete(PAIR), of: { v: 6, i: 0 } }, /earlier posting/],
    ['its own name', { kind: 'voided', legs: release(PAIR), of: NOW }, /earlier posting/],
    ['a name without a position', { kind: 'voided', legs: release(PAIR), of: { v: 1 } }, /earlier posting/],
    ['a name that is none', { kind: 'voided', legs: release(PAIR), of: 'hold' }, /earlier posting/],
    ['a time in text', { legs: PAIR, effective: '2026-01-01' }, /epoch milliseconds/],
    ['a time with a fraction', { legs: PAIR, effective: 1.5 }, /epoch milliseconds/],
    ['a time that no calendar has', { legs: PAIR, effective: 253_402_300_800_000 }, /epoch milliseconds/],
  ])('[LEDG-4] a posting that cannot be right is refused: %s', (_, data, why) => {
    expect(() => toPosting(NOW, data)).toThrow(why);
  });

  test('[LEDG-5] a posting of before there were phases is read as posted, counting from when it was recorded', () => {
    const [row] = toPostingRows({ partition: 3, actor: A, version: 2, at: 77 }, [{ i: 0, legs: [leg('cash', 0)] }]);
    expect(row).toMatchObject({ at: 77, pending: false, effective: null, kind: 'posted', of_version: null, of_i: null });
  });
});

describe('a machine that posts in two phases', () => {
  let stage: LanesStage;
  beforeEach(async () => {
    stage = await new LanesStage({ machines: [booking] }).start();
    await stage.create(A, { input: { client: 'acme' } });
  });
  const rows = (): unknown[] =>
    stage.database.postings.map(({ version, leg: n, amount_minor, pending, kind, of_version, of_i }) =>
      [version, n, amount_minor, pending ? 'pending' : 'posted', kind, of_version === null ? '' : `${of_version}#${of_i}`].join(' '),
    );

  test('[LEDG-6] it names what it posted by the version of its event and the position, and completes and reverses that', async () => {
    await stage.send(A, 'HOLD', { amount_minor: 700 });
    expect(stage.stored(A)).toMatchObject({ version: 2, context: { held: { v: 2, i: 0 } } });
    await stage.send(A, 'CAPTURE', { amount_minor: 400 });
    await stage.send(A, 'REVERSE');
    expect(rows()).toEqual([
      '2 0 700 pending pending ',
      '2 1 -700 pending pending ',
      '3 0 -700 pending posted 2#0',
      '3 1 700 pending posted 2#0',
      '3 2 400 posted posted 2#0',
      '3 3 -400 posted posted 2#0',
      '4 0 -400 posted reversal 3#0',
      '4 1 400 posted reversal 3#0',
    ]);
    expect(stage.database.balances().map(({ amount_minor }) => amount_minor)).toEqual([0n, 0n]);
  });

  test('[LEDG-7] what is pending is in no balance, and is taken back when its time is over', async () => {
    await stage.send(A, 'HOLD', { amount_minor: 700 });
    expect(stage.database.balances()).toEqual([]);
    await stage.hear(stage.offer(A, { kind: 'timer', id: 'xstate.after.held_for.booking.held', v: 2, i: 1 }));
    expect(rows().slice(2)).toEqual(['3 0 -700 pending expired 2#0', '3 1 700 pending expired 2#0']);
    expect(stage.database.balances()).toEqual([]);
  });

  test('[LEDG-8] a machine that posts in the wrong phase is parked with nothing posted', async () => {
    expect(await stage.send(A, 'SLIP', { amount_minor: 5 })).toEqual({ outcome: 'parked', reason: 'machine_threw' });
    expect(stage.database.postings).toEqual([]);
  });
});
