import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { must } from '../../../machines/must.ts';
import { authorize, call, declined, isDone, operations, sandboxWorld, script } from '../../../tests/support/sandbox.ts';
import type { SandboxWorld } from '../../../tests/support/sandbox.ts';

const done = { kind: 'done', output: { outcome: 'done', gateway_reference: expect.any(String) } };

let world: SandboxWorld;
beforeAll(async () => {
  world = await sandboxWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('keys', () => {
  test('[SBX-1] a call that is repeated with its key gets the first answer again and charges nothing', async () => {
    const sandbox = await world.start();
    const first = await call(sandbox, 'authorize', { key: 'k', id: 'a' });
    const again = await Promise.all([1, 2, 3].map(() => call(sandbox, 'authorize', { key: 'k', id: 'a' })));
    expect(first).toEqual(done);
    expect(again).toEqual([first, first, first]);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });

  test('[SBX-1] repeats that arrive together charge once', async () => {
    const [one, two] = [await world.start(), await world.start()];
    const all = await Promise.all(Array.from({ length: 50 }, (_, i) => call(i % 2 ? one : two, 'authorize', { key: 'k', id: 'a' })));
    expect(new Set(all.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(await operations(one)).toEqual(['authorize']);
  });

  test('[SBX-2] an operation that is asked for again under another key is the same operation', async () => {
    const sandbox = await world.start();
    const first = await call(sandbox, 'authorize', { key: 'k1', id: 'a' });
    expect(await call(sandbox, 'authorize', { key: 'k2', id: 'a' })).toEqual(first);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });

  test('[SBX-3] a key or an operation id that comes with another request is refused', async () => {
    const sandbox = await world.start();
    await call(sandbox, 'authorize', { key: 'k', id: 'a', amount: 1000 });
    const reused = { kind: 'failed', code: 'key_reused' };
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a', amount: 1001 })).toEqual(reused);
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'b', amount: 1000 })).toEqual(reused);
    expect(await call(sandbox, 'authorize', { key: 'other', id: 'a', amount: 1001 })).toEqual(reused);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });
});

describe('money', () => {
  test('[SBX-4] captures never come to more than was authorized, however many arrive at once', async () => {
    const [one, two] = [await world.start(), await world.start()];
    const of = await authorize(one, { amount: 1000 });
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i % 2 ? one : two, 'capture', { of, amount: 300 })));
    expect(all.filter(isDone)).toHaveLength(3);
    expect(all).toContainEqual(declined('amount_exceeds_authorized'));
    expect(await call(one, 'capture', { of, amount: 100 })).toEqual(done);
    expect(await call(one, 'capture', { of, amount: 1 })).toEqual(declined('amount_exceeds_authorized'));
  });

  test('[SBX-5] refunds never come to more than was captured', async () => {
    const sandbox = await world.start();
    const of = await authorize(sandbox, { amount: 1000 });
    expect(await call(sandbox, 'refund', { of, amount: 1 })).toEqual(declined('amount_exceeds_captured'));
    await call(sandbox, 'capture', { of, amount: 500 });
    const all = await Promise.all(Array.from({ length: 5 }, () => call(sandbox, 'refund', { of, amount: 200 })));
    expect(all.filter(isDone)).toHaveLength(2);
    expect(await call(sandbox, 'refund', { of, amount: 100 })).toEqual(done);
  });

  test('[SBX-6] only an authorization that was not captured can be voided, and a voided one cannot be captured', async () => {
    const sandbox = await world.start();
    const captured = await authorize(sandbox);
    await call(sandbox, 'capture', { of: captured, amount: 1 });
    expect(await call(sandbox, 'void', { of: captured })).toEqual(declined('already_captured'));
    const voided = await authorize(sandbox);
    expect(await call(sandbox, 'void', { of: voided })).toEqual(done);
    expect(await call(sandbox, 'capture', { of: voided, amount: 1 })).toEqual(declined('authorization_voided'));
    expect(await call(sandbox, 'void', { of: voided })).toEqual(declined('authorization_voided'));
  });

  test('[SBX-7] what is captured must be an authorization of the same payment and currency', async () => {
    const sandbox = await world.start();
    const of = await authorize(sandbox, { payment: 'pay_1' });
    const missing = declined('authorization_not_found');
    expect(await call(sandbox, 'capture', { of: 'authorize_999999999' })).toEqual(missing);
    expect(await call(sandbox, 'capture', { of: 'no such reference' })).toEqual(missing);
    expect(await call(sandbox, 'capture', { of, payment: 'pay_2' })).toEqual(missing);
    expect(await call(sandbox, 'capture', { of, currency: 'USD' })).toEqual(declined('currency_mismatch'));
  });

  test('[SBX-8] whatever is asked for at once, the journal tells a history in which no rule was ever broken', async () => {
    const step = fc.record({
      operation: fc.constantFrom('capture', 'refund', 'void'),
      amount: fc.integer({ min: 1, max: 600 }),
      node: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        await world.reset();
        const [one, two] = [await world.start(), await world.start()];
        const payment = 'pay_1';
        const of = await authorize(one, { payment, amount: 1000 });
        const answers = await Promise.all(
          steps.map(({ node, operation, amount }) => call(node ? one : two, operation, { payment, of, amount })),
        );
        const { items } = await one.charges({ payment });
        const total = (operation: string, upTo: number): number =>
          items
            .slice(0, upTo)
            .filter((item) => item.operation === operation)
            .reduce((sum, item) => sum + item.amount_minor, 0);
        for (let i = 1; i <= items.length; i++) {
          expect(total('capture', i)).toBeLessThanOrEqual(1000);
          expect(total('refund', i)).toBeLessThanOrEqual(total('capture', i));
        }
        const voids = items.filter(({ operation }) => operation === 'void').length;
        expect(voids === 0 || items.length === 2).toBe(true);
        expect(items).toHaveLength(answers.filter(isDone).length + 1);
      }),
      { numRuns: 40 },
    );
  });
});

describe('answers', () => {
  test('[SBX-9] a decline is written down, and its repeat is the same decline', async () => {
    const sandbox = await world.start();
    await script(sandbox, { fault: 'decline', code: 'card_expired' });
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a' })).toEqual(declined('card_expired'));
    expect(await call(sandbox, 'authorize', { key: 'k', id: 'a' })).toEqual(declined('card_expired'));
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(declined('card_expired'));
    expect(await operations(sandbox)).toEqual([]);
  });

  test('[SBX-9] an authorization whose reference says so is declined', async () => {
    const sandbox = await world.start();
    expect(await call(sandbox, 'authorize', { reference: 'sandbox:decline' })).toEqual(declined('insufficient_funds'));
    expect(await call(sandbox, 'authorize', { reference: 'demo sandbox:decline:card_lost' })).toEqual(declined('card_lost'));
  });

  test('[SBX-10] a lookup finds what became of an operation, and not_found where nothing did', async () => {
    const sandbox = await world.start();
    const first = await call(sandbox, 'authorize', { id: 'a' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual(first);
    expect(await call(sandbox, 'lookup', { id: 'b' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
  });

  test('[SBX-11] an operation that is closed before it was seen is refused for ever', async () => {
    const sandbox = await world.start();
    const canceled = { kind: 'done', output: { outcome: 'canceled' } };
    expect(await call(sandbox, 'close', { id: 'a', key: 'c' })).toEqual(canceled);
    expect(await call(sandbox, 'authorize', { id: 'a' })).toEqual({ kind: 'failed', code: 'closed' });
    expect(await call(sandbox, 'close', { id: 'a', key: 'c' })).toEqual(canceled);
    expect(await call(sandbox, 'close', { id: 'a' })).toEqual(canceled);
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
    expect(await operations(sandbox)).toEqual([]);
  });

  test('[SBX-11] closing an operation that was done answers what it came to', async () => {
    const sandbox = await world.start();
    const first = await call(sandbox, 'authorize', { id: 'a' });
    expect(await call(sandbox, 'close', { id: 'a' })).toEqual(first);
    expect(await call(sandbox, 'authorize', { id: 'a' })).toEqual(first);
  });

  test('[SBX-11] a call and the closing of it that arrive together agree on what happened', async () => {
    const [one, two] = [await world.start(), await world.start()];
    for (let i = 0; i < 30; i++) {
      const id = `a${i}`;
      const [charged, closed] = await Promise.all([call(one, 'authorize', { id }), call(two, 'close', { id })]);
      if (charged?.kind === 'done') expect(closed).toEqual(charged);
      else
        expect([charged, closed]).toEqual([
          { kind: 'failed', code: 'closed' },
          { kind: 'done', output: { outcome: 'canceled' } },
        ]);
    }
  });

  test('[SBX-12] a call with malformed input fails alone and changes nothing', async () => {
    const sandbox = await world.start();
    const bad = [
      { amount: -1 },
      { amount: 0.5 },
      { amount: 2 ** 53 },
      { reference: 'a\0b' },
      { reference: '\ud800' },
      { currency: 'euro' },
      { payment: '../x' },
      { id: '' },
    ];
    const all = await Promise.all([
      ...bad.map((asked) => call(sandbox, 'authorize', asked)),
      call(sandbox, 'authorize'),
      call(sandbox, 'capture'),
      call(sandbox, 'explode'),
    ]);
    expect(all.filter((result) => result.kind === 'failed' && result.code === 'invalid')).toHaveLength(bad.length + 2);
    expect(all[bad.length]).toEqual(done);
    expect(await operations(sandbox)).toEqual(['authorize']);
  });

  test('[SBX-12] a value that only PostgreSQL refuses fails alone', async () => {
    const sandbox = await world.start();
    const [bad, good] = await Promise.all([call(sandbox, 'authorize', { key: 'a\0b' }), call(sandbox, 'authorize')]);
    expect(bad?.kind).toBe('unknown');
    expect(good).toEqual(done);
  });

  test('[SBX-13] a call that is given up before it is begun is not done', async () => {
    const sandbox = await world.start();
    expect(await call(sandbox, 'authorize', { id: 'a', signal: AbortSignal.abort() })).toEqual({ kind: 'unknown', code: 'timeout' });
    expect(await call(sandbox, 'lookup', { id: 'a' })).toEqual({ kind: 'done', output: { outcome: 'not_found' } });
  });

  test('[SBX-14] a thousand calls at once are each answered with their own answer', async () => {
    const sandbox = await world.start();
    const payments = Array.from({ length: 1000 }, (_, i) => `many_${i}`);
    const references = await Promise.all(payments.map((payment) => authorize(sandbox, { payment })));
    const captures = await Promise.all(
      payments.map((payment, i) => call(sandbox, 'capture', { payment, of: must(references[i], 'reference') })),
    );
    expect(new Set(references).size).toBe(1000);
    expect(captures.every((result) => JSON.stringify(result).includes('capture_'))).toBe(true);
  });

  test('[SBX-14] a plan that was made while the journal was empty still uses its indexes when it has grown', async () => {
    const fresh = await sandboxWorld();
    await fresh.pool.query('VACUUM ANALYZE');
    const sandbox = await fresh.start();
    const of = await authorize(sandbox);
    for (let i = 0; i < 20; i++) await call(sandbox, 'capture', { of, amount: 1 });
    const figures = `SELECT sum(idx_scan)::int AS by_index, sum(seq_tup_read)::int AS by_scan FROM pg_stat_user_tables WHERE relname IN ('journal', 'authorization')`;
    await expect.poll(async () => (await fresh.pool.query(figures)).rows[0].by_index, { timeout: 4000 }).toBeGreaterThan(60);
    expect((await fresh.pool.query(figures)).rows[0].by_scan).toBe(0);
    await fresh.close();
  });
});
