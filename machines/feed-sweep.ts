import { RECORDS } from './bound-records.ts';
import type { BoundPage, BoundRequest, GoneAnswer, GoneRequest } from './bound-records.ts';
import { GONE_AT_LEAST, SWEEP_PAGE } from './feed-terms.ts';
import type { FeedContext, Sweep } from './feed-terms.ts';
import type { EffectError, Tell } from './machine.ts';
import { must } from './must.ts';

/** How a feed finds out what was deleted in the ERP: it asks for the records that are bound, a page at a time, and twice for those that are missing. */

const MINUTE = 60_000;
const PAUSES = [15_000, MINUTE, 5 * MINUTE, 15 * MINUTE];

const BEGUN: Sweep = {
  after: '',
  page: null,
  suspects: [],
  asked: 0,
  gone: 0,
  allowed: 0,
  doubtful: false,
  tries: 0,
  resume_at: 0,
  failure: null,
};

export function sweepOf({ sweep }: FeedContext): Sweep {
  return must(sweep, 'the sweep that is under way');
}

/** Asked for by a person while one rests after a failure, it goes on now. */
export function begun({ sweep }: FeedContext): Sweep {
  return sweep === null ? BEGUN : { ...sweep, resume_at: 0 };
}

export function isDue({ sweep, swept_at, rules, backfilling }: FeedContext, at: number): boolean {
  return sweep === null && !backfilling && at - swept_at >= rules.sweep_ms;
}

/** Whether a sweep can go on now: it waits for a person, and after a failure for its time. */
export function isReady({ sweep }: FeedContext, at: number): boolean {
  return sweep !== null && !sweep.doubtful && at >= sweep.resume_at;
}

export function isPullDue({ current_at, rules }: FeedContext, at: number): boolean {
  return current_at === null || at - current_at >= rules.poll_ms;
}

export function toBound(context: FeedContext): BoundRequest {
  return { integration: RECORDS, of: context.integration, model: context.model, after: sweepOf(context).after, limit: SWEEP_PAGE };
}

export function toGone(context: FeedContext): GoneRequest {
  const { integration, model } = context;
  const ids = pageOf(context).records.map(({ external_id }) => external_id);
  return { integration, model, ids: [...new Set(ids)] };
}

export function toGoneAgain(context: FeedContext): GoneRequest {
  const { integration, model } = context;
  return { integration, model, ids: sweepOf(context).suspects };
}

export function withBound(context: FeedContext, page: BoundPage): Partial<FeedContext> {
  return { sweep: { ...sweepOf(context), page, suspects: [], failure: null } };
}

/** Only what was asked for counts. */
export function suspectsIn(context: FeedContext, { ids }: GoneAnswer): readonly string[] {
  const missing = new Set(ids);
  return toGone(context).ids.filter((id) => missing.has(id));
}

export function withSuspects(context: FeedContext, answer: GoneAnswer): Partial<FeedContext> {
  return { sweep: { ...sweepOf(context), suspects: suspectsIn(context, answer) } };
}

/** Those that were missing both times. */
function goneIn(context: FeedContext, { ids }: GoneAnswer): ReadonlySet<string> {
  const missing = new Set(ids);
  return new Set(sweepOf(context).suspects.filter((id) => missing.has(id)));
}

/** More than happens by the day: a backup was restored there, or the hub may not see it any more. */
export function isTooMuch(context: FeedContext, answer: GoneAnswer): boolean {
  const { asked, gone, allowed } = sweepOf(context);
  const [all, missing] = [asked + toGone(context).ids.length, gone + goneIn(context, answer).size];
  return missing >= GONE_AT_LEAST && missing > allowed && missing > context.rules.gone_most_share * all;
}

/** With the time of what is known of it: should it be there after all, the same record is news again. */
export function toTells(context: FeedContext, answer: GoneAnswer): readonly Tell[] {
  const gone = goneIn(context, answer);
  return pageOf(context)
    .records.filter(({ external_id }) => gone.has(external_id))
    .map(({ binding, external_id, at }) => ({ to: binding, event: { type: 'THEIRS', record: { external_id, at, gone: true } } }));
}

/** The page is done with, and where it was the last one the sweep too. */
export function withoutPage(context: FeedContext, answer: GoneAnswer, at: number): Partial<FeedContext> {
  const sweep = sweepOf(context);
  const { after, more } = pageOf(context);
  const swept = { asked: sweep.asked + toGone(context).ids.length, gone: sweep.gone + goneIn(context, answer).size };
  if (!more) return { sweep: null, swept_at: at, swept };
  return { sweep: { ...sweep, ...swept, after, page: null, suspects: [], tries: 0, failure: null } };
}

/** The page is read and asked for anew when the person has answered: what is gone now may be there by then. */
export function withDoubt(context: FeedContext, answer: GoneAnswer): Partial<FeedContext> {
  const sweep = sweepOf(context);
  const allowed = 2 * (sweep.gone + goneIn(context, answer).size);
  return { sweep: { ...sweep, page: null, suspects: [], allowed, doubtful: true } };
}

export function withConfirmation(context: FeedContext): Partial<FeedContext> {
  return { sweep: { ...sweepOf(context), doubtful: false } };
}

export function withoutSweep({ sweep }: FeedContext, at: number): Partial<FeedContext> {
  return { sweep: null, swept_at: at, swept: sweep === null ? null : { asked: sweep.asked, gone: sweep.gone } };
}

/** Whatever was not answered says nothing of any record. */
export function withFailure(context: FeedContext, { code, detail }: EffectError, at: number): Partial<FeedContext> {
  const sweep = sweepOf(context);
  const resume_at = at + (PAUSES[Math.min(sweep.tries, PAUSES.length - 1)] ?? MINUTE);
  return {
    sweep: { ...sweep, page: null, suspects: [], tries: sweep.tries + 1, resume_at, failure: { code, detail: detail ?? null, at } },
  };
}

function pageOf(context: FeedContext): BoundPage {
  return must(sweepOf(context).page, 'the page that is asked for');
}
