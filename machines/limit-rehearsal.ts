import { limit } from './limit.ts';
import type { LimitContext } from './limit-terms.ts';
import { begin, send, START } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** What tests of the limits begin with. Nothing here is used by the hub itself. */

export const LIMITS = {
  per_payment_major: 500,
  per_day_major: 1_000,
  per_person_major: 800,
  per_day_count: 5,
  velocity: { count: 4, minutes: 10 },
  new_payee_major: 100,
  new_payee_hours: 24,
};
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

export const made = (settings: object = LIMITS, at = START): Stage =>
  begin(limit, { client: 'acme' }, { id: 'acme', by: 'cfo', at, settings });

/** Limits by which no payee is ever new, for what is about other limits. */
export const plain = (changes: object = {}): Stage => made({ ...LIMITS, new_payee_hours: 0, ...changes });

export const spend = (payment: string, amount_minor: number, more: Partial<Cue> = {}): Cue => ({
  type: 'SPEND',
  by: `payment/${payment}`,
  payment,
  revision: 1,
  amount_minor,
  currency: 'EUR',
  payee: 'Globex',
  maker: 'clerk',
  ...more,
});
export const unspend = (payment: string, at = START): Cue => ({ type: 'UNSPEND', by: `payment/${payment}`, payment, at });
export const paid = (payment: string, at = START): Cue => ({ type: 'PAID', by: `payment/${payment}`, payment, at });

export const told = (stage: Stage, ...cues: readonly Cue[]): Stage => cues.reduce(send, stage);
export const contextOf = ({ snapshot }: Stage): LimitContext => snapshot.context as LimitContext;
/** Why it was refused, or whom it told that there is room. */
export const heard = ({ refused, facts }: Stage): unknown => refused ?? facts.find(({ type }) => type === '@tell');
export const granted = (payment: string, amount_minor: number): object => ({
  type: '@tell',
  to: `payment/${payment}`,
  event: { type: 'LIMIT_GRANTED', payment, client: 'acme', revision: 1, amount_minor },
});
export const spentOf = (stage: Stage, currency = 'EUR'): number =>
  contextOf(stage).today.find((one) => one.currency === currency)?.spent_minor ?? 0;
export const factsOf = ({ facts }: Stage): readonly string[] => facts.map(({ type }) => type).filter((type) => !type.startsWith('@'));
