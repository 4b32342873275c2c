import { z } from 'zod';
import { faultOf } from '../../../actors/letters.ts';
import type { Letter } from '../../../actors/store/operations.ts';
import { keyHeader, readKey } from '../key.ts';
import { answerWithin } from '../outcomes.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { page } from '../schemas.ts';

const READERS = ['operator', 'admin', 'auditor'] as const;
const OPERATORS = ['operator', 'admin'] as const;
const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((given) => given.isWellFormed() && !given.includes('\0'), 'NUL and halves of surrogate pairs are not taken');
const why = text(500).trim().min(1);
const moment = z.iso.datetime();

const letter = z.strictObject({
  id: z.string(),
  address: z.string(),
  event: z.looseObject({ type: z.string() }),
  event_id: z.string(),
  caller: z.string(),
  reason: z.string(),
  detail: z.string(),
  at: moment,
  resolution: z.enum(['applied', 'rejected', 'discarded']).nullable().describe('Null while it is open'),
  resolved_by: z.string().nullable(),
  resolved_at: moment.nullable(),
  note: z.string().nullable().describe('Why, as the operator put it, and what the actor said'),
});

const cause = {
  type: z.string().describe('The kind of actor'),
  event: z.string(),
  reason: z.string(),
  detail: z.string(),
};

/** Letters are numbered as they are written; a page ends at a number. */
const cursor = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .optional()
  .describe('`next` of the page before');

const list = defineRoute({
  method: 'GET',
  path: '/v1/dead-letters',
  summary: 'Events that could not be applied, newest first',
  roles: READERS,
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(1000).default(100),
    cursor,
    type: text(64).optional(),
    event: text(64).optional(),
    reason: text(64).optional(),
    detail: text(64).optional(),
    address: text(256).optional(),
    open: z.enum(['0', '1']).optional().describe('`1` leaves out what has been resolved'),
  }),
  answers: { 200: page(letter) },
  handler: async ({ hub, query: { limit, cursor: after, address, open, ...wanted } }) => {
    const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const rows = await hub.store.operations.letters({
      ...filter,
      open: open === '1',
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
      ...(address === undefined ? {} : { actor: address }),
    });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { body: { items: items.map(toItem), next: rows.length > limit && last !== undefined ? String(last.n) : null } };
  },
});

const causes = defineRoute({
  method: 'GET',
  path: '/v1/dead-letters/causes',
  summary: 'What the open dead letters wait for, the most frequent first',
  roles: READERS,
  answers: { 200: z.strictObject({ items: z.array(z.strictObject({ ...cause, count: z.int(), first_at: moment, last_at: moment })) }) },
  handler: async ({ hub }) => {
    const rows = await hub.store.operations.causes(200);
    return { body: { items: rows.map((row) => ({ ...row, first_at: iso(row.first_at), last_at: iso(row.last_at) })) } };
  },
});

const replay = defineRoute({
  method: 'POST',
  path: '/v1/dead-letters/causes/replay',
  summary: 'Send again all that waits for the same reason, oldest first',
  description: 'So many at a time; `next` is the cursor of the next request, and null at the end. Asking again does nothing twice.',
  roles: OPERATORS,
  body: z.strictObject({
    type: text(64),
    event: text(64),
    reason: text(64),
    detail: text(64).default(''),
    why,
    limit: z.int().min(1).max(1000).default(200),
    cursor,
  }),
  answers: {
    200: z.strictObject({
      applied: z.int(),
      rejected: z.int(),
      open: z.int().describe('Their actors are still parked'),
      next: z.string().nullable(),
    }),
  },
  handler: async ({ hub, people, caller, body: { why: reason, limit, cursor: after, ...key } }) => {
    const named = { type: key.type, event: key.event, reason: key.reason, detail: key.detail };
    const rightsOf = (username: string) => people.callerOf(username);
    const { next, ...counts } = await hub.runtime.controls.replay(named, { operator: caller, reason }, rightsOf, limit, after);
    return { body: { ...counts, next: next === undefined ? null : String(next) } };
  },
});

const resolve = defineRoute({
  method: 'POST',
  path: '/v1/dead-letters/:id',
  summary: 'Resubmit or discard a dead letter, or send another event in its place',
  description:
    'Resubmitted it takes effect once, as who sent it and under its own id. With `event` another one takes its place: of a person’s event that is the act of the operator, who needs the right to it. A discarded one never takes effect.',
  roles: OPERATORS,
  params: z.strictObject({ id: z.string().max(64) }),
  headers: keyHeader,
  body: z.strictObject({
    action: z.enum(['resubmit', 'discard']),
    event: z.looseObject({ type: z.string().min(1).max(64) }).optional(),
    reason: why,
  }),
  answers: { 200: letter.extend({ outcome: z.enum(['applied', 'duplicate', 'rejected', 'late']) }) },
  handler: async ({ hub, people, caller, params, body, headers }) => {
    const { action, event, reason } = body;
    const key = readKey(headers['idempotency-key']);
    const order = { operator: caller, reason, ...(key === undefined ? {} : { id: key }) };
    const how = { action, ...(event === undefined ? {} : { event }) };
    const resolving = hub.runtime.controls.letter(params.id, how, order, (username) => people.callerOf(username));
    const outcome = await answerWithin(
      hub,
      resolving.then((resolved) => resolved.outcome),
    );
    if (outcome.outcome === 'parked' || outcome.outcome === 'retry') throw faultOf(outcome) ?? new Error('It was not resolved');
    const resolved = await hub.store.operations.letter(params.id);
    if (resolved === undefined) throw new Error(`The dead letter ${params.id} is gone`);
    return { body: { outcome: outcome.outcome, ...toItem(resolved) } };
  },
});

function toItem({
  id,
  actor,
  event,
  event_id,
  caller,
  reason,
  detail,
  at,
  resolution,
  resolved_by,
  resolved_at,
  note,
}: Letter): z.infer<typeof letter> {
  return {
    id,
    address: actor,
    event: JSON.parse(event) as { type: string },
    event_id,
    caller,
    reason,
    detail,
    at: iso(at),
    resolution: resolution ?? null,
    resolved_by: resolved_by ?? null,
    resolved_at: resolved_at === undefined ? null : iso(resolved_at),
    note: note ?? null,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

export const deadLetterRoutes: readonly Route[] = [list, causes, replay, resolve];
