import { z } from 'zod';
import type { Caller } from '../../../actors/caller.ts';
import { convert, ratesFrom } from '../../../machines/exchange.ts';
import type { Converted, RateDay } from '../../../machines/exchange.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId } from '../../../machines/ids.ts';
import { isCurrency } from '../../../machines/money.ts';
import type { Money } from '../../../machines/money.ts';
import { dayInFrankfurt, isDate } from '../../../machines/target-days.ts';
import { PERSON_ROLES } from '../../auth/names.ts';
import type { Hub } from '../../hub.ts';
import { findRates, sourcesOf } from '../rates-on.ts';
import type { RatesOn } from '../rates-on.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

/** What money is worth is for those who work in the house. */
const HQ = PERSON_ROLES.filter((role) => role !== 'customer' && role !== 'agent');

const source = z
  .string()
  .refine(isId, 'The id of an actor is expected')
  .optional()
  .describe('The id of the `rates` actor, for example ecb');
const date = z
  .string()
  .refine(isDate, 'A day is written YYYY-MM-DD')
  .optional()
  .describe('The day, YYYY-MM-DD in Frankfurt; today without it');
const currency = z.string().refine(isCurrency, 'A currency is an active code of ISO 4217 with a minor unit, for example USD');
const decimal = z.string().describe('A decimal');

const origin = {
  source: z.string().describe('Who published them'),
  actor: z.string().describe('<type>/<id>'),
  known: z.int().min(1).describe('The version of the actor that they were read from'),
  date: z.string().describe('The day whose rates hold: that of the last publication up to the day that was asked for'),
  asked: z.string().describe('The day that was asked for'),
  missed: z.int().min(0).describe('Of so many days since rates should have been published and are not known'),
  stale: z.boolean(),
  sha256: z.string().describe('Of what was read there'),
  fetched_at: z.iso.datetime(),
};

const list = defineRoute({
  method: 'GET',
  path: '/v1/rates',
  summary: 'Exchange rates as they hold on a day',
  description:
    'Of each source, or of the one that is named. Where none are published on a day those of the last day before it hold; `missed` counts the days that should have had some. Days that an actor does not hold any more are read from the journal.',
  roles: HQ,
  query: z.strictObject({
    source,
    date,
    base: currency.optional().describe('Units for one of this currency; without it for one of the published base'),
  }),
  answers: {
    200: z.strictObject({
      items: z.array(
        z.strictObject({
          ...origin,
          from: z.string().describe('The address that they were read from'),
          base: z.string(),
          through: z.string().nullable().describe('The published base that they were worked out by; null where they are as published'),
          rates: z
            .record(z.string(), decimal)
            .describe('Units of each currency for one of `base`; worked out ones to twelve significant digits'),
        }),
      ),
    }),
  },
  handler: async ({ hub, caller, query }) => {
    const found = await findAll(hub, caller, query);
    const items = found.map((rates) => toItem(rates, query.base));
    const fit = items.filter((item) => item !== undefined);
    if (items.length > 0 && fit.length === 0)
      throw new Fault('not_found', `There are no rates of ${query.base ?? ''} on ${found[0]?.asked ?? ''}.`);
    return { body: { items: fit } };
  },
});

const minor = z
  .string()
  .regex(/^-?(0|[1-9]\d{0,15})$/, 'Whole minor units are expected, for example 1999 for 19.99')
  .transform(Number)
  .refine(Number.isSafeInteger, 'The amount is too large to be counted exactly');
const money = z.strictObject({ amount_minor: z.int(), currency: z.string() });

const converted = defineRoute({
  method: 'GET',
  path: '/v1/rates/convert',
  summary: 'An amount in another currency, and everything that it was worked out from',
  description:
    'By way of the published base, from the exact fraction, rounded once. Where the rates are missing or stale nothing is worked out. The source may be left out where there is only one.',
  roles: HQ,
  query: z.strictObject({ amount_minor: minor, from: currency, to: currency, date, source }),
  answers: {
    200: z.strictObject({
      ...origin,
      from: money,
      to: money,
      rate: decimal.describe('Units of the second currency for one of the first, to twelve significant digits'),
      through: z.strictObject({ base: z.string(), from: decimal, to: decimal }),
      rounding: z.literal('half_even'),
      read_from: z.string().describe('The address that the rates were read from'),
    }),
  },
  handler: async ({ hub, caller, query }) => {
    const rates = await findOnly(hub, caller, query);
    const { day, stale, missed, asked, actor, known } = rates;
    if (stale) {
      const what = `The newest rates for ${asked} are of ${day.date}: ${missed} days that should have some are missing.`;
      throw new Fault('rates_stale', what, { date: day.date, missed });
    }
    const result = toConverted(rates, { amount_minor: query.amount_minor, currency: query.from }, query.to);
    const { sha256, fetched_at } = day;
    return { body: { ...result, rounding: 'half_even', actor, known, asked, missed, stale, read_from: day.from, sha256, fetched_at } };
  },
});

type Wanted = { readonly source?: string | undefined; readonly date?: string | undefined };

/** Of each source that is asked for, what holds on the day. Throws a Fault where that is nothing. */
async function findAll(hub: Hub, caller: Caller, wanted: Wanted): Promise<readonly RatesOn[]> {
  const asked = readDay(hub, wanted);
  const sources = await sourcesOf(hub, caller, wanted.source);
  const found = await Promise.all(sources.map((subject) => findRates(hub, subject, asked)));
  const known = found.filter((rates) => rates !== undefined);
  if (sources.length > 0 && known.length === 0) throw new Fault('not_found', unknownOf(asked));
  return known;
}

/** What holds on the day, of the source that is named or the only one. Another source is never taken because one has nothing. */
async function findOnly(hub: Hub, caller: Caller, wanted: Wanted): Promise<RatesOn> {
  const asked = readDay(hub, wanted);
  const [only, other] = await sourcesOf(hub, caller, wanted.source);
  if (only === undefined) throw new Fault('rates_missing', 'No source of rates has been set up.');
  if (other !== undefined) throw new Fault('invalid', 'There are several sources of rates: name one as `source`.');
  const rates = await findRates(hub, only, asked);
  if (rates === undefined) throw new Fault('rates_missing', unknownOf(asked));
  return rates;
}

function readDay(hub: Hub, wanted: Wanted): string {
  const today = dayInFrankfurt(hub.ports.clock.now());
  const asked = wanted.date ?? today;
  if (asked > today) throw new Fault('invalid', `The rates of ${asked} are not known before that day: today is ${today}.`);
  return asked;
}

function unknownOf(asked: string): string {
  return `Of ${asked} or a day before it no rates are known, or the journal does not have them any more.`;
}

function toItem({ day, ...holding }: RatesOn, wanted: string | undefined): object | undefined {
  const base = wanted ?? day.base;
  const rates = ratesFrom(base, day);
  if (rates === undefined) return undefined;
  const { source: name, date: of, from, sha256, fetched_at } = day;
  return { source: name, ...holding, date: of, base, through: base === day.base ? null : day.base, rates, from, sha256, fetched_at };
}

function toConverted({ day, asked }: RatesOn, from: Money, to: string): Converted {
  const missing = [from.currency, to].find((code) => ratesFrom(code, day) === undefined);
  const result = missing === undefined ? convertExactly(from, to, day) : undefined;
  if (result === undefined) throw new Fault('rates_missing', `${day.source} has no rate of ${missing ?? to} for ${asked}.`);
  return result;
}

function convertExactly(from: Money, to: string, day: RateDay): Converted | undefined {
  try {
    return convert(from, to, day);
  } catch (error) {
    if (error instanceof RangeError) throw new Fault('invalid', 'The amount is too large to be counted exactly in the other currency.');
    throw error;
  }
}

export const rateRoutes: readonly Route[] = [list, converted];
