import { z } from 'zod';

/**
 * One line that a person wrote and others will read: something visible, no control characters, no halves of surrogate
 * pairs (PostgreSQL refuses both), and none of the marks that make a screen show the text in another order than it has.
 */
const LINE = /^(?=.*\S)[^\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]+$/u;

/** The schema of one line of text, 1 to `most` UTF-16 units. Card numbers are refused: they must never be stored. */
export function line(most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .regex(LINE, 'One line of visible text is expected, without control characters')
    .refine((text) => !hasCardNumber(text), 'This looks like a card number, which the hub must not store');
}

/** The schema of text of several lines, also none: no character that PostgreSQL or a screen cannot take, and no card number. */
export function block(most: number) {
  return z
    .string()
    .max(most)
    .regex(/^(?:[^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]|[\n\r\t])*$/u, 'Text without control characters is expected')
    .refine((text) => !hasCardNumber(text), 'This looks like a card number, which the hub must not store');
}

/** The id of an actor, as a field of a payload. */
export const idField = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'An id is 1 to 64 of the characters A-Z a-z 0-9 _ -');

/**
 * Whether 13 to 19 digits in a row (spaces and hyphens between them do not count) pass the check of ISO/IEC 7812 (Luhn). One
 * in ten long numbers that are no card passes it by chance; refusing those is the cheaper mistake.
 */
export function hasCardNumber(text: string): boolean {
  for (const [run] of text.matchAll(/\d(?:[ -]?\d)+/g)) {
    const digits = run.replace(/[ -]/g, '');
    if (digits.length >= 13 && digits.length <= 19 && passesLuhn(digits)) return true;
  }
  return false;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
