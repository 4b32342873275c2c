import { z } from 'zod';
import type { BoundPage } from './bound-records.ts';
import { model } from './erp.ts';
import type { ErpCursor, Model, PullAnswer } from './erp.ts';
import type { Birth, EffectError, Stamp } from './machine.ts';
import { idField } from './text.ts';

/** What a feed is made of: its input, its events, its context and the facts that it makes known. */

/** Records of one page: each is told to its binding by the step that takes the page. */
export const PAGE = 50;
/** Records of the newest pages that are recognized when they are read once more. */
export const MOST_SEEN = 200;

const milliseconds = z.int().min(1).max(86_400_000);

/** Records of one page of a sweep: they are asked for by their names alone. */
export const SWEEP_PAGE = 100;
/** So few that are gone cast no doubt on the ERP. */
export const GONE_AT_LEAST = 20;

export const feedInput = z.strictObject({ integration: idField, model });

export const feedSettings = z.strictObject({
  /** How often it asks for what has changed, while nothing has. */
  poll_ms: milliseconds.default(15_000),
  /** How long it rests between two pages, so that others are not kept waiting for the ERP. */
  breath_ms: milliseconds.default(200),
  /** It is stalled when it has not come to the end of what has changed for so long. */
  stalled_ms: milliseconds.default(300_000),
  /** How often it looks for what was deleted there, of which an ERP tells nothing. */
  sweep_ms: milliseconds.default(86_400_000),
  /** Where more than this share of what it asked for is gone, it asks a person before it tells. */
  gone_most_share: z.number().min(0).max(1).default(0.1),
});

export const feedEvents = {
  /** Asks now. */
  PULL: z.strictObject({}),
  /** Reads everything once more, from the first record on. */
  BACKFILL: z.strictObject({}),
  PAUSE: z.strictObject({}),
  RESUME: z.strictObject({}),
  /** Looks now for what was deleted there. */
  SWEEP: z.strictObject({}),
  /** That so much was deleted there is so: it is asked once more, and told. */
  CONFIRM_GONE: z.strictObject({}),
  /** What seems to be gone is not told, and the sweep ends. */
  DROP: z.strictObject({}),
};

export const feedInternal = {
  'tell.refused': z.strictObject({
    to: z.string(),
    event: z.string(),
    reason: z.string(),
    sent: z.record(z.string(), z.unknown()).optional(),
  }),
};

const fact = z.strictObject({ integration: z.string(), model: z.string(), reason: z.string().nullable() });

export const feedFacts = { 'feed.stalled': fact, 'feed.current': fact, 'feed.doubtful': fact };

export type FeedFactName = keyof typeof feedFacts;
export type FeedFact = z.infer<typeof fact> & { type: FeedFactName };
export type Refused = z.infer<(typeof feedInternal)['tell.refused']> & Stamp;
type Asked = { type: keyof typeof feedEvents } & Stamp;
export type FeedEvent = Asked | ({ type: 'tell.refused' } & Refused);
export type FeedRules = z.infer<typeof feedSettings>;
export type FeedBirth = z.infer<typeof feedInput> & Birth<FeedRules>;
export type Page = PullAnswer;
export type Failure = Pick<EffectError, 'code'> & { readonly detail: string | null; readonly at: number };

/** How far a sweep has come. Which records there are is known by their bindings; it holds one page of them at a time. */
export type Sweep = {
  /** The binding that it has come to; empty at the beginning. */
  readonly after: string;
  readonly page: BoundPage | null;
  /** Those of the page that were gone when they were first asked for. */
  readonly suspects: readonly string[];
  readonly asked: number;
  readonly gone: number;
  /** So many may be gone before a person is asked, where one has said so. */
  readonly allowed: number;
  readonly doubtful: boolean;
  readonly tries: number;
  /** After a try that failed it rests until then. */
  readonly resume_at: number;
  readonly failure: Failure | null;
};

export type FeedContext = {
  id: string;
  integration: string;
  model: Model;
  rules: FeedRules;
  /** Up to where it has read. */
  cursor: ErpCursor | null;
  /** It reads everything, and has not come to the end yet. */
  backfilling: boolean;
  /** What it has told of last, each as a mark of all that the record said: an ERP may change one twice within what its clock tells apart. */
  seen: readonly string[];
  /** Records told of so far, and those that could not be read in the hub's terms. */
  told: number;
  unreadable: number;
  /** When it last came to the end of what had changed, in epoch milliseconds. */
  current_at: number | null;
  failure: Failure | null;
  /** Tries that failed since the last one that did not. */
  tries: number;
  /** The sweep that is under way, or asks a person. */
  sweep: Sweep | null;
  /** When the last sweep came to its end, and what it found; of a feed that has had none, when it was made. */
  swept_at: number;
  swept: { readonly asked: number; readonly gone: number } | null;
};
