import fc from 'fast-check';
import { expect, test } from 'vitest';
import { complete, pend, release, reverse } from '../machines/legs.ts';
import type { Leg, Post } from '../machines/machine.ts';
import { toPosting } from './posting.ts';

const leg = (account: string, amount_minor: number, currency: string): Leg => ({ account, amount_minor, currency });

/** What is held and what was posted, as the sums of the legs that a machine made of it. */
class Books {
  readonly posts: Post[] = [];
  readonly #sums = new Map<string, number>();

  /** Posts as the machine of an actor would, one posting with each version. */
  post(post: Post): number {
    const v = this.posts.push(post);
    for (const { account, currency, amount_minor, pending: held = false } of toPosting({ v, i: 0 }, post).legs) {
      const key = `${held ? 'pending' : 'posted'} ${account} ${currency}`;
      this.#sums.set(key, (this.#sums.get(key) ?? 0) + amount_minor);
    }
    return v;
  }

  layer(name: 'pending' | 'posted'): readonly (readonly [string, number])[] {
    return [...this.#sums].filter(([key, sum]) => key.startsWith(name) && sum !== 0);
  }
}

const actions = fc.array(
  fc.record({
    what: fc.constantFrom('pend', 'complete', 'void', 'expire', 'reverse'),
    which: fc.nat(50),
    amount: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    currency: fc.constantFrom('EUR', 'USD', 'JPY'),
  }),
  { maxLength: 60 },
);

test('[LEDG-2] whatever is pended, completed, released and reversed in whatever order, both layers balance and what is over holds nothing', () => {
  fc.assert(
    fc.property(actions, (taken) => {
      const books = new Books();
      const held = new Map<number, readonly Leg[]>();
      const made = new Map<number, readonly Leg[]>();
      for (const { what, which, amount, currency } of taken) {
        const [v, legs] = [...(what === 'reverse' ? made : held)][which % Math.max(1, what === 'reverse' ? made.size : held.size)] ?? [
          0,
          [],
        ];
        const of = { v, i: 0 };
        if (what === 'pend') {
          const pair = [leg(`in:${which}`, amount, currency), leg('out', -amount, currency)];
          held.set(books.post({ kind: 'pending', legs: pend(pair) }), pair);
          continue;
        }
        if (v === 0) continue;
        if (what === 'reverse') {
          books.post({ kind: 'reversal', legs: reverse(legs), of });
          made.delete(v);
          continue;
        }
        if (what === 'complete') made.set(books.post({ legs: complete(legs), of }), legs);
        else books.post({ kind: what === 'void' ? 'voided' : 'expired', legs: release(legs), of });
        held.delete(v);
      }
      const total = (name: 'pending' | 'posted'): number => books.layer(name).reduce((sum, [, amount]) => sum + amount, 0);
      expect([total('pending'), total('posted')]).toEqual([0, 0]);
      for (const [v, legs] of held) books.post({ kind: 'voided', legs: release(legs), of: { v, i: 0 } });
      expect(books.layer('pending')).toEqual([]);
      for (const [v, legs] of made) books.post({ kind: 'reversal', legs: reverse(legs), of: { v, i: 0 } });
      expect(books.layer('posted')).toEqual([]);
    }),
  );
});
