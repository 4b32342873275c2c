import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { IMPORTS } from '../../../machines/import-rules.ts';
import { fileRead, readFile, rowsTaken, takeRows } from '../../../machines/import-terms.ts';
import type { FileRead, ReadFile, TargetField } from '../../../machines/import-terms.ts';
import type { Definition } from '../../../machines/machine.ts';
import { sendRows, tryRows } from '../../imports/rows.ts';
import type { RowWork } from '../../imports/rows.ts';
import { ImportTable } from '../../store/imports.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, IntegrationKind, Surroundings } from '../integration.ts';

/** Files whose rows make actors. Asked again for the same rows it answers the same: each row is sent under an id of its own. */
export const imports: IntegrationKind = defineIntegration({
  name: IMPORTS,
  title: 'Imports',
  provides: 'imports',
  own: true,
  honours_keys: true,
  concurrency: 2,
  timeout_ms: 120_000,
  operations: {
    read_file: { input: readFile, output: fileRead, reads: true },
    try_rows: { input: takeRows, output: rowsTaken, reads: true },
    send_rows: { input: takeRows, output: rowsTaken },
  },
  config: z.strictObject({}),
  open: (surroundings) => {
    const table = new ImportTable(surroundings.database);
    return Promise.resolve({
      perform: (call) => answer(call, surroundings, table),
      close: () => Promise.resolve(),
    });
  },
});

async function answer(call: Call, surroundings: Surroundings, table: ImportTable): Promise<CallResult> {
  try {
    if (call.operation === 'read_file') return { kind: 'done', output: await read(readFile.parse(call.input), surroundings, table) };
    const wanted = takeRows.parse(call.input);
    const work = await toWork(wanted.file, call.signal, surroundings, table);
    const output = call.operation === 'try_rows' ? await tryRows(work, wanted) : await sendRows(work, wanted);
    return output === undefined ? { kind: 'retry', code: 'unanswered' } : { kind: 'done', output };
  } catch (error) {
    if (error instanceof Fault) return { kind: 'failed', code: error.code, detail: error.message };
    surroundings.ports.log.warn({ err: error, actor: call.actor }, 'Rows of a file could not be taken; they are taken again');
    return { kind: 'retry', code: 'rows_unreadable' };
  }
}

async function read({ file, target }: ReadFile, { gate }: Surroundings, table: ImportTable): Promise<FileRead> {
  const definition = gate.definition(target);
  if (definition?.imports === undefined) throw new Fault('not_importable');
  const stored = await table.file(file);
  if (stored === undefined) throw new Fault('not_found', 'No file was sent under this id.');
  return { file: stored.found, fields: [...fieldsOf(definition)] };
}

/** What may be mapped, in the order of the input; needed is what the schema does not do without. */
export function fieldsOf({ input, imports: fields = {} }: Definition): readonly TargetField[] {
  return Object.entries(input.shape).flatMap(([field, schema]) => {
    const known = fields[field];
    if (known === undefined) return [];
    return [{ field, required: !(schema as z.ZodType).safeParse(undefined).success, as: known.as, names: [...known.names] }];
  });
}

async function toWork(file: string, signal: AbortSignal, { gate, ports }: Surroundings, table: ImportTable): Promise<RowWork> {
  const stored = await table.file(file);
  if (stored === undefined) throw new Fault('not_found', 'No file was sent under this id.');
  const { sha256, columns } = stored.found;
  return { gate, ports, signal, table, source: { columns, rows: (after) => table.rows(file, sha256, after) } };
}
