import { expect, test } from 'vitest';
import { runUnknowns } from './run.ts';

/* With 10,000 payments and every webhook a hundred times: `npm run prove -- unknowns`. */

test('[PAY-50] however a gateway hides what it did, nothing is charged twice, nobody is left not knowing, and the ledger says what it did', async () => {
  const { wrongs, held, settled, gateway } = await runUnknowns({ payments: 60, seed: 7, repeats: 9, tell: () => undefined });
  expect([wrongs, held, settled > 30]).toEqual([[], true, true]);
  // All of it happened.
  expect(Object.keys(gateway).toSorted()).toEqual([
    'answers 500 after doing it',
    'declines',
    'does not say',
    'hangs after doing it',
    'hangs before',
  ]);
}, 60_000);
