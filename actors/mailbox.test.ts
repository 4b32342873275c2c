import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { counter } from '../tests/support/toy-machines.ts';
import { HUB } from './caller.ts';
import type { Delivery } from './delivery.ts';
import { Mailbox } from './mailbox.ts';

const every = (): boolean => true;

function delivery(address: string, event_id: string, outside = true): Delivery {
  return {
    address,
    partition: partitionOf(address),
    definition: counter,
    event_id,
    happening: { kind: 'resume' },
    event: '{}',
    caller: HUB,
    causation: '',
    correlation: '',
    traceparent: '',
    repeat: false,
    fresh: false,
    outside,
    settle: () => undefined,
  };
}

const ids = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ event_id }) => event_id);

describe('the mailbox', () => {
  test('[MAIL-1] it is full for one actor’s outside events, then for everybody’s, and finds room again when they are taken', () => {
    const mailbox = new Mailbox({ actor: 2, all: 3, share: 10 });
    const offers = ['a', 'a', 'a', 'b', 'b'].map((id, index) => mailbox.offer(delivery(`counter/${id}`, `${index}`)));
    expect(offers).toEqual([true, true, false, true, false]);
    expect(mailbox.waiting).toBe(3);
    mailbox.take(10, every);
    expect(mailbox.offer(delivery('counter/a', '9'))).toBe(true);
  });

  test('[MAIL-2] the runtime’s own events always find room, so that what was promised is never refused', () => {
    const mailbox = new Mailbox({ actor: 1, all: 1, share: 10 });
    mailbox.offer(delivery('counter/a', '1'));
    expect(Array.from({ length: 50 }, (_, index) => mailbox.offer(delivery('counter/a', `own${index}`, false)))).not.toContain(false);
    expect(mailbox.offer(delivery('counter/a', '2'))).toBe(false);
  });

  test('[MAIL-3] a hot actor takes no more than its share of a batch, and the others come through', () => {
    const mailbox = new Mailbox({ actor: 1_000, all: 1_000, share: 5 });
    for (let index = 0; index < 100; index++) mailbox.offer(delivery('counter/hot', `hot${index}`));
    mailbox.offer(delivery('counter/cold', 'cold'));
    const taken = ids(mailbox.take(10, every));
    expect(taken.filter((id) => id.startsWith('hot'))).toEqual(['hot0', 'hot1', 'hot2', 'hot3', 'hot4']);
    expect(taken).toContain('cold');
  });

  test('[MAIL-4] every partition has its turn, however long the queues of the others are', () => {
    const mailbox = new Mailbox({ actor: 1_000, all: 10_000, share: 1_000 });
    const addresses = Array.from({ length: 200 }, (_, index) => `counter/${index}`);
    for (const address of addresses) for (let index = 0; index < 20; index++) mailbox.offer(delivery(address, address));
    const seen = new Set<number>();
    for (let round = 0; round < 32; round++) for (const { partition } of mailbox.take(8, every)) seen.add(partition);
    expect(seen.size).toBe(new Set(addresses.map(partitionOf)).size);
  });

  test('[MAIL-5] what is drained is what waited for those partitions, in order, and the rest stays', () => {
    const mailbox = new Mailbox();
    for (const id of ['a', 'b', 'a']) mailbox.offer(delivery(`counter/${id}`, id));
    expect(partitionOf('counter/a')).not.toBe(partitionOf('counter/b'));
    expect(ids(mailbox.drain(new Set([partitionOf('counter/a')])))).toEqual(['a', 'a']);
    expect(ids(mailbox.take(10, every))).toEqual(['b']);
    expect(mailbox.waiting).toBe(0);
  });

  test('[MAIL-6] whatever is offered, taken and drained, nothing is lost or doubled and each actor’s order is kept', () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('offer' as const), actor: fc.integer({ min: 0, max: 9 }), outside: fc.boolean() }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), most: fc.integer({ min: 1, max: 12 }), odd: fc.boolean() }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), fc.integer({ min: 1, max: 6 }), (actions, share) => {
        const mailbox = new Mailbox({ actor: 8, all: 40, share });
        const offered = new Map<string, string[]>();
        const taken = new Map<string, string[]>();
        const take = (most: number, may: (partition: number) => boolean): void => {
          const batch = mailbox.take(most, may);
          expect(batch.length).toBeLessThanOrEqual(most);
          const shares = new Map<string, number>();
          for (const { address, event_id, partition } of batch) {
            expect(may(partition)).toBe(true);
            shares.set(address, (shares.get(address) ?? 0) + 1);
            taken.set(address, [...(taken.get(address) ?? []), event_id]);
          }
          expect(Math.max(0, ...shares.values())).toBeLessThanOrEqual(share);
        };
        for (const [index, one] of actions.entries()) {
          if (one.kind === 'take') take(one.most, one.odd ? (partition) => partition % 2 === 1 : every);
          else {
            const address = `counter/${one.actor}`;
            if (mailbox.offer(delivery(address, `${index}`, one.outside)))
              offered.set(address, [...(offered.get(address) ?? []), `${index}`]);
          }
        }
        while (mailbox.waiting > 0) take(7, every);
        expect(new Map([...taken].sort())).toEqual(new Map([...offered].sort()));
      }),
      { numRuns: 120 },
    );
  });
});
