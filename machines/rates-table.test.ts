import { describe, expect, test } from 'vitest';
import { answer, fail, fire, play, send, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';
import { LATER, MORNING, TODAY, YESTERDAY, at, brought, created, current, day, fetched, outdated, upTo } from './rates-rehearsal.ts';

const fetch = (stage: Stage): Stage => send(stage, { type: 'FETCH', by: 'operator', at: MORNING });
const disputing = (): Stage => brought(fetch(current()), [day(YESTERDAY, '1.2')]);

/** Everything that can happen to a source of rates, each in its usual form. */
const HAPPENINGS: Readonly<Record<string, (stage: Stage) => Stage>> = {
  FETCH: fetch,
  ACCEPT: (stage) => send(stage, { type: 'ACCEPT', by: 'cfo', date: YESTERDAY }),
  KEEP: (stage) => send(stage, { type: 'KEEP', by: 'cfo', date: YESTERDAY }),
  'ACCEPT of another day': (stage) => send(stage, { type: 'ACCEPT', by: 'cfo', date: '2026-11-12' }),
  'KEEP of another day': (stage) => send(stage, { type: 'KEEP', by: 'cfo', date: '2026-11-12' }),
  'fetch: nothing': (stage) => brought(stage, []),
  'fetch: known': (stage) => brought(stage, upTo(YESTERDAY, 3)),
  'fetch: old': (stage) => brought(stage, upTo('2026-11-10', 3)),
  'fetch: corrected': (stage) => brought(stage, [day(YESTERDAY, '1.3')]),
  'fetch: of another source': (stage) => answer(stage, 'fetch', fetched([{ ...day(TODAY), source: 'sandbox' }]), MORNING),
  'fetch: failed': (stage) => fail(stage, 'fetch', 'failed', 'bad_feed', MORNING),
  'fetch: unknown': (stage) => fail(stage, 'fetch', 'unknown', 'timeout', MORNING),
  'after next_poll, nothing out': (stage) => fire(stage, 'next_poll', MORNING),
  'after next_poll, more out': (stage) => fire(stage, 'next_poll', at(16, 5)),
  'after retry_pause': (stage) => fire(stage, 'retry_pause', MORNING),
  'after stale_wait, too early': (stage) => fire(stage, 'stale_wait', MORNING),
  'after stale_wait': (stage) => fire(stage, 'stale_wait', LATER),
};

const state = (fetching: string, age: string, dispute = 'none'): string => `fetching.${fetching} age.${age} dispute.${dispute}`;

/** The whole table. What is not listed is refused, and changes nothing. */
const TABLE: readonly [row: string, stage: () => Stage, state: string, cells: Readonly<Record<string, string>>][] = [
  [
    'new',
    () => created(),
    state('calling', 'none'),
    {
      'fetch: nothing': state('idle', 'none'),
      'fetch: known': state('idle', 'fresh'),
      'fetch: old': state('idle', 'stale'),
      'fetch: corrected': state('idle', 'fresh'),
      'fetch: of another source': state('idle', 'fresh'),
      'fetch: failed': state('pausing', 'none'),
      'fetch: unknown': state('pausing', 'none'),
    },
  ],
  [
    'new, pausing',
    () => fail(created(), 'fetch', 'failed', 'no_answer', MORNING),
    state('pausing', 'none'),
    { FETCH: state('calling', 'none'), 'after retry_pause': state('calling', 'none') },
  ],
  [
    'new, nothing came',
    () => brought(created(), []),
    state('idle', 'none'),
    {
      FETCH: state('calling', 'none'),
      'after next_poll, nothing out': state('calling', 'none'),
      'after next_poll, more out': state('calling', 'none'),
    },
  ],
  [
    'current',
    () => current(),
    state('idle', 'fresh'),
    {
      FETCH: state('calling', 'fresh'),
      'after next_poll, nothing out': state('idle', 'fresh'),
      'after next_poll, more out': state('calling', 'fresh'),
      'after stale_wait, too early': state('idle', 'fresh'),
      'after stale_wait': state('idle', 'stale'),
    },
  ],
  [
    'current, calling',
    () => fetch(current()),
    state('calling', 'fresh'),
    {
      'fetch: nothing': state('idle', 'fresh'),
      'fetch: known': state('idle', 'fresh'),
      'fetch: old': state('idle', 'fresh'),
      'fetch: corrected': state('idle', 'fresh', 'open'),
      'fetch: of another source': state('pausing', 'fresh'),
      'fetch: failed': state('pausing', 'fresh'),
      'fetch: unknown': state('pausing', 'fresh'),
      'after stale_wait, too early': state('calling', 'fresh'),
      'after stale_wait': state('calling', 'stale'),
    },
  ],
  [
    'current, pausing',
    () => fail(fetch(current()), 'fetch', 'failed', 'no_answer', MORNING),
    state('pausing', 'fresh'),
    {
      FETCH: state('calling', 'fresh'),
      'after retry_pause': state('calling', 'fresh'),
      'after stale_wait, too early': state('pausing', 'fresh'),
      'after stale_wait': state('pausing', 'stale'),
    },
  ],
  [
    'stale',
    () => outdated(),
    state('idle', 'stale'),
    {
      FETCH: state('calling', 'stale'),
      'after next_poll, nothing out': state('calling', 'stale'),
      'after next_poll, more out': state('calling', 'stale'),
    },
  ],
  [
    'stale, calling',
    () => fetch(outdated()),
    state('calling', 'stale'),
    {
      'fetch: nothing': state('idle', 'stale'),
      'fetch: known': state('idle', 'fresh'),
      'fetch: old': state('idle', 'stale'),
      'fetch: corrected': state('idle', 'fresh'),
      'fetch: of another source': state('pausing', 'stale'),
      'fetch: failed': state('pausing', 'stale'),
      'fetch: unknown': state('pausing', 'stale'),
    },
  ],
  [
    'stale, pausing',
    () => fail(fetch(outdated()), 'fetch', 'failed', 'no_answer', MORNING),
    state('pausing', 'stale'),
    { FETCH: state('calling', 'stale'), 'after retry_pause': state('calling', 'stale') },
  ],
  [
    'disputed',
    () => disputing(),
    state('idle', 'fresh', 'open'),
    {
      FETCH: state('calling', 'fresh', 'open'),
      ACCEPT: state('idle', 'fresh'),
      KEEP: state('idle', 'fresh'),
      'after next_poll, nothing out': state('idle', 'fresh', 'open'),
      'after next_poll, more out': state('calling', 'fresh', 'open'),
      'after stale_wait, too early': state('idle', 'fresh', 'open'),
      'after stale_wait': state('idle', 'stale', 'open'),
    },
  ],
  [
    'disputed, calling',
    () => fetch(disputing()),
    state('calling', 'fresh', 'open'),
    {
      ACCEPT: state('calling', 'fresh'),
      KEEP: state('calling', 'fresh'),
      'fetch: nothing': state('idle', 'fresh', 'open'),
      'fetch: known': state('idle', 'fresh', 'open'),
      'fetch: old': state('idle', 'fresh', 'open'),
      'fetch: corrected': state('idle', 'fresh', 'open'),
      'fetch: of another source': state('pausing', 'fresh', 'open'),
      'fetch: failed': state('pausing', 'fresh', 'open'),
      'fetch: unknown': state('pausing', 'fresh', 'open'),
      'after stale_wait, too early': state('calling', 'fresh', 'open'),
      'after stale_wait': state('calling', 'stale', 'open'),
    },
  ],
];

describe.each(TABLE)('%s', (_, stage, before, cells) => {
  test.each(Object.keys(HAPPENINGS))(
    '[RATE-6] a source of rates takes in every state what the table says, and nothing else: %s',
    (name) => {
      const start = play(stage(), throughJson);
      expect(stateOf(start)).toBe(before);
      const end = HAPPENINGS[name]?.(start) as Stage;
      const cell = cells[name];
      if (cell === undefined) {
        expect([name, end.refused !== undefined, end.snapshot]).toEqual([name, true, start.snapshot]);
        return;
      }
      expect([name, end.refused, stateOf(end)]).toEqual([name, undefined, cell]);
      expect(unpublishedOf(end)).toEqual([]);
    },
  );
});
