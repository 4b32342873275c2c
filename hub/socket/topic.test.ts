import { expect, test } from 'vitest';
import { Fault } from '../../machines/fault.ts';
import { readTopic, toKey } from './topic.ts';

const LIST = { type: 'payment', sort: 'updatedAt', descending: true, limit: 50 } as const;

test('[SYNC-31] a topic is an actor, or a list with its question', () => {
  expect(readTopic('payment/pay_1')).toEqual({ kind: 'actor', type: 'payment', address: 'payment/pay_1' });
  expect(readTopic('payment')).toEqual({ kind: 'list', type: 'payment', question: LIST });
  expect(readTopic('payment?state=circuit.open&tag=late&q=+globex+ltd+&sort=title&limit=200')).toEqual({
    kind: 'list',
    type: 'payment',
    question: { type: 'payment', state: 'circuit.open', tag: 'late', text: 'globex ltd', sort: 'title', descending: false, limit: 200 },
  });
  expect(readTopic('payment?client=acme&agent=ann@field')).toMatchObject({ question: { client: 'acme', agent: 'ann@field' } });
  // An empty parameter asks for nothing, as an empty field of a form does.
  expect(readTopic('payment?state=&tag=&q=&sort=-updatedAt&limit=50')).toEqual({ kind: 'list', type: 'payment', question: LIST });
});

test('[SYNC-31] topics that ask the same are the same', () => {
  const keyOf = (text: string): string => {
    const topic = readTopic(text);
    return topic.kind === 'list' ? toKey(topic.question) : '';
  };
  expect(keyOf('payment?limit=50&q=Globex')).toBe(keyOf('payment?q=globex&sort=-updatedAt'));
  expect(keyOf('payment?client=acme')).not.toBe(keyOf('payment?client=globex'));
  expect(keyOf('payment?limit=49')).not.toBe(keyOf('payment'));
});

test.each([
  '',
  '/',
  'payment/',
  'payment/a.b',
  'payment/a/b',
  'Payment',
  '__proto__',
  'payment/..',
  'payment?limit=0',
  'payment?limit=201',
  'payment?limit=1e3',
  'payment?limit=-1',
  'payment?sort=context',
  'payment?sort=--title',
  'payment?state=a,b',
  "payment?state=a'--",
  'payment?tag=%00',
  'payment?q=%00',
  `payment?q=${'x'.repeat(201)}`,
  'payment?client=a.b',
  'payment?agent=a%20b',
  'payment?cursor=abc',
  'payment?__proto__=1',
  'payment?state=a&state=b',
])('[SYNC-31] a topic that cannot be read is refused with what was expected: %j', (text) => {
  expect(() => readTopic(text)).toThrow(Fault);
});
