import { sendRows, tryRows } from '../../actors/imports/rows.ts';
import type { RowWork } from '../../actors/imports/rows.ts';
import { fieldsOf } from '../../actors/integrations/imports/imports.ts';
import type { Gate, Integration } from '../../actors/integrations/integration.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import type { MemoryDatabase } from '../../actors/store/memory-database.ts';
import type { FileRow } from '../../actors/store/imports.ts';
import type { FileFound } from '../../machines/import-terms.ts';
import { takeRows } from '../../machines/import-terms.ts';
import { must } from '../../machines/must.ts';

/** The one file that every story about imports has. */
export const FOUND: FileFound = {
  ...{ sha256: 'ab'.repeat(32), bytes: 100, format: 'csv', encoding: 'utf-8', delimiter: ',' },
  ...{ rows: 3, columns: ['Name', 'Country', 'Email'] },
};
export const ROWS: readonly FileRow[] = [
  { row: 2, values: ['One', 'DE', 'one@example.org'] },
  { row: 3, values: ['', 'DE', 'none@example.org'] },
  { row: 4, values: ['Three', 'FR', 'three@example.org'] },
];

/** Rows of that file, taken as PostgreSQL's are; which of them are bad is kept nowhere, since no story looks. */
export function memoryImports(database: MemoryDatabase, gate: Gate, ports: Ports, dead: () => boolean): Integration {
  const first = new Map<string, number>();
  const table: RowWork['table'] = {
    beginPass: () => Promise.resolve(),
    claimKeys: (file, pass, keys) => {
      for (const { key, row } of keys) if (!first.has(`${file} ${pass} ${key}`)) first.set(`${file} ${pass} ${key}`, row);
      return Promise.resolve(new Map(keys.map(({ key }) => [key, must(first.get(`${file} ${pass} ${key}`), 'a claim')])));
    },
    saveBad: () => Promise.resolve(),
    existing: (addresses) => Promise.resolve(new Set(addresses.filter((address) => database.load(address).envelope !== undefined))),
  };
  return {
    perform: async ({ operation, input, signal }) => {
      await Promise.resolve();
      if (dead()) return new Promise<never>(() => undefined);
      if (operation === 'read_file')
        return { kind: 'done', output: { file: FOUND, fields: fieldsOf(must(gate.definition('client'), 'the machine of clients')) } };
      const source = { columns: FOUND.columns, rows: rowsAfter };
      const take = operation === 'try_rows' ? tryRows : sendRows;
      const output = await take({ gate, ports, signal, table, source }, takeRows.parse(input));
      return output === undefined ? { kind: 'retry', code: 'unanswered' } : { kind: 'done', output };
    },
    close: () => Promise.resolve(),
  };
}

async function* rowsAfter(after: number): AsyncGenerator<FileRow> {
  await Promise.resolve();
  yield* ROWS.filter(({ row }) => row > after);
}
