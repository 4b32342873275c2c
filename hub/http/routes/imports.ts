import { Readable } from 'node:stream';
import { z } from 'zod';
import { idFromKey } from '../../../actors/id-from-key.ts';
import { receiveFile } from '../../../actors/imports/receive.ts';
import { fieldsOf } from '../../../actors/integrations/imports/imports.ts';
import { ImportTable } from '../../../actors/store/imports.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId, toAddress } from '../../../machines/ids.ts';
import { importInput } from '../../../machines/import-terms.ts';
import { DELIMITERS, ENCODINGS } from '../../../machines/import-words.ts';
import type { FileFound, ImportContext } from '../../../machines/import-terms.ts';
import type { Caller } from '../../../actors/caller.ts';
import type { Hub } from '../../hub.ts';
import { toCsvRow } from '../../protocol/csv.ts';
import { keyHeader, readKey } from '../key.ts';
import { conclude } from '../outcomes.ts';
import { addressOf, definitionOf, seeActor } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { created } from '../schemas.ts';
import { tokenOf } from './actors.ts';

const TYPE = 'import';
const ofImport = z.strictObject({ id: z.string().max(256).refine(isId, '1 to 64 of A-Z a-z 0-9 _ -') });

const targets = defineRoute({
  method: 'GET',
  path: '/v1/imports/targets',
  summary: 'What can be made from files, and from which fields',
  answers: { 200: z.strictObject({ items: z.array(z.strictObject({ type: z.string(), fields: z.array(z.string()) })) }) },
  handler: ({ hub }) => {
    const takers = [...hub.runtime.definitions.values()].filter(({ imports }) => imports !== undefined);
    const items = takers.map((definition) => ({ type: definition.type, fields: fieldsOf(definition).map(({ field }) => field) }));
    return Promise.resolve({ body: { items } });
  },
});

const upload = defineRoute({
  method: 'POST',
  path: '/v1/imports',
  summary: 'Send a file whose rows are to make actors',
  description:
    'The body is the file itself: CSV, or XLSX whose first sheet counts, with one row of headings; up to 50 MiB, 200,000 rows and 100 columns. Needs the header Idempotency-Key; the same key with the same file brings the same import again. Nothing is made yet. A cell that looks like a card number is not kept.',
  roles: ['clerk'],
  query: z.strictObject({
    type: importInput.shape.target.describe('The kind of actor that a row makes, for example client'),
    name: importInput.shape.name.describe('What the file is called'),
    encoding: z.enum(ENCODINGS).optional().describe('Of a CSV; found out without it'),
    delimiter: z.enum(DELIMITERS).optional().describe('Of a CSV; found out without it'),
  }),
  headers: keyHeader,
  body: 'file',
  answers: { 201: created },
  handler: async ({ hub, caller, query, headers, body, traceparent }) => {
    const { type, name, encoding, delimiter } = query;
    if (definitionOf(hub, type).imports === undefined) throw new Fault('not_importable');
    const key = readKey(headers['idempotency-key']);
    if (key === undefined) throw new Fault('key_required');
    const id = idFromKey('import', hub.hub_id, caller.id, key);
    await receiveFile(new ImportTable(hub.store.database()), {
      ...{ id, person: caller.id, bytes: body, encoding, delimiter, at: hub.ports.clock.now() },
    });
    const address = toAddress(TYPE, id);
    const payload = { name, target: type };
    const command = hub.runtime.command({ address, type: '@create', payload, caller, ...tokenOf(headers), id: key, traceparent });
    const { version, view } = await conclude({ hub, caller, definition: definitionOf(hub, TYPE), address }, command);
    return { status: 201, headers: { location: `/v1/actors/${address}` }, body: { address, version, view } };
  },
});

const reason = z.strictObject({ column: z.string().nullable(), code: z.string(), detail: z.string() });

const rows = defineRoute({
  method: 'GET',
  path: '/v1/imports/:id/rows',
  summary: 'Rows of a file: as they came, or those that could not be taken and why',
  params: ofImport,
  query: z.strictObject({
    status: z.enum(['all', 'bad']).default('bad').describe('`bad`: of the newest preview or run'),
    after: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe('The number of the last row that is known'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  answers: {
    200: z.strictObject({
      items: z.array(
        z.strictObject({
          row: z.int().describe('Its number in the file; the headings are a row too'),
          values: z.array(z.string().nullable()).optional().describe('Null: looked like a card number and was not kept'),
          reasons: z.array(reason).optional(),
        }),
      ),
      next: z.int().nullable().describe('`after` of the next page'),
    }),
  },
  handler: async ({ hub, caller, params, query }) => {
    const { table, pass, found } = await openImport(hub, caller, params.id);
    const { status, after, limit } = query;
    const items: { row: number }[] = [];
    if (status === 'bad') items.push(...(await table.bad(params.id, pass, after, limit + 1)));
    else
      for await (const row of table.rows(params.id, found.sha256, after)) {
        if (items.push(row) > limit) break;
      }
    const page = items.slice(0, limit);
    return { body: { items: page, next: items.length > limit ? (page.at(-1)?.row ?? null) : null } };
  },
});

const badCsv = defineRoute({
  method: 'GET',
  path: '/v1/imports/:id/bad.csv',
  summary: 'The rows that could not be taken, and why, as CSV',
  description: 'Each with its number, its reasons and its cells, so that it can be mended and sent again.',
  params: ofImport,
  answers: { 200: z.unknown() },
  handler: async ({ hub, caller, params }) => {
    const open = await openImport(hub, caller, params.id);
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${params.id}-bad.csv"`,
    };
    return { headers, body: Readable.from(badRows(params.id, open)) };
  },
});

type OpenImport = { readonly table: ImportTable; readonly pass: number; readonly found: FileFound };

/** Throws the fault `not_found` also where there is no file. */
async function openImport(hub: Hub, caller: Caller, id: string): Promise<OpenImport> {
  const { definition, address } = addressOf(hub, { type: TYPE, id });
  const { subject } = await seeActor(hub, definition, address, caller);
  const table = new ImportTable(hub.store.database());
  const stored = await table.file(id);
  if (stored === undefined) throw new Fault('not_found');
  const { pass } = subject.envelope.snapshot.context as unknown as ImportContext;
  return { table, pass, found: stored.found };
}

const PAGE = 200;

async function* badRows(id: string, { table, pass, found }: OpenImport): AsyncGenerator<string> {
  yield `\u{feff}${toCsvRow(['Row', 'Reasons', ...found.columns])}`;
  const source = table.rows(id, found.sha256, 0);
  for (let after = 0; ;) {
    const page = await table.bad(id, pass, after, PAGE);
    for (const { row, reasons } of page) {
      let values: readonly (string | null)[] = [];
      for (let next = await source.next(); next.done !== true; next = await source.next()) {
        if (next.value.row < row) continue;
        ({ values } = next.value);
        break;
      }
      const why = reasons.map(({ column, detail }) => (column === null ? detail : `${column}: ${detail}`)).join('; ');
      yield toCsvRow([row, why, ...values]);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.row;
  }
}

export const importRoutes: readonly Route[] = [targets, upload, rows, badCsv];
