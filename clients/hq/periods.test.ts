import { describe, expect, test } from 'vitest';
import { FIGURES } from '../../machines/period-rehearsal.ts';
import { byIn, figuresIn, isOver, monthsFrom, reasonsIn, toSentence, toStatementOf, toTrialOf } from './periods.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('periods in the console', () => {
  test('[DESKPER-1] every month is shown from the oldest period to the present one, the newest first, none left out', () => {
    expect(monthsFrom([], NOW)).toEqual(['2026-11', '2026-10']);
    expect(monthsFrom(['2026-08'], NOW)).toEqual(['2026-11', '2026-10', '2026-09', '2026-08']);
    expect(monthsFrom(['2025-12', '2026-12'], Date.parse('2026-01-02'))).toHaveLength(13);
  });

  test('[DESKPER-2] a month is over from a minute after its end', () => {
    expect(isOver('2026-11', NOW)).toBe(false);
    expect(isOver('2026-10', Date.parse('2026-11-01T00:00:30Z'))).toBe(false);
    expect(isOver('2026-10', Date.parse('2026-11-01T00:01:00Z'))).toBe(true);
  });

  test('[DESKPER-3] why a month could not be closed is said in words, with what it is about', () => {
    expect(toSentence({ code: 'period_before_open', detail: '2026-09' })).toBe('The month before it is not closed (2026-09)');
    expect(toSentence({ code: 'internal', detail: null })).toBe('Something is wrong inside the hub. It has been logged.');
    expect(reasonsIn({ reasons: undefined })).toEqual([]);
  });

  test('[DESKPER-4] figures lead to the accounts and the statement that they were read from, as known then', () => {
    expect(figuresIn({ figures: null })).toBeUndefined();
    const found = figuresIn({ figures: FIGURES });
    expect(found).toBe(FIGURES);
    expect(toTrialOf(FIGURES)).toEqual({ at: '2026-10-31', known: '2026-11-02T08:00:01.000Z' });
    expect(toStatementOf(FIGURES, 'exchange', 'USD')).toMatchObject({ account: 'exchange', from: '2026-10-01', to: '2026-10-31' });
    expect([byIn({ by: 'cfo' }), byIn(null)]).toEqual(['cfo', undefined]);
  });
});
