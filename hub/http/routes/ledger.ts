import { z } from 'zod';
import { ACCOUNT } from '../../../actors/posting.ts';
import type { Asked } from '../../../actors/envelope.ts';
import { firstPlace, readStatement, readTrialBalance, totalsOf } from '../../../actors/store/ledger.ts';
import type { Entry, Extract, Standing } from '../../../actors/store/ledger.ts';
import type { HistoryRow } from '../../../actors/store/store.ts';
import { Fault } from '../../../machines/fault.ts';
import { POSTING_KINDS } from '../../../machines/machine.ts';
import type { Hub } from '../../hub.ts';
import { readEntryCursor, writeEntryCursor } from '../entry-cursor.ts';
import { moment, toEnd, toStart } from '../moments.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

/** People of HQ who have to do with money. */
export const LEDGER_READERS = ['cfo', 'auditor', 'admin', 'approver', 'clerk'] as const;
/** What one answer holds; more accounts than that are asked for by their prefixes. */
const MOST_ACCOUNTS = 50_000;

const minor = z.string().describe('Minor units of the currency, as text: sums may be larger than a number is exact');
const time = z.iso.datetime();
const sums = {
  currency: z.string(),
  debits_minor: minor.describe('What positive legs add up to'),
  credits_minor: minor.describe('What negative legs add up to, without the sign'),
  balance_minor: minor.describe('Debits less credits'),
  pending_minor: minor.describe('What pending legs add up to; it is in none of the other sums'),
};
const known = moment
  .optional()
  .describe('Only what was recorded up to and including then: a time, or a day of UTC to its end. Now by default');
const account = z.string().regex(ACCOUNT, 'An account is 1 to 128 of A-Z a-z 0-9 _ - : / .');

const trialBalance = defineRoute({
  method: 'GET',
  path: '/v1/ledger/trial-balance',
  summary: 'Debits, credits and balance of every account',
  description:
    'A positive leg is a debit, a negative one a credit, a balance debits less credits. Over all accounts the balances of a currency add up to zero, and so does what is pending; over those of a prefix they need not.',
  roles: LEDGER_READERS,
  query: z.strictObject({
    at: moment.optional().describe('What counts up to and including then, whenever it was recorded. Now by default'),
    known,
    prefix: account.optional().describe('Only accounts that begin with it'),
  }),
  answers: {
    200: z.strictObject({
      at: time,
      known: time,
      accounts: z.array(z.strictObject({ account: z.string(), ...sums })),
      totals: z.array(z.strictObject(sums)),
    }),
  },
  handler: async ({ hub, query }) => {
    const now = hub.ports.clock.now();
    const asOf = { at: toEnd('at', query.at, now), known: toEnd('known', query.known, now) };
    const accounts = await readTrialBalance(hub.store.reports, asOf, query.prefix ?? '', MOST_ACCOUNTS + 1);
    if (accounts.length > MOST_ACCOUNTS)
      throw new Fault('invalid', `There are more than ${MOST_ACCOUNTS} accounts; ask for fewer of them by \`prefix\`.`);
    return { body: { at: toTime(asOf.at), known: toTime(asOf.known), accounts, totals: totalsOf(accounts) } };
  },
});

const standing = z.strictObject({ balance_minor: minor, pending_minor: minor });
const entry = z.strictObject({
  actor: z.string(),
  version: z.int(),
  i: z.int().describe('The position of the posting in what that version asked for'),
  leg: z.int(),
  event: z.string().describe('What happened to the actor; `@erased` where nobody can say any more'),
  text: z.string(),
  kind: z.enum(POSTING_KINDS),
  pending: z.boolean(),
  of: z
    .strictObject({ version: z.int(), i: z.int() })
    .nullable()
    .describe('The posting of the actor that this one completes, takes back or reverses'),
  at: time.describe('When it was recorded'),
  effective: time.describe('When it counts'),
  amount_minor: minor.describe('Positive for a debit, negative for a credit'),
  balance_minor: minor.describe('What the account stands at with it'),
  pending_minor: minor,
});

const statement = defineRoute({
  method: 'GET',
  path: '/v1/ledger/accounts/statement',
  summary: 'The entries of an account in one currency, oldest first',
  description:
    'Ordered by when they count, with the balances before the first and behind the last of them. An account that nothing was posted to has none, and balances of zero. The pages of one statement show what was recorded when its first page was asked for.',
  roles: LEDGER_READERS,
  query: z.strictObject({
    account,
    currency: z.string().regex(/^[A-Z]{3}$/, 'An ISO 4217 code is expected, like EUR'),
    from: moment.default('1970-01-01').describe('The first time that counts, or the first day of UTC'),
    to: moment.optional().describe('The last time that counts, or the last day of UTC. Now by default'),
    known,
    cursor: z.string().max(1024).optional().describe('`next` of the page before; its `to` and `known` hold on'),
    limit: z.coerce.number().int().min(1).max(200).default(100),
  }),
  answers: {
    200: z.strictObject({
      account: z.string(),
      currency: z.string(),
      from: time,
      to: time,
      known: time,
      opening: standing.describe('Before `from`'),
      closing: standing.describe('At `to`, whatever the page'),
      items: z.array(entry),
      next: z.string().nullable().describe('`cursor` of the next page'),
    }),
  },
  handler: async ({ hub, query }) => {
    const now = hub.ports.clock.now();
    const from = toStart(query.from);
    const begun = query.cursor === undefined ? undefined : readEntryCursor(query.cursor);
    const asOf = begun ?? { to: toEnd('to', query.to, now), known: toEnd('known', query.known, now) };
    if (from > asOf.to) throw new Fault('invalid', '`from` is behind `to`; the first has to be the earlier one.');
    const wanted: Extract = { account: query.account, currency: query.currency, from, to: asOf.to, known: asOf.known };
    const behind = begun?.place ?? firstPlace(wanted);
    const read = await readStatement(hub.store.reports, wanted, behind, query.limit + 1);
    const shown = read.entries.slice(0, query.limit);
    const last = shown.at(-1);
    const more = read.entries.length > shown.length && last !== undefined;
    return {
      body: {
        account: wanted.account,
        currency: wanted.currency,
        from: toTime(wanted.from),
        to: toTime(wanted.to),
        known: toTime(wanted.known),
        opening: toStanding(read.opening),
        closing: toStanding(read.closing),
        items: await toItems(hub, shown, read.before),
        next: more ? writeEntryCursor({ to: wanted.to, known: wanted.known, place: last }) : null,
      },
    };
  },
});

/** Entries with the balances that they lead to, and with what their rows of the journal say of them. */
async function toItems(hub: Hub, entries: readonly Entry[], before: Standing): Promise<z.infer<typeof entry>[]> {
  const rows = await hub.store.versions(entries);
  const byName = new Map(rows.map((row) => [`${row.actor}@${row.version}`, row]));
  let { posted, pending } = before;
  return entries.map((one) => {
    if (one.pending) pending += BigInt(one.amount_minor);
    else posted += BigInt(one.amount_minor);
    const { actor, version, i, leg, kind, at, effective, amount_minor, of_version, of_i } = one;
    return {
      actor,
      version,
      i,
      leg,
      ...saidOf(byName.get(`${actor}@${version}`), i),
      kind,
      pending: one.pending,
      of: of_version === null || of_i === null ? null : { version: of_version, i: of_i },
      at: toTime(at),
      effective: toTime(effective),
      amount_minor,
      ...toStanding({ posted, pending }),
    };
  });
}

function saidOf(row: HistoryRow | undefined, i: number): { event: string; text: string } {
  if (row === undefined || row.event === '') return { event: '@erased', text: '' };
  const { type } = JSON.parse(row.event) as { type: string };
  const { postings = [] } = (row.asked === '' ? {} : JSON.parse(row.asked)) as Partial<Asked>;
  return { event: type, text: postings.find((posting) => posting.i === i)?.text ?? '' };
}

function toStanding({ posted, pending }: Standing): z.infer<typeof standing> {
  return { balance_minor: posted.toString(), pending_minor: pending.toString() };
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

export const ledgerRoutes: readonly Route[] = [trialBalance, statement];
