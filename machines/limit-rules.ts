import { dayIn, nextDayIn } from './calendar-day.ts';
import type {
  KnownPayee,
  LimitBirth,
  LimitContext,
  LimitFact,
  LimitFactName,
  Limits,
  OfPayment,
  OfProposal,
  SetLimits,
  Spend,
  SpendRecord,
} from './limit-terms.ts';
import type { Tell } from './machine.ts';
import { toMinor } from './money.ts';
import { must } from './must.ts';

/** The rules of the limits, as functions of their context and an event. The guards and the reasons are the same functions. */

/**
 * So many payments of earlier days are remembered that are neither paid nor given up. One that is forgotten no longer makes its payee
 * known when it is paid: he stays new for longer.
 */
export const MOST_OPEN = 200;
/** So many payees are known. The one who was not paid for the longest time is forgotten first, and is new when he is paid again. */
export const MOST_PAYEES = 200;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function toContext({ id, client, at, settings }: LimitBirth): LimitContext {
  const { near_ratio, zone, ...limits } = settings;
  return {
    ...{ id, client, limits, near_ratio, zone },
    spends: [],
    payees: [],
    today: [],
    count_today: 0,
    proposal: null,
    blocked_by: null,
    reason: null,
    looked_at: at,
  };
}

export function toFact(type: LimitFactName, { client, limits, today, count_today, reason }: LimitContext): LimitFact {
  return { type, client, limits, today: [...today], count_today, reason };
}

/** What is left of it at this moment: the rest counts no more. */
export function look(context: LimitContext, at: number): LimitContext {
  const day = dayIn(context.zone, at);
  const from = at - context.limits.velocity.minutes * MINUTE;
  const counts = (one: SpendRecord): boolean => one.day === day || one.at > from;
  const open = context.spends.filter((one) => !counts(one) && !one.paid);
  const forgotten = new Set(open.slice(0, Math.max(0, open.length - MOST_OPEN)));
  const spends = context.spends.filter((one) => counts(one) || (!one.paid && !forgotten.has(one)));
  return withSums({ ...context, spends, looked_at: at });
}

/** The sums that follow from the rest. */
function withSums(context: LimitContext): LimitContext {
  const ofToday = spendsOfDay(context, context.looked_at);
  const currencies = [...new Set(ofToday.map(({ currency }) => currency))].toSorted();
  const today = currencies.map((currency) => {
    const spent_minor = sumOf(ofToday, currency);
    return { currency, spent_minor, left_minor: Math.max(0, toMinor(context.limits.per_day_major, currency) - spent_minor) };
  });
  return { ...context, today, count_today: ofToday.length };
}

function spendsOfDay({ spends, zone }: LimitContext, at: number): readonly SpendRecord[] {
  const day = dayIn(zone, at);
  return spends.filter((one) => one.day === day);
}

function sumOf(spends: readonly SpendRecord[], currency: string): number {
  return spends.reduce((sum, one) => (one.currency === currency ? sum + one.amount_minor : sum), 0);
}

/** Whether there is room for exactly this already: asked twice it counts once. What counted on an earlier day is looked at anew. */
export function isGranted(context: LimitContext, event: Spend): boolean {
  const known = spendOf(context, event);
  if (known === undefined || known.by !== event.by) return false;
  const isSame = (['revision', 'amount_minor', 'currency', 'payee', 'maker'] as const).every((field) => known[field] === event[field]);
  return isSame && (known.paid || known.day === dayIn(context.zone, event.at));
}

/** Whether the payment has asked since for what it is now: what it was before counts no more. */
export function isOutdated(context: LimitContext, event: Spend): boolean {
  const known = spendOf(context, event);
  return known !== undefined && known.by === event.by && known.revision > event.revision;
}

/** Why there is no room for a payment. What it had asked for before does not count beside what it asks for now. */
export function refuseSpend(context: LimitContext, event: Spend): string | undefined {
  if (context.client !== context.id) return 'limit_of_another';
  const known = spendOf(context, event);
  if (known !== undefined && known.by !== event.by) return 'hold_exists';
  if (isGranted(context, event)) return undefined;
  if (known?.paid === true) return 'already_paid';
  const { amount_minor, currency, maker, at } = event;
  const { limits, spends, payees } = look(without(context, event), at);
  if (amount_minor > toMinor(limits.per_payment_major, currency)) return 'limit_per_payment';
  if (isNew(payees, limits, event) && amount_minor > toMinor(limits.new_payee_major, currency)) return 'payee_too_new';
  const since = at - limits.velocity.minutes * MINUTE;
  if (spends.filter((one) => one.at > since).length >= limits.velocity.count) return 'limit_velocity';
  const ofToday = spendsOfDay({ ...context, spends }, at);
  if (ofToday.length >= limits.per_day_count) return 'limit_per_day';
  if (sumOf(ofToday, currency) + amount_minor > toMinor(limits.per_day_major, currency)) return 'limit_per_day';
  const own = ofToday.filter((one) => one.maker === maker);
  return sumOf(own, currency) + amount_minor > toMinor(limits.per_person_major, currency) ? 'limit_per_person' : undefined;
}

function isNew(payees: readonly KnownPayee[], { new_payee_hours }: Limits, { payee, at }: Spend): boolean {
  if (new_payee_hours === 0) return false;
  const known = payees.find((one) => one.payee === payee);
  return known === undefined || at - known.first_at < new_payee_hours * HOUR;
}

/** Nobody says of another's payment what became of it. One that is not there has been counted no more before. */
export function refuseEnd(context: LimitContext, event: OfPayment): string | undefined {
  const known = spendOf(context, event);
  return known === undefined || known.by === event.by ? undefined : 'no_such_hold';
}

export function spend(context: LimitContext, event: Spend): LimitContext {
  const { payment, by, revision, amount_minor, currency, payee, maker, at } = event;
  const record = { payment, by, revision, amount_minor, currency, payee, maker, at, day: dayIn(context.zone, at), paid: false };
  const { spends, ...rest } = without(context, { payment });
  return look({ ...rest, spends: [...spends, record] }, at);
}

/** What has been paid is final. */
export function unspend(context: LimitContext, event: OfPayment): LimitContext {
  const known = spendOf(context, event);
  return look(known?.paid === false ? without(context, event) : context, event.at);
}

export function pay(context: LimitContext, event: OfPayment): LimitContext {
  const known = spendOf(context, event);
  if (known === undefined || known.paid) return look(context, event.at);
  const spends = context.spends.map((one) => (one === known ? { ...one, paid: true } : one));
  return look({ ...context, spends, payees: withPayee(context.payees, known.payee, event.at) }, event.at);
}

function withPayee(payees: readonly KnownPayee[], payee: string, at: number): readonly KnownPayee[] {
  const known = payees.find((one) => one.payee === payee);
  const others = payees.filter((one) => one !== known);
  return [...others, { payee, first_at: known?.first_at ?? at, last_at: at }].slice(-MOST_PAYEES);
}

/** What somebody wants to set, as far as it differs: what lets less through than now, and what lets more through. */
export function changesOf({ limits }: LimitContext, event: SetLimits): { tighter: Partial<Limits>; looser: Partial<Limits> } {
  const tighter: Partial<Limits> = {};
  const looser: Partial<Limits> = {};
  for (const name of ['per_payment_major', 'per_day_major', 'per_person_major', 'per_day_count', 'new_payee_major'] as const) {
    const wanted = event[name] ?? limits[name];
    if (wanted !== limits[name]) (wanted < limits[name] ? tighter : looser)[name] = wanted;
  }
  const { velocity = limits.velocity, new_payee_hours = limits.new_payee_hours } = event;
  const isFaster = velocity.count > limits.velocity.count || velocity.minutes < limits.velocity.minutes;
  const isSlower = velocity.count < limits.velocity.count || velocity.minutes > limits.velocity.minutes;
  if (isFaster || isSlower) (isFaster ? looser : tighter).velocity = velocity;
  // The longer a payee is new, the less goes to him.
  if (new_payee_hours !== limits.new_payee_hours)
    (new_payee_hours > limits.new_payee_hours ? tighter : looser).new_payee_hours = new_payee_hours;
  return { tighter, looser };
}

export function isTightening(context: LimitContext, event: SetLimits): boolean {
  return Object.keys(changesOf(context, event).tighter).length > 0;
}

export function isLoosening(context: LimitContext, event: SetLimits): boolean {
  return Object.keys(changesOf(context, event).looser).length > 0;
}

export function refuseSet(context: LimitContext, event: SetLimits): string | undefined {
  return isTightening(context, event) || isLoosening(context, event) ? undefined : 'nothing_changed';
}

/** What was proposed before it no longer holds: who wanted more had not seen this. */
export function tighten(context: LimitContext, event: SetLimits): LimitContext {
  return withLimits(context, changesOf(context, event).tighter, event.at);
}

export function propose(context: LimitContext, event: SetLimits): LimitContext {
  const { by, at, v } = event;
  return { ...context, proposal: { proposal: `p${v}`, by, at, limits: changesOf(context, event).looser } };
}

export function refuseConfirm(context: LimitContext, event: OfProposal): string | undefined {
  return refuseDrop(context, event) ?? (context.proposal?.by === event.by ? 'four_eyes' : undefined);
}

export function refuseDrop({ proposal }: LimitContext, event: OfProposal): string | undefined {
  return proposal?.proposal === event.proposal ? undefined : 'proposal_stale';
}

export function confirm(context: LimitContext, { at }: OfProposal): LimitContext {
  return withLimits(context, must(context.proposal, 'the proposal of higher limits').limits, at);
}

function withLimits(context: LimitContext, changes: Partial<Limits>, at: number): LimitContext {
  return look({ ...context, limits: { ...context.limits, ...changes }, proposal: null }, at);
}

export function refuseUnblock({ blocked_by }: LimitContext, { by }: { by: string }): string | undefined {
  return blocked_by === by ? 'four_eyes' : undefined;
}

/** Whether most of what a day may come to is used up, in some currency or in number. */
export function isNear({ limits, near_ratio, today, count_today }: LimitContext): boolean {
  const isNearIn = ({ currency, spent_minor }: LimitContext['today'][number]): boolean =>
    spent_minor >= toMinor(limits.per_day_major, currency) * near_ratio;
  return today.some(isNearIn) || (count_today > 0 && count_today >= limits.per_day_count * near_ratio);
}

export function hasToday({ count_today }: LimitContext): boolean {
  return count_today > 0;
}

/** How long until the day is over. Where timers run faster than the clock one is due before that; so long it waits at least for the rest. */
export function midnightWait({ zone, looked_at }: LimitContext): number {
  return Math.max(nextDayIn(zone, looked_at) - looked_at, MINUTE);
}

/** It names the revision: the answer to what a payment was before it was amended is not the answer to what it is now. */
export function toGrant({ client }: LimitContext, { by, payment, revision, amount_minor }: Spend): Tell {
  return { to: by, event: { type: 'LIMIT_GRANTED', payment, client, revision, amount_minor } };
}

function spendOf({ spends }: LimitContext, { payment }: { readonly payment: string }): SpendRecord | undefined {
  return spends.find((one) => one.payment === payment);
}

function without(context: LimitContext, { payment }: { readonly payment: string }): LimitContext {
  return { ...context, spends: context.spends.filter((one) => one.payment !== payment) };
}
