import { Readable } from 'node:stream';
import { z } from 'zod';
import { searchJournal } from '../../../actors/store/journal-search.ts';
import type { Below, FoundRow, Search } from '../../../actors/store/journal-search.ts';
import { Fault } from '../../../machines/fault.ts';
import { readAddress } from '../../../machines/ids.ts';
import type { Hub } from '../../hub.ts';
import { toCsvRow } from '../../protocol/csv.ts';
import { readPlaces, writePlaces } from '../places.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { isText } from './actors.ts';

/** A journal holds all that ever was, of everybody. */
const READERS = ['auditor', 'admin'] as const;

const text = (most: number) => z.string().min(1).max(most).refine(isText, 'NUL and halves of surrogate pairs are not taken');
const moment = z.iso.datetime({ offset: true }).or(z.iso.date());
const filter = {
  actor: z
    .string()
    .max(256)
    .refine((address) => readAddress(address) !== undefined, 'The address of an actor is expected, like payment/pay_1')
    .optional(),
  person: text(256).optional().describe('Who sent it: a username, `system:<source>`, `own:…` or the address of an actor'),
  event: text(64).optional().describe('The name of an event, for example APPROVE'),
  from: moment.optional(),
  to: moment.optional(),
};

const row = z.strictObject({
  address: z.string(),
  version: z.int(),
  partition: z.int(),
  seq: z.int(),
  event: z.looseObject({ type: z.string() }),
  eventId: z.string(),
  caller: z.string(),
  causation: z.string().describe('Which row caused it, where another actor did'),
  at: z.iso.datetime(),
  hash: z.string(),
});

const search = defineRoute({
  method: 'GET',
  path: '/v1/audit',
  summary: 'Search the journal of everything',
  description:
    'Goes back in time, some thousand rows with each request, whether or not any of them fits: go on with `next` until it is null. `back` says how far it has come.',
  roles: READERS,
  query: z.strictObject({ ...filter, cursor: z.string().max(4096).optional().describe('`next` of the request before') }),
  answers: {
    200: z.strictObject({ items: z.array(row), next: z.string().nullable(), looked: z.int(), back: z.iso.datetime().nullable() }),
  },
  handler: async ({ hub, query: { cursor, ...wanted } }) => {
    const below = cursor === undefined ? undefined : new Map(readPlaces(cursor));
    const { rows, looked, back, below: next } = await searchJournal(hub.store.database(), toSearch(wanted), below);
    const items = rows.map(toItem);
    return { body: { items, looked, next: writePlaces(next), back: back === undefined ? null : new Date(back).toISOString() } };
  },
});

/** Each goes through the whole journal. */
const FILES_AT_ONCE = 2;
let files = 0;

const csv = defineRoute({
  method: 'GET',
  path: '/v1/audit/csv',
  summary: 'What a search of the journal finds, all of it, as a file',
  description: 'RFC 4180 in UTF-8, with a header; in stretches from the newest back, each ordered by time.',
  roles: READERS,
  query: z.strictObject(filter),
  answers: { 200: z.unknown() },
  handler: async ({ hub, caller, query }) => {
    if (files >= FILES_AT_ONCE) throw new Fault('rate_limited', 'Others are taking the journal as a file just now; try again in a moment.');
    files++;
    hub.log.info({ by: caller.id, ...query }, 'Rows of the journal are taken as a file');
    const body = Readable.from(toCsv(hub, toSearch(query))).once('close', () => files--);
    const headers = {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="audit.csv"',
    };
    return { headers, body };
  },
});

async function* toCsv(hub: Hub, wanted: Search): AsyncGenerator<string> {
  yield toCsvRow(['at', 'address', 'version', 'event', 'caller', 'payload', 'eventId', 'causation', 'partition', 'seq', 'hash']);
  for (let below: Below | undefined; below === undefined || below.size > 0;) {
    const found = await searchJournal(hub.store.database(), wanted, below);
    for (const one of found.rows) {
      const { address, version, event, eventId, caller, causation, at, partition, seq, hash } = toItem(one);
      const { type, ...payload } = event;
      yield toCsvRow([at, address, version, type, caller, JSON.stringify(payload), eventId, causation, partition, seq, hash]);
    }
    ({ below } = found);
  }
}

function toSearch({ actor, person, event, from, to }: z.infer<z.ZodObject<typeof filter>>): Search {
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(person === undefined ? {} : { person }),
    ...(event === undefined ? {} : { event }),
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
  };
}

function toItem({ actor, version, partition, seq, event, event_id, caller, causation, at, hash }: FoundRow): z.infer<typeof row> {
  const said = event === '' ? { type: '@erased' } : (JSON.parse(event) as { type: string });
  return {
    address: actor,
    version,
    partition,
    seq,
    event: said,
    eventId: event_id,
    caller,
    causation,
    at: new Date(at).toISOString(),
    hash,
  };
}

export const auditRoutes: readonly Route[] = [search, csv];
