import { expect, test } from 'vitest';
import { Budgets } from './budget.ts';

test('[SYNC-38] a person may use so much at once and so much a second, is told how long to wait, and forgotten when idle', () => {
  const budgets = new Budgets({ burst: 10, perSecond: 5, patience: 20 });
  for (let i = 0; i < 10; i++) expect(budgets.take('ann', 1, 0)).toEqual({ kind: 'granted' });
  expect(budgets.take('ann', 1, 0)).toEqual({ kind: 'wait', ms: 200 });
  expect(budgets.take('bob', 10, 0)).toEqual({ kind: 'granted' });
  expect(budgets.take('ann', 1, 200)).toEqual({ kind: 'granted' });
  budgets.sweep(1_900);
  expect(budgets.size).toBe(2);
  budgets.sweep(5_000);
  expect(budgets.size).toBe(0);
});

test('[SYNC-38] who goes on asking in vain is an abuser; who waits is not', () => {
  const budgets = new Budgets({ burst: 10, perSecond: 5, patience: 20 });
  budgets.take('ann', 10, 0);
  const verdicts = Array.from({ length: 30 }, () => budgets.take('ann', 1, 0).kind);
  expect(verdicts.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'wait'));
  expect(verdicts.at(-1)).toBe('abuse');
  for (let second = 1; second < 100; second++) expect(budgets.take('ann', 1, second * 1000).kind).not.toBe('abuse');
});
