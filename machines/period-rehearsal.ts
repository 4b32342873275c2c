import type { RateDay } from './exchange.ts';
import type { Post } from './machine.ts';
import { period } from './period.ts';
import type { Gain } from './period-gains.ts';
import type { Figures, PeriodContext, PeriodReading, Trouble } from './period-terms.ts';
import { answer, begin, play, send, START } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** What tests of periods begin with. Nothing here is used by the hub itself. */

export const MONTH = '2026-10';

export const DOLLARS: Gain = {
  currency: 'USD',
  opening_minor: 0,
  opening_cost_minor: 0,
  amount_minor: -11_700,
  cost_minor: -10_000,
  realized_minor: 250,
  value_minor: -10_400,
  unrealized_minor: -400,
  rate: '0.888888888889',
  source: 'ecb',
  date: '2026-10-30',
};

export const FIGURES: Figures = {
  month: MONTH,
  known: START + 1_000,
  totals: [
    {
      currency: 'EUR',
      debits_minor: '10000',
      credits_minor: '10000',
      balance_minor: '0',
      pending_minor: '0',
      assets_minor: '10000',
      aside_minor: '0',
    },
  ],
  postings: 3,
  legs: 8,
  root: 'ab'.repeat(32),
  gains: [DOLLARS],
  difference_minor: 0,
};

export const DAY: RateDay = { source: 'ecb', base: 'EUR', date: '2026-10-30', rates: { USD: '1.125' } };

export const reading = (changes: Partial<Figures> = {}, troubles: readonly Trouble[] = []): PeriodReading => ({
  figures: { ...FIGURES, ...changes },
  troubles: [...troubles],
});
export const contextOf = ({ snapshot }: Stage): PeriodContext => snapshot.context as PeriodContext;
export const hashOf = (stage: Stage): string => contextOf(stage).payload_hash ?? '';
export const postsOf = ({ facts }: Stage): readonly Post[] => facts.filter(({ type }) => type === '@post') as unknown as Post[];

export const made = (settings: object = {}, month = MONTH): Stage => begin(period, { month }, { id: month, by: 'cfo', settings });
export const close = (stage: Stage, more: Partial<Cue> = {}): Stage => send(stage, { type: 'CLOSE', by: 'cfo', v: 2, ...more });
export const previous = (stage: Stage, said?: object): Stage =>
  answer(stage, 'previous', said === undefined ? { found: false } : { found: true, version: 3, answer: said });
export const rates = (stage: Stage, days: readonly RateDay[] = [DAY]): Stage =>
  answer(stage, 'rates', { found: true, version: 9, answer: { state: 'fresh', source: 'ecb', days } });
export const read = (stage: Stage, what: PeriodReading = reading()): Stage => answer(stage, 'ledger', what);
export const confirm = (stage: Stage, more: Partial<Cue> = {}): Stage =>
  send(stage, { type: 'CONFIRM', by: 'approver', hash: hashOf(stage), v: 6, ...more });
export const reopen = (stage: Stage): Stage => send(stage, { type: 'REOPEN', by: 'cfo', reason: 'an invoice was missing', v: 7 });
export const next = (stage: Stage, said?: object): Stage =>
  answer(stage, 'next', said === undefined ? { found: false } : { found: true, version: 3, answer: said });

export const asking = (): Stage => close(made());
export const valuing = (): Stage => previous(asking());
export const readingLedger = (): Stage => rates(valuing());
export const proposed = (): Stage => read(readingLedger());
export const closed = (): Stage => confirm(proposed());
export const reopening = (): Stage => reopen(closed());
export const mayOpen = (): Stage => next(reopening());
export const returned = (): Stage => play(readingLedger(), (stage) => read(stage, reading({}, [{ code: 'in_transit', detail: 'EUR' }])));
