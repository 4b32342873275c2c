import { expect, test } from 'vitest';
import { inOrder } from './versions.ts';

test('[DESKSAFE-14] of two versions that are compared the newer one is shown, whichever was picked first', () => {
  expect(inOrder({ at: '5', from: '9' })).toEqual({ at: '9', from: '5' });
  expect(inOrder({ at: '10', from: '9' })).toEqual({ at: '10', from: '9' });
  expect(inOrder({ from: '9' })).toEqual({ at: undefined, from: '9' });
  expect(inOrder({ at: '2026-01-02T03:04:05Z', from: '9' })).toEqual({ at: '2026-01-02T03:04:05Z', from: '9' });
});
