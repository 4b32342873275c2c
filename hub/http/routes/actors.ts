import { createHash } from 'node:crypto';
import { z } from 'zod';
import { idFromKey } from '../../../actors/id-from-key.ts';
import { toLive } from '../../../actors/step.ts';
import type { ListQuery, ListRow } from '../../../actors/store/store.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId, toAddress } from '../../../machines/ids.ts';
import type { Definition } from '../../../machines/machine.ts';
import { isUsername } from '../../auth/names.ts';
import type { Hub } from '../../hub.ts';
import { within } from '../../socket/list-filter.ts';
import type { Scope } from '../../socket/list-filter.ts';
import { toListItem, toView, viewFor } from '../../view.ts';
import type { Subject } from '../../view.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { keyHeader, readKey } from '../key.ts';
import { conclude } from '../outcomes.ts';
import { addressOf, definitionOf, mustSee, readSubjectAt, scopeOf, seeActor, unlessUnreadable } from '../reading.ts';
import type { Moment } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { actorView, applied, created, listItem, page } from '../schemas.ts';

const ofType = z.strictObject({ type: z.string().max(256).describe('The kind of actor, for example payment') });
const ofActor = ofType.extend({ id: z.string().max(256).describe('1 to 64 of A-Z a-z 0-9 _ -') });

const create = defineRoute({
  method: 'POST',
  path: '/v1/actors/:type',
  summary: 'Create an actor',
  description: 'Needs the header Idempotency-Key; the same key brings the same answer again. Without `id` the hub makes one from the key.',
  params: ofType,
  headers: keyHeader,
  body: z.strictObject({ id: z.string().max(256).optional(), input: z.record(z.string(), z.unknown()) }),
  answers: { 201: created },
  handler: async ({ hub, caller, params, body, headers, traceparent }) => {
    const definition = definitionOf(hub, params.type);
    const key = readKey(headers['idempotency-key']);
    if (key === undefined) throw new Fault('key_required');
    const { id = idFromKey(params.type.slice(0, 3), hub.hub_id, caller.id, key), input } = body;
    if (!isId(id)) throw new Fault('bad_id');
    const address = toAddress(params.type, id);
    const creation = { key, body_hash: hashOf(body) };
    const command = hub.runtime.command({
      address,
      type: '@create',
      payload: input,
      caller,
      ...tokenOf(headers),
      id: key,
      creation,
      traceparent,
    });
    const { version, view } = await conclude({ hub, caller, definition, address }, command);
    return { status: 201, headers: { location: `/v1/actors/${address}`, etag: `"${version}"` }, body: { address, version, view } };
  },
});

const send = defineRoute({
  method: 'POST',
  path: '/v1/actors/:type/:id/events',
  summary: 'Send an actor an event',
  description:
    'The payload stands beside `type`. Its id is the Idempotency-Key or else `id`; without either a retry may do the thing twice.',
  params: ofActor,
  headers: keyHeader,
  body: z.looseObject({ type: z.string().min(1).max(64), id: z.string().optional(), ifVersion: z.int().min(0).optional() }),
  answers: { 200: applied },
  handler: async ({ hub, caller, params, body, headers, traceparent }) => {
    const { definition, address } = addressOf(hub, params);
    const { type, id, ifVersion, ...payload } = body;
    if (type.startsWith('@')) throw new Fault('unknown_event', 'An actor is created by POST /v1/actors/<type>.');
    const key = readKey(headers['idempotency-key'] ?? id);
    const named = { ...(key === undefined ? {} : { id: key }), ...(ifVersion === undefined ? {} : { ifVersion }) };
    const command = hub.runtime.command({ address, type, payload, caller, ...tokenOf(headers), ...named, traceparent });
    return { body: await conclude({ hub, caller, definition, address }, command) };
  },
});

const get = defineRoute({
  method: 'GET',
  path: '/v1/actors/:type/:id',
  summary: 'One actor, now or as it was',
  params: ofActor,
  query: z.strictObject({ at: z.string().min(1).max(40).optional().describe('A version or a time (ISO 8601)') }),
  headers: z.object({ 'if-none-match': z.string().optional() }),
  answers: { 200: actorView, 304: z.undefined() },
  handler: async ({ hub, caller, params, query, headers }) => {
    const { definition, address } = addressOf(hub, params);
    const now = hub.ports.clock.now();
    const current = await seeActor(hub, definition, address, caller);
    if (query.at !== undefined) {
      const { subject, audience } = mustSee(await readSubjectAt(hub, definition, address, readMoment(query.at)), caller);
      return { body: { ...toView(subject, audience, caller, now), can: [] } };
    }
    const etag = `"${current.subject.envelope.version}"`;
    const known = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    if (known?.includes(etag) === true) return { status: 304, headers: { etag } };
    return { headers: { etag }, body: toView(current.subject, current.audience, caller, now) };
  },
});

/** What every list of actors is narrowed by. */
export const listFilter = {
  state: z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9_.-]+$/)
    .optional()
    .describe('A state, or the beginning of a path of states'),
  tag: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_.-]+$/)
    .optional(),
  client: z.string().refine(isId, 'The id of a client is expected').optional().describe('Only those of this client'),
  agent: z.string().refine(isUsername, 'The name of a person is expected').optional().describe('Only those of this agent'),
  q: z.string().max(200).refine(isText, 'NUL and halves of surrogate pairs are not taken').optional().describe('Words that it is found by'),
};
export const SORTS = ['updatedAt', '-updatedAt', 'createdAt', '-createdAt', 'title', '-title'] as const;

const list = defineRoute({
  method: 'GET',
  path: '/v1/actors/:type',
  summary: 'A list of actors',
  params: ofType,
  query: z.strictObject({
    ...listFilter,
    sort: z.enum(SORTS).default('-updatedAt'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
    cursor: z.string().min(1).max(1024).optional().describe('`next` of the page before'),
  }),
  answers: { 200: page(listItem) },
  handler: async ({ hub, caller, params, query }) => {
    const definition = definitionOf(hub, params.type);
    const { audience, ...scope } = scopeOf(definition, caller);
    const { sort: order, limit, cursor } = query;
    const { sort, descending } = readSort(order);
    const after = cursor === undefined ? {} : { after: readCursor(cursor, order) };
    const rows = await hub.store.list({ type: params.type, ...toFilter(query, scope), sort, descending, limit: limit + 1, ...after });
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const next =
      rows.length > limit && last !== undefined ? writeCursor(order, { value: valueOf(last, sort), address: last.address }) : null;
    const found = await Promise.all(shown.map((row) => toSubject(hub, definition, row)));
    const subjects = found.filter((subject) => subject !== undefined).filter((subject) => viewFor(subject, caller) !== undefined);
    return { body: { items: subjects.map((subject) => toListItem(subject, audience)), next } };
  },
});

export type Filter = Readonly<Partial<Record<'state' | 'tag' | 'q' | 'client' | 'agent', string | undefined>>>;

/** The filter as the store takes it, within the rows that the caller may see. */
export function toFilter(
  { state, tag, q, client, agent }: Filter,
  scope: Scope,
): Pick<ListQuery, 'state' | 'tag' | 'text' | 'client' | 'agent'> {
  return {
    ...within({ client, agent }, scope),
    ...(state === undefined ? {} : { state }),
    ...(tag === undefined ? {} : { tag }),
    ...(q === undefined ? {} : { text: q }),
  };
}

export function readSort(order: (typeof SORTS)[number]): {
  readonly sort: 'updatedAt' | 'createdAt' | 'title';
  readonly descending: boolean;
} {
  return { sort: order.replace('-', '') as 'updatedAt' | 'createdAt' | 'title', descending: order.startsWith('-') };
}

/** A live actor of the same version need not be read from its text. One that this release cannot read keeps nobody else from being listed. */
export function toSubject(hub: Hub, definition: Definition, { address, version, envelope }: ListRow): Promise<Subject | undefined> {
  const live = hub.runtime.lanes.peek(address)?.envelope;
  return unlessUnreadable(() => ({ address, definition, envelope: live?.version === version ? live : toLive(definition, envelope) }));
}

function valueOf(row: ListRow, sort: 'updatedAt' | 'createdAt' | 'title'): string {
  switch (sort) {
    case 'updatedAt':
      return String(row.updated_at);
    case 'createdAt':
      return String(row.created_at);
    case 'title':
      return row.title;
  }
}

/** Another node that owns the actor asks the token again. */
export function tokenOf(headers: Readonly<Record<string, string | undefined>>): { token?: string } {
  const token = headers.authorization?.replace(/^Bearer /i, '');
  return token === undefined ? {} : { token };
}

/** A version or a time, whichever it looks like. */
function readMoment(text: string): Moment {
  if (/^\d{1,9}$/.test(text)) return { version: Number(text) };
  const at = z.iso.datetime({ offset: true }).or(z.iso.date()).safeParse(text);
  if (!at.success) throw new Fault('invalid', '`at` is a version, or a time like 2026-01-31T12:00:00Z.');
  return { at: Date.parse(text) };
}

export function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** The same for the same body, however its keys are ordered. */
function hashOf(body: unknown): string {
  const sorted = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(sorted);
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, below]) => [key, sorted(below)]),
    );
  };
  return createHash('sha256')
    .update(JSON.stringify(sorted(body)))
    .digest('hex');
}

export const actorRoutes: readonly Route[] = [create, send, list, get];
