import { describe, expect, test } from 'vitest';
import { endOf, GRACE_MS, startOf } from './month.ts';
import { period } from './period.ts';
import { refuseBirth } from './period-rules.ts';
import type { PeriodBirth } from './period-terms.ts';
import { answer, fail, send, START, stateOf, throughJson, unpublishedOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';
import {
  asking,
  close,
  closed,
  confirm,
  contextOf,
  DAY,
  DOLLARS,
  FIGURES,
  hashOf,
  made,
  mayOpen,
  MONTH,
  next,
  postsOf,
  previous,
  proposed,
  rates,
  read,
  reading,
  readingLedger,
  reopen,
  reopening,
  returned,
  valuing,
} from './period-rehearsal.ts';

/** Everything that can happen to a period, each in its usual form. */
const HAPPENINGS: Readonly<Record<string, (stage: Stage) => Stage>> = {
  CLOSE: close,
  'CLOSE too early': (stage) => close(stage, { at: endOf(MONTH) }),
  'CONFIRM by another': (stage) => confirm(stage),
  'CONFIRM by whoever asked': (stage) => confirm(stage, { by: 'cfo' }),
  'CONFIRM of other figures': (stage) => confirm(stage, { hash: '0'.repeat(64) }),
  WITHDRAW: (stage) => send(stage, { type: 'WITHDRAW', by: 'approver' }),
  REOPEN: reopen,
  'previous: none': (stage) => previous(stage),
  'previous: closed': (stage) => previous(stage, { state: 'closed', home_currency: 'EUR', positions: [] }),
  'previous: open': (stage) => previous(stage, { state: 'open', home_currency: 'EUR', positions: [] }),
  'previous: failed': (stage) => fail(stage, 'previous', 'failed'),
  'rates: known': (stage) => rates(stage),
  'rates: none': (stage) => answer(stage, 'rates', { found: false }),
  'rates: failed': (stage) => fail(stage, 'rates', 'failed'),
  'ledger: sound': (stage) => read(stage),
  'ledger: in transit': (stage) => read(stage, reading({}, [{ code: 'in_transit', detail: 'EUR' }])),
  'ledger: failed': (stage) => fail(stage, 'ledger', 'failed', 'rates_missing'),
  'ledger: unknown': (stage) => fail(stage, 'ledger', 'unknown'),
  'next: none': (stage) => next(stage),
  'next: open': (stage) => next(stage, { state: 'open' }),
  'next: closed': (stage) => next(stage, { state: 'closed' }),
  'next: failed': (stage) => fail(stage, 'next', 'failed'),
};

const READING = 'reading.previous';

/** The whole table. What is not listed is refused, and changes nothing. */
const TABLE: readonly [state: string, stage: () => Stage, cells: Readonly<Record<string, string>>][] = [
  ['open.ready', () => made(), { CLOSE: READING }],
  ['open.returned', returned, { CLOSE: READING }],
  [
    READING,
    asking,
    {
      WITHDRAW: 'open.ready',
      'previous: none': 'reading.rates',
      'previous: closed': 'reading.rates',
      'previous: open': 'open.returned',
      'previous: failed': 'open.returned',
    },
  ],
  [
    'reading.rates',
    valuing,
    {
      WITHDRAW: 'open.ready',
      'rates: known': 'reading.ledger',
      'rates: none': 'reading.ledger',
      'rates: failed': 'open.returned',
    },
  ],
  [
    'reading.ledger',
    readingLedger,
    {
      WITHDRAW: 'open.ready',
      'ledger: sound': 'proposed',
      'ledger: in transit': 'open.returned',
      'ledger: failed': 'open.returned',
      'ledger: unknown': 'open.returned',
    },
  ],
  ['proposed', proposed, { 'CONFIRM by another': 'closed', WITHDRAW: 'open.ready' }],
  ['closed', closed, { REOPEN: 'reopening.next' }],
  [
    'reopening.next',
    reopening,
    {
      WITHDRAW: 'closed',
      'next: none': 'reopening.proposed',
      'next: open': 'reopening.proposed',
      'next: closed': 'closed',
      'next: failed': 'closed',
    },
  ],
  ['reopening.proposed', mayOpen, { 'CONFIRM by another': 'open.ready', WITHDRAW: 'closed' }],
];

describe('a period of accounting', () => {
  test.each(TABLE)('[PERIOD-1] a period that is %s takes exactly what the table says, also after a restart', (state, stage, cells) => {
    const stored = throughJson(stage());
    expect(stateOf(stored)).toBe(state);
    for (const [name, happen] of Object.entries(HAPPENINGS)) {
      const after = happen(stored);
      if (cells[name] === undefined) {
        expect(after.snapshot, `${state}: ${name}`).toEqual(stored.snapshot);
      } else {
        expect(stateOf(after), `${state}: ${name}`).toBe(cells[name]);
        expect(unpublishedOf({ ...after, facts: after.facts.filter(({ type }) => !type.startsWith('@')) })).toEqual([]);
      }
    }
  });

  test('[PERIOD-2] a period has the month as its id', () => {
    expect(refuseBirth({ id: '2026-09', month: MONTH } as PeriodBirth)).toBe('period_of_another');
    expect(refuseBirth({ id: MONTH, month: MONTH } as PeriodBirth)).toBeUndefined();
    expect(period.reasons['@create']).toBeDefined();
    expect(period.input.safeParse({ month: '2026-13' }).success).toBe(false);
  });

  test('[PERIOD-3] a month is closed from a minute after its end, and a commit that was begun in it has come to its end by then', () => {
    const at = endOf(MONTH) + GRACE_MS;
    expect(close(made(), { at }).refused).toBe('period_not_over');
    expect(stateOf(close(made(), { at: at + 1 }))).toBe(READING);
  });

  test('[PERIOD-4] the figures are confirmed by another person, who names exactly them', () => {
    const stage = proposed();
    expect(confirm(stage, { by: 'cfo' }).refused).toBe('four_eyes');
    expect(confirm(stage, { hash: 'f'.repeat(64) }).refused).toBe('hash_stale');
    expect(stateOf(confirm(stage, { by: 'cfo2' }))).toBe('closed');
    const other = read(readingLedger(), reading({ postings: 4 }));
    expect(hashOf(other)).not.toBe(hashOf(stage));
    expect(confirm(other, { hash: hashOf(stage) }).refused).toBe('hash_stale');
  });

  test('[PERIOD-5] what cannot be closed is open again and says why', () => {
    expect(contextOf(previous(asking(), { state: 'open' })).reasons).toEqual([{ code: 'period_before_open', detail: '2026-09' }]);
    const inDollars = previous(asking(), { state: 'closed', home_currency: 'USD', positions: [] });
    expect(contextOf(inDollars).reasons).toEqual([{ code: 'home_currency_changed', detail: 'USD, EUR' }]);
    const failed = fail(readingLedger(), 'ledger', 'failed', 'rates_missing');
    expect(contextOf(failed)).toMatchObject({ reasons: [{ code: 'rates_missing', detail: null }], asked: null });
    expect([...failed.snapshot.tags]).toEqual(['needs_somebody']);
    expect(contextOf(close(returned())).reasons).toEqual([]);
    expect([returned(), closed(), made()].map((stage) => period.summary(stage.snapshot.context as never))).toEqual([
      'in transit',
      '2.50 EUR · -4.00 EUR',
      '',
    ]);
  });

  test('[PERIOD-6] the ledger is read as known when nothing more could come, with what is carried and the rates that its days need', () => {
    const positions = [{ currency: 'USD', amount_minor: -11_700, cost_minor: -10_000 }];
    const days = ['2026-09-29', '2026-09-30', '2026-10-01', '2026-10-30', '2026-11-02'].map((date) => ({ ...DAY, date }));
    const input = (stage: Stage): unknown => stage.effects['ledger']?.input;
    const follows = rates(previous(asking(), { state: 'closed', home_currency: 'EUR', positions }), days);
    expect(input(follows)).toMatchObject({ month: MONTH, known: START + 1_000, first: false, carried: positions });
    expect(input(follows)).toMatchObject({ days: [{ date: '2026-10-01' }, { date: '2026-10-30' }] });
    // The first of August 2026 is a Saturday: what was traded then is worth what it was on Friday.
    const august = close(made({}, '2026-08'));
    const fromFriday = rates(previous(august, { state: 'closed', home_currency: 'EUR', positions }), [
      { ...DAY, date: '2026-07-30' },
      { ...DAY, date: '2026-07-31' },
    ]);
    expect(input(fromFriday)).toMatchObject({ days: [{ date: '2026-07-31' }] });
    expect(input(rates(previous(asking()), days))).toMatchObject({
      first: true,
      carried: [],
      days: days.slice(0, 4).map(({ date }) => ({ date })),
    });
  });

  test('[PERIOD-7] a closing posts what was gained at the last moment of the month, and what is unrealized back with the next', () => {
    const stage = closed();
    const [end, begin] = [endOf(MONTH), startOf('2026-11')];
    expect(begin - end).toBe(1);
    expect(postsOf(stage)).toMatchObject([
      {
        effective: end,
        legs: [
          { account: 'exchange/cost', amount_minor: 250, currency: 'EUR' },
          { account: 'income/fx/realized', amount_minor: -250, currency: 'EUR' },
        ],
      },
      {
        effective: end,
        legs: [
          { account: 'exchange/revaluation', amount_minor: -400 },
          { account: 'income/fx/unrealized', amount_minor: 400 },
        ],
      },
      {
        effective: begin,
        kind: 'reversal',
        of: { v: 6, i: 1 },
        legs: [
          { account: 'exchange/revaluation', amount_minor: 400 },
          { account: 'income/fx/unrealized', amount_minor: -400 },
        ],
      },
    ]);
    expect(contextOf(stage).closed).toMatchObject({
      by: 'approver',
      postings: [
        { v: 6, i: 0 },
        { v: 6, i: 1 },
        { v: 6, i: 2 },
      ],
    });
    const nothing = confirm(read(readingLedger(), reading({ gains: [{ ...DOLLARS, realized_minor: 0, unrealized_minor: 0 }] })));
    expect([stateOf(nothing), postsOf(nothing)]).toEqual(['closed', []]);
  });

  test('[PERIOD-8] what a closing posted is taken back where it counted, by the name that it was posted under', () => {
    expect(confirm(mayOpen(), { by: 'cfo' }).refused).toBe('four_eyes');
    expect(confirm(mayOpen(), { hash: '0'.repeat(64) }).refused).toBe('hash_stale');
    const posted = postsOf(closed());
    const back = confirm(mayOpen(), { v: 9 });
    expect(stateOf(back)).toBe('open.ready');
    expect(contextOf(back)).toMatchObject({ closed: null, payload_hash: null, figures: null, reopening: null });
    const reversed = postsOf(back);
    expect(reversed.map(({ kind, effective, of }) => ({ kind, effective, of }))).toEqual(
      posted.map(({ effective }, i) => ({ kind: 'reversal', effective, of: { v: 6, i } })),
    );
    const sums = new Map<string, number>();
    for (const { effective, legs } of [...posted, ...reversed])
      for (const { account, amount_minor } of legs)
        sums.set(`${account}@${effective}`, (sums.get(`${account}@${effective}`) ?? 0) + amount_minor);
    expect([...sums.values()].filter((sum) => sum !== 0)).toEqual([]);
  });

  test('[PERIOD-9] a period that another goes on from stays closed', () => {
    expect(contextOf(next(reopening(), { state: 'reading' })).reasons).toEqual([{ code: 'period_after_closed', detail: '2026-11' }]);
    expect(contextOf(next(reopening(), { state: 'closed' })).reopening).toBeNull();
    const closing = period.questions['closing'] as (seen: object) => unknown;
    expect(closing({ state: ['closed'], tags: [], context: contextOf(closed()) })).toEqual({
      state: 'closed',
      home_currency: 'EUR',
      positions: [{ currency: 'USD', amount_minor: -11_700, cost_minor: -10_000 }],
    });
    expect(closing({ state: ['reopening.next'], tags: [], context: contextOf(reopening()) })).toMatchObject({ state: 'reopening' });
  });

  test('[PERIOD-10] what others read of a closing names the figures, the gains and both people', () => {
    const facts = (stage: Stage): unknown => stage.facts.filter(({ type }) => !type.startsWith('@'));
    expect(facts(proposed())).toEqual([{ type: 'period.proposed', month: MONTH, hash: hashOf(proposed()), by: 'cfo' }]);
    expect(facts(closed())).toMatchObject([
      {
        type: 'period.closed',
        root: FIGURES.root,
        home_currency: 'EUR',
        realized_minor: 250,
        unrealized_minor: -400,
        by: 'cfo',
        confirmed_by: 'approver',
      },
    ]);
    expect(facts(confirm(mayOpen()))).toMatchObject([{ type: 'period.reopened', reason: 'an invoice was missing', by: 'cfo' }]);
  });
});
