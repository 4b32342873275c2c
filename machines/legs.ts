import type { Leg } from './machine.ts';

/* The legs of the two phases. Pending ones set money aside and change no balance; what they become names them by `of`. */

/** The same legs, pending: for a posting of the kind `pending`. */
export function pend(legs: readonly Leg[]): readonly Leg[] {
  return legs.map((leg) => ({ ...leg, pending: true }));
}

/** What takes pending legs back: for a posting of the kind `voided` or `expired`. */
export function release(legs: readonly Leg[]): readonly Leg[] {
  return reverse(pend(legs));
}

/** What takes pending legs back and posts: the same, or what came of them where that is less or more. For the kind `posted`. */
export function complete(held: readonly Leg[], made: readonly Leg[] = held): readonly Leg[] {
  return [...release(held), ...made.map(({ account, amount_minor, currency }) => ({ account, amount_minor, currency }))];
}

/** The same legs the other way, each in its layer: for a posting of the kind `reversal`. */
export function reverse(legs: readonly Leg[]): readonly Leg[] {
  // Not the unary minus: it makes a negative zero of zero.
  return legs.map((leg) => ({ ...leg, amount_minor: 0 - leg.amount_minor }));
}
