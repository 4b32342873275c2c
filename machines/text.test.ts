import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hasCardNumber, idField, line } from './text.ts';

const taken = (text: string) => line(140).safeParse(text).success;

describe('a line of text', () => {
  test('[TEXT-1] text in any script is taken as it is', () => {
    for (const text of ['INV-7', 'Müller & Söhne', '株式会社 青空', 'شركة', '👩‍👩‍👧 Co', ' padded ', "O'Brien; DROP TABLE"]) {
      expect(line(140).parse(text)).toBe(text);
    }
  });

  test('[TEXT-1] empty and invisible text, control characters and broken surrogates are refused', () => {
    for (const text of ['', '   ', 'a\u0000b', 'a\nb', 'a\u0007', 'a\u007F', 'a\u0085', '\uD800', 'x\uDC00y', 'a\u2028b']) {
      expect([JSON.stringify(text), taken(text)]).toEqual([JSON.stringify(text), false]);
    }
  });

  test('[TEXT-1] marks that show text in another order than it has are refused', () => {
    for (const mark of ['\u202A', '\u202E', '\u2066', '\u2069']) expect(taken(`pay ${mark}eman`)).toBe(false);
  });

  test('[TEXT-1] a line is as long as its field says, and no longer', () => {
    expect(taken('x'.repeat(140))).toBe(true);
    expect(taken('x'.repeat(141))).toBe(false);
  });

  test('[TEXT-1] whatever is taken survives UTF-8 and JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (text) => {
        if (!taken(text)) return;
        expect(new TextDecoder().decode(new TextEncoder().encode(text))).toBe(text);
        expect(JSON.parse(JSON.stringify(text))).toBe(text);
        expect(text.includes('\u0000')).toBe(false);
      }),
    );
  });

  test('[TEXT-1] the rule can be published as JSON Schema', () => {
    expect(z.toJSONSchema(line(140))).toMatchObject({ type: 'string', minLength: 1, maxLength: 140 });
  });
});

describe('card numbers', () => {
  // Test numbers that the card schemes and gateways publish.
  const CARDS = ['4242424242424242', '5555555555554444', '378282246310005', '6011111111111117', '30569309025904', '4222222222222'];

  test('[TEXT-2] a number that is shaped like a card number is refused, however it is written', () => {
    for (const card of CARDS) {
      expect([card, taken(`card ${card}`)]).toEqual([card, false]);
      expect(hasCardNumber(card.replace(/(.{4})/g, '$1 '))).toBe(true);
      expect(hasCardNumber(card.replace(/(.{4})(?=.)/g, '$1-'))).toBe(true);
    }
  });

  test('[TEXT-2] other numbers are taken', () => {
    for (const text of ['4242424242424241', 'INV-20261102-000017', '123456789012', '00000000000000000000', 'DE89 3704 0044 0532 0130 00']) {
      expect([text, hasCardNumber(text)]).toEqual([text, false]);
    }
  });
});

test('[TEXT-3] ids are 1 to 64 of A-Z a-z 0-9 _ -', () => {
  for (const id of ['a', 'pay_1', 'A-b_9', 'x'.repeat(64)]) expect(idField.safeParse(id).success).toBe(true);
  for (const id of ['', 'a.b', 'a b', 'a*', '>', 'ü', 'x'.repeat(65), 'a\n'])
    expect([id, idField.safeParse(id).success]).toEqual([id, false]);
});
