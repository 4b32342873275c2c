import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Caller } from '../../../actors/caller.ts';
import type { Timers } from '../../../actors/ports/ports.ts';
import type { ListQuery, ListRow } from '../../../actors/store/store.ts';
import { Fault } from '../../../machines/fault.ts';
import type { Audience, Definition } from '../../../machines/machine.ts';
import { isCurrency, isMinorAmount, toDecimal } from '../../../machines/money.ts';
import type { Hub } from '../../hub.ts';
import type { ListItem } from '../../protocol/messages.ts';
import { toListItem, toView, viewFor } from '../../view.ts';
import { toCsvRow } from '../../protocol/csv.ts';
import { addressOf, definitionOf, scopeOf, seeActor } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { actorView, listItem } from '../schemas.ts';
import { listFilter, readSort, SORTS, toFilter, toSubject } from './actors.ts';

/* Lists as screens need them: any stretch of a long one, what may be done to many at once, and all of one as a file. */

const ofType = z.strictObject({ type: z.string().max(256) });

const rows = defineRoute({
  method: 'GET',
  path: '/v1/lists/:type/rows',
  summary: 'A stretch of a list, from any place on',
  description:
    'For screens that show a long list and let somebody jump in it: rows move while he looks, so the same row may come in two stretches. To read all of a list, page through `GET /v1/actors/:type` or take the CSV.',
  params: ofType,
  query: z.strictObject({
    ...listFilter,
    sort: z.enum(SORTS).default('-updatedAt'),
    offset: z.coerce.number().int().min(0).max(10_000_000).default(0).describe('How many rows stand before it'),
    limit: z.coerce.number().int().min(1).max(200).default(100),
  }),
  answers: { 200: z.strictObject({ items: z.array(listItem) }) },
  handler: async ({ hub, caller, params, query }) => {
    const definition = definitionOf(hub, params.type);
    const { audience, ...scope } = scopeOf(definition, caller);
    const { offset, limit } = query;
    const found = await hub.store.list({ type: params.type, ...toFilter(query, scope), ...readSort(query.sort), offset, limit });
    return { body: { items: await toItems(hub, definition, audience, caller, found) } };
  },
});

const MOST_AT_ONCE = 200;

const views = defineRoute({
  method: 'POST',
  path: '/v1/lists/:type/views',
  summary: 'Many actors of a kind, each with what the caller may send it now',
  description: 'What is not there, or may not be seen, is left out.',
  params: ofType,
  body: z.strictObject({ ids: z.array(z.string().max(256)).min(1).max(MOST_AT_ONCE) }),
  answers: { 200: z.strictObject({ items: z.array(actorView) }) },
  handler: async ({ hub, caller, params, body }) => {
    const definition = definitionOf(hub, params.type);
    scopeOf(definition, caller);
    const now = hub.ports.clock.now();
    const items = [];
    for (const id of new Set(body.ids)) {
      const { address } = addressOf(hub, { type: params.type, id });
      const seen = await seeActor(hub, definition, address, caller).catch((error: unknown) => {
        if (error instanceof Fault) return undefined;
        throw error;
      });
      if (seen !== undefined) items.push(toView(seen.subject, seen.audience, caller, now));
    }
    return { body: { items } };
  },
});

/** Each holds a page in memory and asks the database without a pause. */
const FILES_AT_ONCE = 4;
/** Whoever takes nothing of his file for so long gives his place up. */
const IDLE_MS = 30_000;
/** Who is taking one. */
const files = new Set<string>();

const csv = defineRoute({
  method: 'GET',
  path: '/v1/lists/:type/csv',
  summary: 'All that a filter selects, as a file of comma-separated values',
  description:
    'RFC 4180 in UTF-8, with a header; ordered by address, so that each actor is in it once, whatever changes meanwhile. Amounts stand in minor units and again as decimals. A text that a spreadsheet would take for a formula begins with an apostrophe.',
  params: ofType,
  query: z.strictObject(listFilter),
  answers: { 200: z.unknown() },
  handler: async ({ hub, people, caller, params, query }) => {
    const definition = definitionOf(hub, params.type);
    const { audience, ...scope } = scopeOf(definition, caller);
    if (files.has(caller.id)) throw new Fault('rate_limited', 'You are taking a list as a file already; try again when it is done.');
    if (files.size >= FILES_AT_ONCE) throw new Fault('rate_limited', 'Others are taking lists as files just now; try again in a moment.');
    files.add(caller.id);
    const filter = { type: params.type, ...toFilter(query, scope) };
    const lines = toCsv({ hub, definition, audience, caller, filter, mayStill: () => people.hasStill(caller) });
    const text = toPatientStream(lines, hub.ports.timers).once('close', () => files.delete(caller.id));
    const name = `${params.type}-${new Date(hub.ports.clock.now()).toISOString().slice(0, 10)}.csv`;
    const headers = { 'content-type': 'text/csv; charset=utf-8; header=present', 'content-disposition': `attachment; filename="${name}"` };
    return { headers, body: text };
  },
});

const CSV_PAGE = 500;
type Selection = Pick<ListQuery, 'type' | 'state' | 'tag' | 'text' | 'client' | 'agent'>;

type File = {
  readonly hub: Hub;
  readonly definition: Definition;
  readonly audience: Audience;
  readonly caller: Caller;
  readonly filter: Selection;
  /** Asked before every page. */
  readonly mayStill: () => Promise<boolean>;
};

/** It breaks off for whoever takes nothing of it for too long. */
function toPatientStream(lines: AsyncGenerator<string>, timers: Timers): Readable {
  async function* watched(): AsyncGenerator<string> {
    for await (const line of lines) {
      const cancel = timers.after(IDLE_MS, () => stream.destroy(new Error('Nobody takes this file')));
      try {
        yield line;
      } finally {
        cancel();
      }
    }
  }
  const stream = Readable.from(watched());
  return stream;
}

async function* toCsv({ hub, definition, audience, caller, filter, mayStill }: File): AsyncGenerator<string> {
  let fields: readonly string[] | undefined;
  for (let after: ListQuery['after']; ;) {
    // A file that ends in the middle is better than one that shows what its reader may not see any more.
    if (!(await mayStill())) throw new Error('The rights of whoever takes this file have changed');
    const query = { ...filter, sort: 'address', descending: false, limit: CSV_PAGE } as const;
    const found = await hub.store.list(after === undefined ? query : { ...query, after });
    const items = await toItems(hub, definition, audience, caller, found);
    if (fields === undefined) {
      fields = [...new Set(items.flatMap(({ context }) => Object.keys(context)))];
      yield toCsvRow([...OWN, ...fields.flatMap(columnsOf), 'other']);
    }
    for (const item of items) yield toCsvRow(toCells(item, fields));
    const last = found.at(-1);
    if (found.length < CSV_PAGE || last === undefined) return;
    after = { value: last.address, address: last.address };
  }
}

/** The context has an `id` too; it is the same. */
const OWN = ['address', 'version', 'state', 'tags', 'title', 'summary', 'updatedAt'];

/** `amount_minor` is followed by `amount`, the same as a decimal. */
function columnsOf(field: string): readonly string[] {
  return field.endsWith('_minor') ? [field, field.slice(0, -'_minor'.length)] : [field];
}

function toCells({ address, version, state, tags, title, summary, updatedAt, context }: ListItem, fields: readonly string[]) {
  const { currency } = context;
  // Fields that no actor of the first page has are not lost.
  const rest = Object.entries(context).filter(([name]) => !fields.includes(name));
  return [
    ...[address, version, state.join(' '), tags.join(' '), title, summary, updatedAt],
    ...fields.flatMap((field) => {
      const value = toPlain(context[field]);
      if (!field.endsWith('_minor')) return [value];
      const decimal = isMinorAmount(value) && typeof currency === 'string' && isCurrency(currency);
      return [value, decimal ? toDecimal({ amount_minor: value, currency }) : ''];
    }),
    rest.length === 0 ? '' : JSON.stringify(Object.fromEntries(rest)),
  ];
}

function toPlain(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value);
}

async function toItems(
  hub: Hub,
  definition: Definition,
  audience: Audience,
  caller: Caller,
  found: readonly ListRow[],
): Promise<readonly ListItem[]> {
  const subjects = await Promise.all(found.map((row) => toSubject(hub, definition, row)));
  return subjects
    .filter((subject) => subject !== undefined)
    .filter((subject) => viewFor(subject, caller) !== undefined)
    .map((subject) => toListItem(subject, audience));
}

export const listRoutes: readonly Route[] = [rows, views, csv];
