import { consider, mayByRole } from '../gate.ts';
import type { Caller } from '../caller.ts';
import type { Outcome } from '../delivery.ts';
import { idFromKey } from '../id-from-key.ts';
import type { Gate } from '../integrations/integration.ts';
import type { Ports } from '../ports/ports.ts';
import type { BadRow, FileRow, ImportTable, RowReason } from '../store/imports.ts';
import { Fault, sentenceFor } from '../../machines/fault.ts';
import { isId, toAddress } from '../../machines/ids.ts';
import type { RowsTaken, TakeRows } from '../../machines/import-terms.ts';
import type { Definition } from '../../machines/machine.ts';
import { hasCardNumber } from '../../machines/text.ts';
import { columnName, toInput } from './values.ts';

/** Where rows come from, from any place on: a file that was kept, or another system that is read for the first time. */
export type RowSource = { readonly columns: readonly string[]; readonly rows: (after: number) => AsyncIterable<FileRow> };

export type RowWork = {
  readonly gate: Gate;
  readonly ports: Ports;
  readonly table: Pick<ImportTable, 'beginPass' | 'claimKeys' | 'saveBad' | 'existing'>;
  readonly source: RowSource;
  readonly signal: AbortSignal;
};

type Asked = { readonly row: number; readonly id: string; readonly input: Readonly<Record<string, unknown>> };
type Found = Asked | BadRow;
type Name = { readonly id: string } | RowReason;

/** After so many rows others get their turn. */
const TURN = 100;

/** Says what rows would come to, and makes nothing. */
export async function tryRows(work: RowWork, wanted: TakeRows): Promise<RowsTaken> {
  const { found, ended, after } = await check(work, wanted);
  const asked = found.filter((one) => 'id' in one);
  const there = await work.table.existing(asked.map(({ id }) => toAddress(wanted.target, id)));
  const bad = found.filter((one) => 'reasons' in one);
  await work.table.saveBad(wanted.file, wanted.pass, bad);
  return { good: asked.length - there.size, bad: bad.length, already: there.size, after, ended };
}

/**
 * Sends rows through the gate, each under an id of its own: however often it is sent, it takes effect once, and is answered alike. Undefined where not
 * all were answered in time.
 */
export async function sendRows(work: RowWork, wanted: TakeRows): Promise<RowsTaken | undefined> {
  const { found, ended, after, caller } = await check(work, wanted);
  const asked = found.filter((one) => 'id' in one);
  const outcomes = await Promise.all(asked.map((one) => send(work, wanted, caller, one)));
  if (outcomes.includes(undefined)) return undefined;
  const refused = asked.flatMap(({ row }, index) => {
    const reason = refusalOf(outcomes[index]);
    return reason === undefined || reason.code === 'exists' ? [] : [{ row, reasons: [reason] }];
  });
  const already = outcomes.filter((outcome) => refusalOf(outcome)?.code === 'exists').length;
  const bad = [...found.filter((one) => 'reasons' in one), ...refused];
  await work.table.saveBad(wanted.file, wanted.pass, bad);
  return { good: found.length - bad.length - already, bad: bad.length, already, after, ended };
}

type Checked = { readonly found: readonly Found[]; readonly ended: boolean; readonly after: number; readonly caller: Caller };

/** Everything that can be said of rows before an actor is asked. Throws the fault `forbidden` for who may make none. */
async function check(work: RowWork, wanted: TakeRows): Promise<Checked> {
  const { gate, table, source, ports } = work;
  const { file, pass, target, by } = wanted;
  const definition = gate.definition(target);
  const caller = await gate.caller(by);
  if (definition?.imports === undefined) throw new Fault('not_importable');
  if (caller === undefined || !mayByRole(definition, '@create', caller))
    throw new Fault('forbidden', `${by} may not make a ${target} now.`);
  if (wanted.after === 0) await table.beginPass(file, pass);
  const { rows, ended } = await take(source, wanted);
  const named = rows.map((row) => ({ row, name: nameOf(work, wanted, row) }));
  const keys = named.flatMap(({ row: { row }, name }) => ('id' in name ? [{ key: name.id, row }] : []));
  const first = await table.claimKeys(file, pass, keys);
  const found: Found[] = [];
  for (const { row, name } of named) {
    if (found.length % TURN === 0) await new Promise<void>((resolve) => ports.timers.soon(resolve));
    found.push(checkRow(work, wanted, definition, caller, row, name, first));
  }
  return { found, ended, after: rows.at(-1)?.row ?? wanted.after, caller };
}

async function take(source: RowSource, { after, most }: TakeRows): Promise<{ rows: readonly FileRow[]; ended: boolean }> {
  const rows: FileRow[] = [];
  for await (const row of source.rows(after)) {
    if (rows.length === most) return { rows, ended: false };
    rows.push(row);
  }
  return { rows, ended: true };
}

/** The id of what a row makes: what stands in the column of ids, or one from the file and the row. */
function nameOf({ gate, source }: RowWork, { file, target, mapping: { key } }: TakeRows, { row, values }: FileRow): Name {
  if (key === null) return { id: idFromKey(target.slice(0, 3), gate.hub_id, `import/${file}`, String(row)) };
  const id = values[key]?.trim() ?? '';
  const column = source.columns[key] ?? null;
  if (values[key] === null || hasCardNumber(id)) return { column, code: 'card_number', detail: 'This looks like a card number' };
  return isId(id) ? { id } : { column, code: 'bad_id', detail: sentenceFor('bad_id') };
}

function checkRow(
  { source, gate, ports }: RowWork,
  { mapping, target }: TakeRows,
  definition: Definition,
  caller: Caller,
  { row, values }: FileRow,
  name: Name,
  first: ReadonlyMap<string, number>,
): Found {
  const { input, reasons: unread } = toInput(mapping, source.columns, values);
  const reasons = [...unread];
  if (!('id' in name)) reasons.push(name);
  else if (first.get(name.id) !== row)
    reasons.push({
      column: mapping.key === null ? null : (source.columns[mapping.key] ?? null),
      code: 'key_twice',
      detail: `Row ${first.get(name.id)} has the same`,
    });
  // What could not be read is missing now, which is no second reason.
  if (unread.length === 0)
    reasons.push(
      ...refusalsOf(definition, input, caller, (field) => {
        const rule = mapping.fields.find((one) => one.field === field);
        return rule === undefined ? (field === '' ? null : field) : columnName(rule, source.columns);
      }),
    );
  if (reasons.length > 0 || !('id' in name)) return { row, reasons };
  const birth = { ...input, id: name.id, by: caller.id, at: ports.clock.now(), v: 1, settings: gate.settings(target) };
  const code = definition.reasons['@create']?.(undefined as never, birth as never);
  return code === undefined ? { row, id: name.id, input } : { row, reasons: [{ column: null, code, detail: sentenceFor(code) }] };
}

function refusalsOf(
  definition: Definition,
  input: Readonly<Record<string, unknown>>,
  caller: Caller,
  toColumn: (field: string) => string | null,
): readonly RowReason[] {
  try {
    consider(definition, '@create', input, caller);
    return [];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { errors } = error.extra as { errors?: readonly { readonly where: string; readonly what: string }[] };
    if (errors === undefined) return [{ column: null, code: error.code, detail: error.message.slice(0, 200) }];
    return errors.map(({ where, what }) => ({ column: toColumn(where.split('.')[0] ?? ''), code: error.code, detail: what.slice(0, 200) }));
  }
}

/** Until it is answered, or nobody waits any more. */
async function send(
  { gate, ports, signal }: RowWork,
  { file, target }: TakeRows,
  caller: Caller,
  one: Asked,
): Promise<Outcome | Fault | undefined> {
  while (!signal.aborted) {
    try {
      const outcome = await gate.submit({
        ...{ type: target, id: one.id, event: '@create', payload: one.input, caller },
        ...{ event_id: `own:import/${file}@0#${one.row}`, repeat: true, traceparent: '' },
      });
      if (outcome.outcome !== 'retry') return outcome;
      await new Promise<void>((resolve) => void ports.timers.after(outcome.after_ms, resolve));
    } catch (error) {
      if (error instanceof Fault) return error;
      throw error;
    }
  }
  return undefined;
}

/** Undefined where the row is in, now or from an earlier try. */
function refusalOf(outcome: Outcome | Fault | undefined): RowReason | undefined {
  if (outcome instanceof Fault) return { column: null, code: outcome.code, detail: outcome.message.slice(0, 200) };
  if (outcome?.outcome === 'rejected') return { column: null, code: outcome.code, detail: outcome.detail.slice(0, 200) };
  return outcome?.outcome === 'parked' ? { column: null, code: 'parked', detail: outcome.reason.slice(0, 200) } : undefined;
}
