import { describe, expect, test } from 'vitest';
import {
  dayOf,
  formatAmount,
  groupByCurrency,
  isBalanced,
  pick,
  readProof,
  readStatement,
  readTrialBalance,
  sidesOf,
  toStatement,
  toStatementCsv,
  toTrial,
  toTrialCsv,
  TRIAL_FILTERS,
  type AccountSums,
  type StatementPage,
  type TrialBalance,
} from './ledger.ts';

const sums = (account: string, currency: string, balance_minor: string): AccountSums => ({
  account,
  currency,
  debits_minor: balance_minor.startsWith('-') ? '0' : balance_minor,
  credits_minor: balance_minor.startsWith('-') ? balance_minor.slice(1) : '0',
  balance_minor,
  pending_minor: '0',
});

const accounts = [sums('account/a', 'JPY', '-5000'), sums('account/a', 'EUR', '-125000'), sums('clearing/d', 'EUR', '125000')];
const balance: TrialBalance = {
  at: '2026-03-04T23:59:59.999Z',
  known: '2026-03-05T08:00:00.000Z',
  accounts,
  totals: [
    { currency: 'JPY', debits_minor: '0', credits_minor: '5000', balance_minor: '-5000', pending_minor: '0' },
    { currency: 'EUR', debits_minor: '125000', credits_minor: '125000', balance_minor: '0', pending_minor: '0' },
  ],
};

describe('the ledger on the screen', () => {
  test('[DESKLEDG-1] accounts stand by currency, each with the total that the hub has counted', () => {
    const groups = groupByCurrency(balance);
    expect(groups.map(({ currency, accounts: of }) => [currency, of.map(({ account }) => account)])).toEqual([
      ['EUR', ['account/a', 'clearing/d']],
      ['JPY', ['account/a']],
    ]);
    expect(groups.map(({ total }) => isBalanced(total))).toEqual([true, false]);
    expect(isBalanced({ balance_minor: '0', pending_minor: '-1' })).toBe(false);
  });

  test('[DESKLEDG-1] an amount has the places of its currency and is exact however large it is', () => {
    expect(formatAmount('125000', 'EUR')).toBe('1,250.00');
    expect(formatAmount('-5000', 'JPY')).toBe('−5,000');
    expect(formatAmount('1250', 'BHD')).toBe('1.250');
    expect(formatAmount('90071992547409931234', 'EUR')).toBe('900,719,925,474,099,312.34');
  });

  test('[DESKLEDG-2] the filters of an address are those of the hub, and what is left empty is not asked for', () => {
    expect(pick({ prefix: ' account/ ', at: '', known: '2026-03-05', day: '2026-03-04' }, TRIAL_FILTERS)).toEqual({
      prefix: 'account/',
      known: '2026-03-05',
    });
    expect([dayOf('2026-03-05'), dayOf('2026-03-05T10:00:00Z'), dayOf(undefined)]).toEqual(['2026-03-05', '', '']);
  });

  test('[DESKLEDG-3] a row leads to the statement that ends where the balance does, and the statement back', () => {
    const search = toStatement(sums('account/a', 'EUR', '1'), { at: '2026-03-04', known: '2026-03-05', prefix: 'account/' });
    expect(search).toEqual({ account: 'account/a', currency: 'EUR', to: '2026-03-04', known: '2026-03-05' });
    expect(toStatement(sums('x', 'EUR', '1'), {})).toEqual({ account: 'x', currency: 'EUR' });
    expect(toTrial(search)).toEqual({ at: '2026-03-04', known: '2026-03-05' });
  });

  test('[DESKLEDG-4] a positive amount is a debit and a negative one a credit', () => {
    expect(sidesOf({ amount_minor: '12' })).toEqual({ debit: '12' });
    expect(sidesOf({ amount_minor: '-12' })).toEqual({ credit: '12' });
  });

  test('[DESKLEDG-5] the file has every account in minor units, with as of when it holds, and runs nothing in a spreadsheet', () => {
    const text = toTrialCsv({ ...balance, accounts: [sums('-x', 'EUR', '-125000')] });
    expect(text.split('\r\n')).toEqual([
      'account,currency,debits_minor,credits_minor,balance_minor,pending_minor,at,known',
      `'-x,EUR,0,125000,-125000,0,${balance.at},${balance.known}`,
      '',
    ]);
  });

  test.each([
    ['EUR', '0.05', '1250.00'],
    ['JPY', '5', '125000'],
    ['KWD', '0.005', '125.000'],
    ['DEM', '', ''],
  ])(
    '[DESKLEDG-15] a statement as a file leads from the opening balance over every entry to the closing one, to the last place of %s',
    (currency, credit, debit) => {
      const entry = {
        actor: 'payment/p1',
        version: 3,
        i: 0,
        leg: 1,
        event: 'CAPTURE',
        text: '=1+1',
        kind: 'posted',
        pending: false,
        of: null,
      } as const;
      const when = { at: balance.known, effective: balance.at };
      const page: StatementPage = {
        from: '1970-01-01T00:00:00.000Z',
        to: balance.at,
        known: balance.known,
        opening: { balance_minor: '0', pending_minor: '0' },
        closing: { balance_minor: '124995', pending_minor: '0' },
        items: [
          { ...entry, ...when, amount_minor: '-5', balance_minor: '-5', pending_minor: '0' },
          { ...entry, ...when, amount_minor: '125000', balance_minor: '124995', pending_minor: '0' },
        ],
        next: null,
      };
      const [head, ...rows] = toStatementCsv('account/a', currency, page).split('\r\n');
      const begins = `account/a,${currency},entry,${balance.at},${balance.known},payment/p1,3,0,1,CAPTURE,'=1+1,posted,false`;
      expect(rows).toEqual([
        `account/a,${currency},opening,${page.from},,,,,,,,,,,,,0,0,${page.known}`,
        `${begins},-5,,${credit},-5,0,${page.known}`,
        `${begins},125000,${debit},,124995,0,${page.known}`,
        `account/a,${currency},closing,${page.to},,,,,,,,,,,,,124995,0,${page.known}`,
        '',
      ]);
      expect(head?.split(',')).toHaveLength(19);
    },
  );

  test('[DESKLEDG-6] an answer of another shape is refused, not shown', () => {
    expect(readTrialBalance(balance)).toBe(balance);
    for (const read of [readTrialBalance, readStatement, readProof]) expect(() => read({ items: [] })).toThrow(/does not know/);
  });
});
