import { Stripe } from 'stripe';
import { z } from 'zod';
import type { CallResult } from '../integration.ts';
import { CLOSED, isOtherUnderKey, judgeIntent, judgeRefund, readObject } from './answers.ts';
import type { Judgement } from './answers.ts';
import { intentSchema, refundSchema, setupSchema } from './objects.ts';
import type { Intent, OperationName } from './objects.ts';

/**
 * Finding out what became of an operation, and making sure that it cannot happen any more. Three kinds of evidence are used,
 * and none of them alone is enough:
 *
 * - The **list** of intents has every one that was made, at once; but it cannot be asked for one payment's, so only the last
 *   hours are read, and only so many of them.
 * - The **search** finds a payment's by what is written on them, however old; but it lags, a minute as a rule and an hour at
 *   worst. What it finds is read anew, since what it shows may be old; what it does not find may still be there.
 * - The **key** of an operation belongs to the first request that is sent under it, for a day at least. Who can put another
 *   request under it knows that the operation was not begun within that day, and that it will not be: Stripe refuses whatever
 *   comes later under the same key. Who cannot knows that it was begun.
 *
 * So an operation is done when an object with its name is found that says so, and it never happened when it is neither found
 * by a search, which tells of what is older than a day, nor was its key taken, which tells of what is younger.
 */

/** Within so long what was made can be searched for. */
const SEARCH_LAG_S = 2 * 60 * 60;
const PAGE = 100;
/** More of them would take longer than a call may. */
const MOST_PAGES = 10;

/** One operation of one hub, and the client to ask with. */
export type Search = {
  readonly stripe: Stripe;
  readonly hub: string;
  readonly name: OperationName;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly now: number;
};

type Found = { readonly judgement: Judgement; readonly intents: readonly Intent[]; readonly searched: boolean };

/** What became of it. `not_found` says that it was not seen; only `close` makes sure. */
export async function lookUp(search: Search): Promise<CallResult> {
  const { judgement, intents } = await find(search);
  if (judgement.outcome === 'open') return { kind: 'unknown', code: judgement.code };
  // The authorization was there, or nobody would have asked for what follows on it.
  if (judgement.outcome === 'not_found' && search.name.operation !== 'authorize' && intents.length === 0) return unseen();
  return { kind: 'done', output: judgement };
}

/** Puts another request under its key, so that it cannot be begun any more; says what became of it where it was. */
export async function closeOff(search: Search): Promise<CallResult> {
  const before = await find(search);
  if (before.judgement.outcome === 'open') return { kind: 'unknown', code: before.judgement.code };
  if (before.judgement.outcome !== 'not_found') return { kind: 'done', output: before.judgement };
  const begun = begunBy(before.intents, search);
  if (begun !== undefined) return cancelBegun(search, begun);
  if (!(await takeKey(search))) return afterwards(search);
  if (!before.searched) return { kind: 'unknown', code: 'cannot_search', detail: 'Stripe does not search for this account' };
  return { kind: 'done', output: { outcome: 'canceled' } };
}

/** The key was taken already: by the operation itself, in whatever it ended. */
async function afterwards(search: Search): Promise<CallResult> {
  const { judgement, intents } = await find(search);
  if (judgement.outcome === 'done' || judgement.outcome === 'declined') return { kind: 'done', output: judgement };
  const begun = begunBy(intents, search);
  return begun === undefined ? unseen() : cancelBegun(search, begun);
}

function unseen(): CallResult {
  return { kind: 'unknown', code: 'not_seen_yet', detail: 'It was begun, and neither the list nor the search shows it' };
}

/** The intent of an authorization that was never confirmed. */
function begunBy(intents: readonly Intent[], { name }: Search): Intent | undefined {
  return name.operation === 'authorize' ? intents.find(({ metadata }) => metadata?.['operation_id'] === name.id) : undefined;
}

/** A canceled intent can neither be confirmed nor captured, so that nothing comes of a request that is still under way. */
async function cancelBegun({ stripe, key }: Search, { id, status }: Intent): Promise<CallResult> {
  if (status !== 'canceled') {
    const canceled = await stripe.paymentIntents.cancel(id, { cancellation_reason: CLOSED }, { idempotencyKey: `${key}!close` });
    if (readObject(intentSchema, canceled).status !== 'canceled') return { kind: 'unknown', code: 'unexpected_answer' };
  }
  return { kind: 'done', output: { outcome: 'canceled' } };
}

/** False where another request came first. What takes the key is a setup intent: it is about no money. */
async function takeKey({ stripe, hub, name, key }: Search): Promise<boolean> {
  try {
    const metadata = { hub, payment: name.payment, closes: name.id };
    readObject(
      setupSchema,
      await stripe.setupIntents.create({ allowed_payment_method_types: ['card'], metadata }, { idempotencyKey: key }),
    );
    return true;
  } catch (error) {
    if (isOtherUnderKey(error)) return false;
    throw error;
  }
}

async function find(search: Search): Promise<Found> {
  const sought = await seek(search);
  const searched = sought !== undefined;
  const seen = await judge(search, sought ?? []);
  if (seen.outcome !== 'not_found') return { judgement: seen, intents: sought ?? [], searched };
  const listed = await list(search);
  const intents = [...listed, ...(sought ?? []).filter(({ id }) => !listed.some((one) => one.id === id))];
  return { judgement: await judge(search, listed), intents, searched };
}

async function judge(search: Search, intents: readonly Intent[]): Promise<Judgement> {
  const { name } = search;
  const judgements = name.operation === 'refund' ? await judgeRefunds(search, intents) : intents.map((intent) => judgeIntent(intent, name));
  return judgements.find(({ outcome }) => outcome !== 'not_found') ?? { outcome: 'not_found' };
}

/** The payment's among the last intents of the account. */
async function list({ stripe, hub, name, now }: Search): Promise<readonly Intent[]> {
  const gte = Math.floor(now / 1000) - SEARCH_LAG_S;
  const found: Intent[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await stripe.paymentIntents.list({
      limit: PAGE,
      created: { gte },
      ...(after === undefined ? {} : { starting_after: after }),
    });
    const { data, has_more } = readObject(pageSchema, answer);
    found.push(...intentsOf(data, hub, name.payment));
    after = data.at(-1)?.id;
    if (!has_more || after === undefined) break;
  }
  return found;
}

/** Those that the search finds, read anew; undefined where this account has no search. */
async function seek({ stripe, hub, name }: Search): Promise<readonly Intent[] | undefined> {
  const query = `metadata['payment']:'${name.payment}' AND metadata['hub']:'${hub}'`;
  let answer: unknown;
  try {
    answer = await stripe.paymentIntents.search({ query, limit: PAGE });
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return undefined;
    throw error;
  }
  const found = intentsOf(readObject(pageSchema, answer).data, hub, name.payment);
  const fresh: Intent[] = [];
  for (const { id } of found) fresh.push(readObject(intentSchema, await stripe.paymentIntents.retrieve(id)));
  return fresh;
}

async function judgeRefunds({ stripe, name }: Search, intents: readonly Intent[]): Promise<readonly Judgement[]> {
  const judgements: Judgement[] = [];
  for (const { id } of intents) {
    const { data } = readObject(refundPageSchema, await stripe.refunds.list({ payment_intent: id, limit: PAGE }));
    judgements.push(...data.filter(({ metadata }) => metadata?.['operation_id'] === name.id).map(judgeRefund));
  }
  return judgements;
}

/** Of the payment of this hub: another hub on the same account may have one with the same id. */
function intentsOf(data: readonly z.output<typeof pageSchema>['data'][number][], hub: string, payment: string): Intent[] {
  return data
    .filter(({ metadata }) => metadata?.['hub'] === hub && metadata['payment'] === payment)
    .map((one) => readObject(intentSchema, one));
}

/** Of the account's other intents only what they are told apart by is read. */
const pageSchema = z.object({
  data: z.array(z.looseObject({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish() })),
  has_more: z.boolean(),
});
const refundPageSchema = z.object({ data: z.array(refundSchema) });
