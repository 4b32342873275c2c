import { expect, test } from 'vitest';
import { standIn } from './stand-in.ts';

const BEFORE = { topic: 'payment?q=a', copy: 'rows of a' };
const waiting = (topic: string) => ({ topic, copy: undefined, isRefused: false });

test('[DESKSAFE-21] while another question is on its way the rows of the one before stand in for it', () => {
  expect(standIn(BEFORE, waiting('payment?q=ab'))).toBe(BEFORE);
  expect(standIn(BEFORE, { topic: 'payment?q=ab', copy: 'rows of ab', isRefused: false })).toEqual({
    topic: 'payment?q=ab',
    copy: 'rows of ab',
  });
  expect(standIn(BEFORE, { ...BEFORE, isRefused: false })).toBe(BEFORE);
  expect(standIn(undefined, waiting('payment?q=a'))).toBeUndefined();
});

test('[DESKSAFE-21] rows that were taken away, or are refused, are shown no more, nor when they are asked for again', () => {
  const gone = standIn(BEFORE, waiting(BEFORE.topic));
  expect(gone).toBeUndefined();
  expect(standIn(gone, waiting(BEFORE.topic))).toBeUndefined();
  const refused = standIn(BEFORE, { topic: 'payment?q=ab', copy: undefined, isRefused: true });
  expect([refused, standIn(refused, waiting('payment?q=ab'))]).toEqual([undefined, undefined]);
});
