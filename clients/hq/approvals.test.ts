import { expect, test } from 'vitest';
import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';
import { nextOf, toQueue } from './approvals.ts';

const item = (id: string): ListItem => ({
  address: `payment/${id}`,
  version: 1,
  state: [],
  tags: [],
  title: id,
  summary: '',
  updatedAt: '',
  context: {},
});
const view = (ok: boolean, sentence?: string): Pick<ActorView, 'can'> => ({
  can: [{ type: 'APPROVE', ok, schema: {}, ...(sentence === undefined ? {} : { sentence }) }],
});

test('[DESK-16] the queue has what this person may approve; the rest waits for others, and says why', () => {
  const views = new Map([
    ['payment/a', view(true)],
    ['payment/b', view(false, 'The person who made it may not approve it.')],
    ['payment/c', { can: [] }],
  ]);
  const { mine, others } = toQueue(['a', 'b', 'c', 'new'].map(item), views);
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
