import { expect, test } from 'vitest';
import { Fault } from '../../machines/fault.ts';
import { covers, isSampled, readAim } from './aim.ts';
import { Pace } from './pace.ts';
import { withoutSecrets } from './secrets.ts';
import { Tickets, UNUSED_MS } from './tickets.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'fine';
  } catch (error) {
    return error instanceof Fault ? error.code : 'bug';
  }
};

test('[INSP-26] A target is an actor, a type or everything, and nothing else', () => {
  expect(readAim('payment/pay_1')).toEqual({
    text: 'payment/pay_1',
    target: { kind: 'actor', type: 'payment', address: 'payment/pay_1' },
    sample: 1,
    rate: 1000,
  });
  expect(readAim('payment', { sample: 0.25, rate: 50 })).toMatchObject({ target: { kind: 'type' }, sample: 0.25, rate: 50 });
  expect(covers(readAim('*'), 'client/acme')).toBe(true);
  expect(covers(readAim('payment'), 'payments/x')).toBe(false);
  for (const text of ['', '**', 'Payment', 'payment/', '/x', 'payment/a b', 'payment?state=x'])
    expect(
      codeOf(() => readAim(text)),
      text,
    ).toBe('bad_request');
});

test('[INSP-27] A sample takes about its share of addresses that differ in their last digits only, and a smaller one some of the same', () => {
  const addresses = Array.from({ length: 4000 }, (_, n) => `payment/pay_${n}`);
  for (const sample of [0.01, 0.1, 0.5, 0.9]) {
    const taken = addresses.filter((address) => isSampled(address, sample));
    expect(Math.abs(taken.length - 4000 * sample)).toBeLessThan(100);
    expect(taken.every((address) => isSampled(address, Math.min(1, sample * 1.5)))).toBe(true);
  }
  expect(addresses.every((address) => isSampled(address, 1))).toBe(true);
});

test('[INSP-28] The pace allows a burst of two seconds, then so many frames in a second, and says how long to wait', () => {
  const pace = new Pace(10, 0);
  for (let n = 0; n < 20; n++) expect(pace.take(1, 0)).toBe(0);
  expect(pace.take(1, 0)).toBe(100);
  expect(pace.take(2, 100)).toBe(100);
  expect(pace.take(2, 200)).toBe(0);
  expect(new Pace(1, 0).take(21, 0)).toBe(0);
});

test('[INSP-29] A ticket is worth nothing when it was used, is older than a minute, or its person may not inspect any more', () => {
  let now = 0;
  const tickets = new Tickets({ now: () => now, monotonic: () => now });
  const aim = readAim('*');
  const used = tickets.issue('dora', aim);
  expect(tickets.take(used)).toMatchObject({ person: 'dora', aim });
  expect(tickets.take(used)).toBeUndefined();
  const old = tickets.issue('dora', aim);
  now += UNUSED_MS;
  expect(tickets.take(old)).toBeUndefined();
  const visit = tickets.take(tickets.issue('dora', aim));
  if (visit === undefined) throw new Error('A fresh ticket was not taken');
  const [lasting, left] = [tickets.next(visit), tickets.next(visit)];
  left.release();
  now += UNUSED_MS;
  expect([tickets.take(lasting.ticket), tickets.take(left.ticket)]).toEqual([visit, undefined]);
  const hers = tickets.issue('dora', aim);
  tickets.revoke('dora');
  expect(tickets.take(hers)).toBeUndefined();
  for (let n = 0; n < 50; n++) tickets.issue('dora', aim);
  expect(codeOf(() => tickets.issue('dora', aim))).toBe('overloaded');
  expect(codeOf(() => tickets.issue('dave', aim))).toBe('fine');
});

test('[INSP-10] what looks like a secret is taken out wherever it stands, and nothing else is', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjbGVyayJ9.c2lnbmF0dXJl';
  expect(
    withoutSecrets({ a: [{ apiKey: 'k', password: 1 }, token], note: `Bearer ${token}`, at: 1_763_800_000_000, has_token: true }),
  ).toEqual({
    a: [{ apiKey: '[secret]', password: '[secret]' }, '[token]'],
    note: expect.not.stringContaining('eyJ'),
    at: 1_763_800_000_000,
    has_token: true,
  });
  expect(withoutSecrets({ credential: null, cookie: undefined })).toEqual({ credential: null });
});
