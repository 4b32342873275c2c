import { expect, test } from 'vitest';
import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';
import { nextAfter, nextOf, toQueue } from './approvals.ts';

const item = (id: string, version = 1): ListItem => ({
  address: `payment/${id}`,
  version,
  state: [],
  tags: [],
  title: id,
  summary: '',
  updatedAt: '',
  context: {},
});
const view = (ok: boolean, sentence?: string, version = 1): Pick<ActorView, 'version' | 'can'> => ({
  version,
  can: [{ type: 'APPROVE', ok, schema: {}, ...(sentence === undefined ? {} : { sentence }) }],
});

test('[DESK-16] the queue has what this person may approve; the rest waits for others, and says why', () => {
  const views = new Map([
    ['payment/a', view(true)],
    ['payment/b', view(false, 'The person who made it may not approve it.')],
    ['payment/c', { version: 1, can: [] }],
  ]);
  const { mine, others } = toQueue(
    ['a', 'b', 'c', 'new'].map((id) => item(id)),
    views,
  );
  expect(mine.map(({ title }) => title)).toEqual(['a', 'new']);
  expect(others.map(({ item: { title }, why }) => [title, why])).toEqual([
    ['b', 'The person who made it may not approve it.'],
    ['c', ''],
  ]);
});

test('[DESK-16] when one has been decided the next one takes its place; at the end the one before', () => {
  expect(nextOf(['a', 'b', 'c'], 'b', 1)).toBe('b');
  expect(nextOf(['a', 'c'], 'b', 1)).toBe('c');
  expect(nextOf(['a'], 'b', 1)).toBe('a');
  expect(nextOf([], 'b', 0)).toBeUndefined();
  expect(nextOf(['a', 'b'], undefined, 0)).toBe('a');
});

test('[DESKSAFE-8] what is known of an earlier version says nothing of this one: it counts as this person’s until it is known again', () => {
  const views = new Map([['payment/a', view(false, 'You have approved it.', 3)]]);
  const names = (version: number) => toQueue([item('a', version)], views).mine.map(({ title }) => title);
  expect([names(3), names(4), names(2)]).toEqual([[], ['a'], []]);
});

test('[DESKSAFE-4] what somebody has decided is not put before him again, unless it has been changed since', () => {
  const decided = new Map([['payment/a', 5]]);
  const queue = (version: number, known?: ReturnType<typeof view>) => {
    const { mine, others } = toQueue([item('a', version)], new Map(known === undefined ? [] : [['payment/a', known]]), decided);
    return [mine.length, others.length];
  };
  // The row and what is known of it are still those from before the decision.
  expect(queue(4, view(true, undefined, 4))).toEqual([0, 0]);
  expect(queue(5, view(true, undefined, 4))).toEqual([0, 0]);
  expect(queue(5, view(false, 'You have approved it.', 5))).toEqual([0, 1]);
  // It was amended, which takes the approvals away.
  expect(queue(6)).toEqual([1, 0]);
  expect(queue(6, view(true, undefined, 6))).toEqual([1, 0]);
});

test('[DESKSAFE-4] after a decision comes the one behind it, at the end the one before, and nothing after the last', () => {
  expect(nextAfter(['a', 'b', 'c'], 'b')).toBe('c');
  expect(nextAfter(['a', 'b'], 'b')).toBe('a');
  expect(nextAfter(['a'], 'a')).toBeUndefined();
});
