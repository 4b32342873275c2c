import { expect, test } from 'vitest';
import { careOf } from './integration.ts';

test('[DESKINT-1] what an integration knows of itself is read as it is, and nothing is made up where it knows nothing', () => {
  const nothing = careOf({});
  expect([nothing.errors, nothing.changes, nothing.did, nothing.open_since, nothing.share]).toEqual([[], [], [], undefined, undefined]);
  const care = careOf({
    open_since: 5,
    share: 40,
    errors: { timeout: 1, http_503: 7 },
    looking: { at: 9, failure: { code: 'no_answer' } },
    credentials: { expires_at: 11, rotated_at: null, failure: null },
    contract: { version: '17.0', changes: [{ part: 'orders', change: 'removed', was: 'v1', is: null }] },
    did: Array.from({ length: 9 }, (_, at) => ({ at, what: 'probed', detail: null })),
  });
  expect(care).toMatchObject({ open_since: 5, share: 40, looked_at: 9, look_failed: 'no_answer', expires_at: 11, version: '17.0' });
  expect([care.errors, care.changes.length, care.did.length, care.rotated_at]).toEqual([
    [
      ['http_503', 7],
      ['timeout', 1],
    ],
    1,
    5,
    undefined,
  ]);
});
