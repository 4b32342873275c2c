import { expect, test } from 'vitest';
import { toJourney, toVisits } from './journey.ts';

const course = {
  line: ['draft', 'needs_approval', 'authorizing', 'authorized', 'capturing', 'settled'],
  ends: ['settled', 'declined', 'failed', 'canceled', 'expired'],
};
const rows = (...states: string[]) => states.map((state, i) => ({ version: i + 1, at: `t${i + 1}`, to: [state] }));
const shape = (visited: string[], current: string) =>
  toJourney(course, toVisits(rows(...visited)), current).map(({ state, status, siding }) => `${siding ? '/' : ''}${state}:${status}`);

test('[CLIENT-16] The way of an actor shows what it passed, where it is and what may come', () => {
  expect(shape(['draft', 'needs_approval', 'authorizing'], 'authorizing')).toEqual([
    'draft:passed',
    'needs_approval:passed',
    'authorizing:current',
    'authorized:ahead',
    'capturing:ahead',
    'settled:ahead',
  ]);
});

test('[CLIENT-16] A state that the way led around is neither passed nor to come', () => {
  expect(shape(['draft', 'authorizing'], 'authorizing')[1]).toBe('needs_approval:bypassed');
});

test('[CLIENT-16] A state off the usual way stands where the way was left', () => {
  expect(shape(['draft', 'authorizing', 'unknown', 'authorized'], 'authorized')).toEqual([
    'draft:passed',
    'needs_approval:bypassed',
    'authorizing:passed',
    '/unknown:passed',
    'authorized:current',
    'capturing:ahead',
    'settled:ahead',
  ]);
});

test('[CLIENT-16] After the end nothing is to come any more', () => {
  expect(shape(['draft', 'needs_approval', 'canceled'], 'canceled')).toEqual([
    'draft:passed',
    'needs_approval:passed',
    '/canceled:current',
    'authorizing:closed',
    'authorized:closed',
    'capturing:closed',
    'settled:closed',
  ]);
});

test('[CLIENT-16] Without the journal only the present state is certain', () => {
  expect(shape([], 'authorized').slice(0, 4)).toEqual([
    'draft:bypassed',
    'needs_approval:bypassed',
    'authorizing:bypassed',
    'authorized:current',
  ]);
  expect(shape([], 'declined')[0]).toBe('/declined:current');
});
