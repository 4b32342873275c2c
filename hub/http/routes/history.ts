import { z } from 'zod';
import type { Asked, Posting, StoredEnvelope } from '../../../actors/envelope.ts';
import { toStates } from '../../../actors/envelope.ts';
import type { HistoryRow } from '../../../actors/store/store.ts';
import { PERSON_ROLES } from '../../auth/names.ts';
import { addressOf, mustKnow } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { historyItem, page } from '../schemas.ts';

const LAST = 2_147_483_647;
const version = z.coerce.number().int().min(1).max(LAST);

const history = defineRoute({
  method: 'GET',
  path: '/v1/actors/:type/:id/history',
  summary: "An actor's journal, newest first",
  description: 'For people of HQ: a journal holds all that ever was, also what a customer may not see.',
  roles: PERSON_ROLES.filter((role) => role !== 'customer' && role !== 'agent'),
  params: z.strictObject({ type: z.string().max(256), id: z.string().max(256) }),
  query: z.strictObject({
    from: version.default(1),
    to: version.default(LAST),
    limit: z.coerce.number().int().min(1).max(200).default(100),
    cursor: version.optional().describe('`next` of the page before'),
  }),
  answers: { 200: page(historyItem) },
  handler: async ({ hub, caller, params, query }) => {
    const { definition, address } = addressOf(hub, params);
    await mustKnow(hub, definition, address, caller);
    const { from, limit } = query;
    const to = Math.min(query.to, query.cursor ?? LAST);
    // One row more than is shown: what the oldest of them changed shows against the one before it.
    const rows = await hub.store.history(address, Math.max(1, from - 1), to, limit + 1);
    const shown = rows.slice(0, limit).filter((row) => row.version >= from);
    const last = shown.at(-1);
    const next = shown.length === limit && last !== undefined && last.version > from ? String(last.version - 1) : null;
    return { body: { items: shown.map((row, index) => toItem(row, rows[index + 1])), next } };
  },
});

const NOTHING: Asked = { sends: [], events: [] };

function toItem(row: HistoryRow, before: HistoryRow | undefined) {
  const was = before?.version === row.version - 1 ? readEnvelope(before)?.snapshot : undefined;
  const envelope = readEnvelope(row);
  const is = envelope?.snapshot;
  return {
    version: row.version,
    event: row.event === '' ? { type: '@erased' } : (JSON.parse(row.event) as { type: string }),
    caller: row.caller,
    at: new Date(row.at).toISOString(),
    from: toStates(was?.value),
    to: toStates(is?.value),
    changed: changedBetween(was?.context ?? {}, is?.context ?? {}),
    hash: row.hash,
    cause: causeOf(row),
    asked: toAsked(row, envelope),
  };
}

/** Undefined where somebody has erased the row's contents from the archive. */
function readEnvelope({ envelope }: HistoryRow): StoredEnvelope | undefined {
  return envelope === '' ? undefined : (JSON.parse(envelope) as StoredEnvelope);
}

/** What came back from an effect has its cause in its id: `own:<address>@<version>#<n>`. */
function causeOf({ causation, event_id }: HistoryRow): string {
  return causation === '' ? (/^own:([^#]+\/[^#]+@\d+)#/.exec(event_id)?.[1] ?? '') : causation;
}

/** What is new in the envelope was asked for by the row that made it. */
function toAsked({ asked, version }: HistoryRow, envelope: StoredEnvelope | undefined) {
  const { sends, events, postings = [] } = asked === '' ? NOTHING : (JSON.parse(asked) as Asked);
  const { effects = {}, timers = {} } = envelope ?? {};
  return {
    effects: Object.entries(effects).flatMap(([id, { src, v }]) => (v === version ? [{ id, src }] : [])),
    timers: Object.entries(timers).flatMap(([id, { due, v }]) => (v === version ? [{ id, due: new Date(due).toISOString() }] : [])),
    sends: sends.map(({ to, event }) => ({ to, event: event.type })),
    events: events.map(({ type }) => type),
    legs: postings.flatMap(toLegs),
  };
}

function toLegs({ legs, kind = 'posted', effective }: Posting) {
  const counts = effective === undefined ? null : new Date(effective).toISOString();
  return legs.map(({ account, amount_minor, currency, pending = false }) => ({
    account,
    amount_minor,
    currency,
    pending,
    kind,
    effective: counts,
  }));
}

function changedBetween(was: Readonly<Record<string, unknown>>, is: Readonly<Record<string, unknown>>): string[] {
  const fields = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...fields].filter((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]));
}

export const historyRoutes: readonly Route[] = [history];
