import { describe, expect, test } from 'vitest';
import { readPdf } from '../../tests/support/pdf-text.ts';
import { toPdf } from './receipt-pdf.ts';
import { toAmount, toReceipt } from './receipt.ts';
import type { Settled } from './receipt.ts';

const AT = Date.parse('2026-11-22T21:40:32.987Z');

const CONTEXT = {
  client: 'acme',
  payee: 'Bolt Ltd',
  reference: 'Invoice 7',
  currency: 'EUR',
  amount_minor: 125_000_050,
  captured_minor: 125_000_050,
  refunded_minor: 1,
};

function settled(context: Record<string, unknown> = {}, rest: Partial<Settled> = {}): Settled {
  return {
    address: 'payment/pay_1',
    version: 7,
    context: { ...CONTEXT, ...context },
    payer: 'Acme GmbH',
    settled_at: AT,
    recorded_at: AT + 60_000,
    hash: 'ab'.repeat(32),
    ...rest,
  };
}

/** The lines of all its pages; what an amount says stands on one. */
async function linesOf(context: Record<string, unknown> = {}, rest: Partial<Settled> = {}): Promise<string[]> {
  const { pages } = await readPdf(await toPdf(toReceipt(settled(context, rest))));
  return pages.flatMap((page) => page.split('\n'));
}

describe('amounts', () => {
  test.each([
    ['EUR', 125_000_050, '1,250,000.50 EUR'],
    ['EUR', 1, '0.01 EUR'],
    ['JPY', 125_000_050, '125,000,050 JPY'],
    ['JPY', 0, '0 JPY'],
    ['KWD', 125_000_050, '125,000.050 KWD'],
    ['KWD', 999, '0.999 KWD'],
    ['CLF', 1_000_000_000_000, '100,000,000.0000 CLF'],
  ])('[RECEIPT-1] stand with all decimal places of ISO 4217 and are exact: %s %i is %s', (currency, amount_minor, shown) => {
    expect(toAmount({ currency, amount_minor })).toBe(shown);
  });

  test('[RECEIPT-1] a currency that has been withdrawn since is counted in its minor units', () => {
    expect(toAmount({ currency: 'DEM', amount_minor: 1950 })).toBe('1950 minor units of DEM');
  });

  test.each([
    ['EUR', ['Captured 1,250,000.50 EUR', 'Refunded 0.01 EUR', 'Captured less refunded 1,250,000.49 EUR']],
    ['JPY', ['Captured 125,000,050 JPY', 'Refunded 1 JPY', 'Captured less refunded 125,000,049 JPY']],
    ['KWD', ['Captured 125,000.050 KWD', 'Refunded 0.001 KWD', 'Captured less refunded 125,000.049 KWD']],
  ])(
    '[RECEIPT-2] what was captured and refunded, and the difference, stand in the document to the last place in %s',
    async (currency, shown) => {
      expect(await linesOf({ currency })).toEqual(expect.arrayContaining(shown));
    },
  );
});

describe('what a receipt says', () => {
  test('[RECEIPT-3] who paid whom and for what, when in UTC, and which version and row of the journal it was made from', async () => {
    expect(await linesOf()).toEqual(
      expect.arrayContaining([
        'Payer Acme GmbH (acme)',
        'Payee Bolt Ltd',
        'Reference Invoice 7',
        'Settled 2026-11-22 21:40:32 UTC',
        'As it stood 2026-11-22 21:41:32 UTC, version 7',
        'Number payment/pay_1 · version 7',
      ]),
    );
    expect((await linesOf()).join('')).toContain(`Hash in the journal ${'ab'.repeat(32)}`);
  });

  test('[RECEIPT-3] what nobody knows any more is said to be so', async () => {
    const lines = await linesOf({}, { payer: undefined, settled_at: undefined });
    expect(lines).toEqual(expect.arrayContaining(['Payer acme', 'Settled The journal does not have the time any more']));
  });

  test('[RECEIPT-4] an amount that was converted stands with its rate, the source and day of that, and the spread', async () => {
    const from = { amount_minor: 100_000, currency: 'USD' };
    const to = { amount_minor: 85_922, currency: 'EUR' };
    const conversion = { from, to, rate: '0.859217320217', source: 'ecb', date: '2026-11-20', spread_minor: 430 };
    expect(await linesOf({ currency: 'USD', conversion })).toEqual(
      expect.arrayContaining([
        'Converted 1,000.00 USD = 859.22 EUR',
        'Rate 1 USD = 0.859217320217 EUR',
        'Source of the rate ecb',
        'Day of the rate 2026-11-20',
        'Spread 4.30 EUR',
      ]),
    );
    for (const none of [{}, { conversion: null }]) expect(await linesOf(none)).not.toContain('Conversion');
  });

  test('[RECEIPT-5] approvals, refunds and references are there for whoever sees them in the payment, and not a word of them otherwise', async () => {
    const seen = {
      gateway: 'sandbox',
      gateway_reference: 'auth_1',
      capture_reference: 'cap_1',
      approvals: [{ by: 'cfo', at: AT, hash: 'x' }],
      refunds: [{ refund: 'r1', amount_minor: 1, by: 'clerk', state: 'done', answer: 'ref_1' }],
    };
    const shown = [
      'Gateway sandbox',
      'Reference of the gateway auth_1',
      'Reference of the capture cap_1',
      'Approved by cfo, 2026-11-22 21:40:32 UTC',
      'Refund r1 0.01 EUR, done',
    ];
    expect(await linesOf(seen)).toEqual(expect.arrayContaining(shown));
    const others = (await linesOf()).join(' ');
    for (const word of ['Approv', 'cfo', 'ateway', 'Refund r1']) expect(others).not.toContain(word);
  });
});

describe('the document', () => {
  test('[RECEIPT-6] the same version makes the same bytes, another one does not', async () => {
    const one = await toPdf(toReceipt(settled()));
    expect((await toPdf(toReceipt(settled()))).equals(one)).toBe(true);
    expect((await toPdf(toReceipt(settled({}, { version: 8 })))).equals(one)).toBe(false);
  });

  test('[RECEIPT-7] it has a title and a language, and its headings and lists are marked as such', async () => {
    const { title, language, roles } = await readPdf(await toPdf(toReceipt(settled())));
    expect([title, language]).toEqual(['Receipt payment/pay_1 · version 7', 'en']);
    expect(new Set(roles)).toEqual(new Set(['Root', 'Document', 'H1', 'P', 'H2', 'L', 'LI', 'Lbl', 'LBody']));
  });

  test('[RECEIPT-7] many refunds go on over pages that are numbered, and none is lost', async () => {
    const refunds = Array.from({ length: 50 }, (_, n) => ({ refund: `r${n}`, amount_minor: n, state: 'done' }));
    const { pages } = await readPdf(await toPdf(toReceipt(settled({ refunds }))));
    expect(pages.length).toBeGreaterThan(1);
    pages.forEach((page, index) => expect(page).toContain(`Page ${index + 1} of ${pages.length}`));
    const lines = pages.join('\n').split('\n');
    for (const { refund } of refunds) expect(lines.filter((line) => line.startsWith(`Refund ${refund} `))).toHaveLength(1);
  });

  test.each([
    ['very long', `${'Donaudampfschifffahrtsgesellschaft'.repeat(3)} and Sons ${'W'.repeat(25)}`],
    ['Greek and Cyrillic', 'Ακρόπολις Α.Ε. / Жёлтый Дом ООО'],
    ['Vietnamese, with marks', 'Nguyễn Thị Hường'],
  ])('[RECEIPT-8] a payee whose name is %s is there as a whole', async (_, payee) => {
    expect((await linesOf({ payee })).join('').replaceAll(/\s/g, '')).toContain(
      `Payee${payee}Reference`.normalize('NFC').replaceAll(/\s/g, ''),
    );
  });

  test.each([
    ['Arabic', 'شركة النور للتجارة'],
    ['Hebrew', 'חברת האור'],
  ])('[RECEIPT-8] a payee in %s is read from right to left, as it is written', async (_, payee) => {
    expect(await linesOf({ payee })).toContain(`Payee ${payee}`);
  });

  test('[RECEIPT-9] what the font lacks, and what is invisible, stands as its code point and is never left out', async () => {
    const lines = await linesOf({ payee: 'Tokyo 株\u{1F9FE}', reference: 'a\u200Bb\u00ADc' });
    expect(lines).toEqual(expect.arrayContaining(['Payee Tokyo [U+682A][U+1F9FE]', 'Reference a[U+200B]b[U+00AD]c']));
  });
});
