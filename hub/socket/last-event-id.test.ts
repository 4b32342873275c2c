import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPositions, writePositions } from './last-event-id.ts';

test('[SYNC-96] the id of a stream says where each of its copies stands', () => {
  const position = fc.option(fc.record({ epoch: fc.constantFrom('h.hq', 'h.customer.acme', ''), version: fc.nat() }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(position, { maxLength: 200 }), (positions) => {
      const topics = positions.map((_, index) => `payment/p${index}`);
      const id = writePositions(topics, positions);
      expect(id).toMatch(/^[\w-]*$/);
      expect(readPositions(id, topics)).toEqual(positions);
    }),
  );
});

test('[SYNC-96] an id that nobody here has written, or that is of other topics, says nothing', () => {
  const one = writePositions(['a/b'], [{ epoch: 'h.hq', version: 3 }]);
  const forged = ['', 'x', 'bnVsbA', one.slice(0, -2), Buffer.from('["x",["a"],[[7,1]]]').toString('base64url'), 'A'.repeat(20_000)];
  for (const id of [undefined, ...forged]) expect(readPositions(id, ['a/b'])).toEqual([undefined]);
  expect(readPositions(one, ['a/c'])).toEqual([undefined]);
  expect(readPositions(one, ['a/b', 'a/c'])).toEqual([undefined, undefined]);
});
