import type { Conversion, DisputeRecord, CreditRecord, OperationRecord, Proposal, Screening } from '../../machines/payment-terms.ts';
import type { TimerView } from '../../hub/protocol/messages.ts';
import { exponentOf, isCurrency } from '../../machines/money.ts';
import type { AskedLeg, HistoryItem } from '../core/api.ts';
import { groupDecimal } from '../core/format.ts';
import { isRecord } from '../core/problem.ts';

/*
 * What a payment says of its attempts, its exchange and its money on an account, read from the context as the hub shows it. What is missing, or of
 * a shape that this console does not know, is left out.
 */

export type Context = Readonly<Record<string, unknown>>;

export function textIn(context: Context, name: string): string | undefined {
  const value = context[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberIn(context: Context, name: string): number | undefined {
  const value = context[name];
  return typeof value === 'number' ? value : undefined;
}

function recordsIn(context: Context, name: string): readonly Context[] {
  const value = context[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** One thing done with the gateway, under the name by which the gateway knows it. */
export type Attempt = OperationRecord & { readonly id: string; readonly gateway: string };

/** The newest last, as they were begun. */
export function readAttempts(context: Context): readonly Attempt[] {
  return recordsIn(context, 'operations')
    .filter(({ n, operation, state, at }) => [typeof n, typeof operation, typeof state, typeof at].join() === 'number,string,string,number')
    .map((record) => {
      const operation = record as OperationRecord;
      const id = `${textIn(context, 'id') ?? ''}-${operation.operation}-${operation.n}`;
      return { ...operation, id, gateway: operation.gateway ?? textIn(context, 'gateway') ?? '' };
    });
}

/** Whether it is an exchange as a payment keeps it. */
export function isConversion(value: unknown): value is Conversion {
  if (!isRecord(value)) return false;
  const { from, to, rate, source, date, spread_minor } = value;
  return isMoney(from) && isMoney(to) && [rate, source, date].every((part) => typeof part === 'string') && typeof spread_minor === 'number';
}

function isMoney(value: unknown): boolean {
  return isRecord(value) && typeof value['amount_minor'] === 'number' && typeof value['currency'] === 'string';
}

export function readDisputes(context: Context): readonly DisputeRecord[] {
  return recordsIn(context, 'disputes') as readonly unknown[] as readonly DisputeRecord[];
}

/** What a form for a dispute about this payment begins with; undefined where nothing of it can be disputed. Amounts are as a person enters them. */
export function toDisputeDraft(context: Context): Readonly<Record<string, string>> | undefined {
  const currency = textIn(context, 'currency');
  const refunded = recordsIn(context, 'refunds').filter(({ state }) => state === 'pending' || state === 'done');
  const disputed = recordsIn(context, 'disputes').filter(({ state }) => state !== 'won');
  const gone = [...refunded, ...disputed].reduce((sum, one) => sum + (numberIn(one, 'amount_minor') ?? 0), 0);
  const rest = (numberIn(context, 'captured_minor') ?? 0) - gone;
  if (currency === undefined || !isCurrency(currency) || rest <= 0) return undefined;
  const known = { payment: textIn(context, 'id'), client: textIn(context, 'client'), gateway: textIn(context, 'gateway') };
  const texts = Object.entries(known).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
  return { ...Object.fromEntries(texts), currency, amount_minor: groupDecimal(rest, exponentOf(currency)) };
}

export function readCredits(context: Context): readonly CreditRecord[] {
  return recordsIn(context, 'credits') as readonly unknown[] as readonly CreditRecord[];
}

export function readProposal({ proposal }: Context): Proposal | undefined {
  const isOne = isRecord(proposal) && typeof proposal['proposal'] === 'string' && typeof proposal['evidence'] === 'string';
  return isOne ? (proposal as Proposal) : undefined;
}

/** What was found about the payee on lists. */
export function readScreening({ screening }: Context): Screening | undefined {
  if (!isRecord(screening) || !Array.isArray(screening['findings'])) return undefined;
  const findings = screening['findings'].filter((finding): finding is string => typeof finding === 'string');
  const by = textIn(screening, 'cleared_by');
  const because = textIn(screening, 'because');
  return {
    revision: numberIn(screening, 'revision') ?? 0,
    findings,
    ...(by === undefined ? {} : { cleared_by: by }),
    ...(because === undefined ? {} : { because }),
  };
}

/** What the present operation is about, in minor units of the payment's currency. */
export function amountOfOperation(context: Context): number | undefined {
  switch (context['operation']) {
    case 'capture':
      return numberIn(context, 'capture_minor');
    case 'void':
      return numberIn(context, 'authorized_minor');
    case 'refund': {
      const pending = recordsIn(context, 'refunds').find(({ state }) => state === 'pending');
      return pending && numberIn(pending, 'amount_minor');
    }
    default:
      return numberIn(context, 'amount_minor');
  }
}

/** Fields whose amounts are of the account that is paid from, and events that come from it or were told to it. */
const OF_ACCOUNT: readonly string[] = ['charged_minor', 'credits'];
const EVENTS_OF_ACCOUNT: readonly string[] = ['RESERVED', 'tell.refused'];

/**
 * The currency of the amount at this place of a context: that of the record around it, or of the account, or else the context's own. What the house
 * keeps of an exchange is in the currency that was paid.
 */
export function currencyAt(path: readonly (string | number)[], context: Context): string | undefined {
  const own = textIn(context, 'currency');
  const [field = ''] = path;
  const { [field]: value } = context;
  if (field === 'conversion' && isConversion(value)) return path[1] === 'from' ? value.from.currency : value.to.currency;
  return OF_ACCOUNT.includes(String(field)) ? (textIn(context, 'account_currency') ?? own) : own;
}

/** The currency of the amounts that an event has brought along, where it does not say it itself. */
export function currencyOfEvent(type: string, context: Context): string | undefined {
  const own = textIn(context, 'currency');
  return EVENTS_OF_ACCOUNT.includes(type) ? (textIn(context, 'account_currency') ?? own) : own;
}

/** Until when it waits for its money, in epoch milliseconds. Where that stands in the context is known here alone. */
export function readFundsUntil(context: Context): number | undefined {
  return numberIn(context, 'funds_until');
}

export type Cost = { readonly amount_minor: number; readonly currency: string };

/** What its account has to keep: with what the house keeps of an exchange. Undefined where it is paid from none, or the rate is not known yet. */
export function costOf(context: Context): Cost | undefined {
  const currency = textIn(context, 'account_currency');
  const { conversion } = context;
  if (currency === undefined) return undefined;
  if (isConversion(conversion)) return { amount_minor: conversion.to.amount_minor + conversion.spread_minor, currency };
  const amount_minor = numberIn(context, 'amount_minor');
  return amount_minor === undefined || currency !== textIn(context, 'currency') ? undefined : { amount_minor, currency };
}

/** Where a payment stands with the money of its account, from the day on that it is to be executed. */
export type Funding = {
  /** What it costs is looked up, the account is asked to keep it, it waits for the one or the other, or it has waited long enough. */
  readonly kind: 'quoting' | 'asking' | 'no_money' | 'no_rate' | 'expired';
  readonly until: number | undefined;
  /** When it is tried again by itself; ISO 8601. */
  readonly next: string | undefined;
  /** Why the last try has failed. */
  readonly reason: string | undefined;
};

type Standing = { readonly state: readonly string[]; readonly context: Context; readonly timers: readonly TimerView[] };

const FUNDING: Readonly<Record<string, Funding['kind']>> = {
  'reserving.quoting': 'quoting',
  'reserving.keeping': 'asking',
  'awaiting_funds.money': 'no_money',
  'awaiting_funds.rates': 'no_rate',
};
const TRIES_AGAIN = /^xstate\.after\.(?:funds_pause|rates_pause|answer_wait)\./;

/** Undefined where it neither waits for its money nor has ended because there was none. */
export function readFunding({ state: [state = ''], context, timers }: Standing): Funding | undefined {
  const until = readFundsUntil(context);
  const reason = textIn(context, 'reason');
  // Whoever has not approved it in time has kept it from ever waiting for money.
  const kind = state === 'expired' && until !== undefined ? 'expired' : FUNDING[state];
  return kind && { kind, until, next: timers.find(({ id }) => TRIES_AGAIN.test(id))?.due, reason };
}

/** One try to have the money kept that has failed. */
export type FailedTry = { readonly version: number; readonly at: string; readonly reason: string | undefined };

/** Every time that it has begun to wait, the newest first as the journal is shown. */
export function readFailedTries(rows: readonly HistoryItem[]): readonly FailedTry[] {
  const waits = (states: readonly string[]): boolean => states.some((state) => state.startsWith('awaiting_funds'));
  return rows.filter(({ from, to }) => waits(to) && !waits(from)).map(({ version, at, event }) => ({ version, at, reason: whyOf(event) }));
}

function whyOf(event: HistoryItem['event']): string | undefined {
  const { type, reason, output } = event;
  if (type === 'tell.refused') return typeof reason === 'string' ? reason : undefined;
  if (type === 'xstate.done.actor.rates') return 'rates_missing';
  if (type === 'xstate.error.actor.rates') return 'rates_unreachable';
  const answer = isRecord(output) ? output['answer'] : undefined;
  return isRecord(answer) ? textIn(answer, 'reason') : undefined;
}

/** One question to the gateway that was answered, or was not. */
export type Look = { readonly version: number; readonly at: string; readonly isAnswered: boolean; readonly what: 'lookup' | 'close' };

/** What the gateway was asked about the present operation since it is not known what became of that, the newest first as the journal is shown. */
export function readLooks(rows: readonly HistoryItem[]): readonly Look[] {
  const looks: Look[] = [];
  for (const { version, at, event, from } of rows) {
    const found = /^xstate\.(done|error)\.actor\.(lookup|close)\b/.exec(event.type);
    if (found !== null) looks.push({ version, at, isAnswered: found[1] === 'done', what: found[2] === 'close' ? 'close' : 'lookup' });
    // Before that it was about another one, or known.
    else if (looks.length > 0 && !from.some((state) => state.startsWith('unknown'))) break;
  }
  return looks;
}

export type Posted = AskedLeg & { readonly version: number };

/** What the payment itself has posted, the oldest first. */
export function readPosted(rows: readonly HistoryItem[]): readonly Posted[] {
  return rows.toReversed().flatMap(({ version, asked }) => (asked?.legs ?? []).map((leg) => ({ ...leg, version })));
}
