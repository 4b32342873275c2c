import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { erpFields } from '../erp-operations.ts';
import type { ErpModel, Pull, Pulled, Rec } from '../erp-operations.ts';
import type { Database } from '../integration.ts';

const SECOND = 1_000;

/** bigint columns come as text. */
const rowSchema = z.object({
  id: z.string(),
  made_at: z.coerce.number(),
  at: z.coerce.number(),
  version: z.int(),
  ref: z.string().nullable(),
  bill: z.string().nullable(),
  fields: z.record(z.string(), z.unknown()),
});
export type Row = z.infer<typeof rowSchema>;

/** The rows of the sandbox ERP. What is to be written says which version it has read: written since, nothing happens. */
export class SandboxErpRecords {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** What is left of one moment comes before the next one, by id. */
  async pull({ model, cursor, limit, overlap_ms }: Pull): Promise<Pulled> {
    const [at, id] = cursor === null ? [0, 0] : cursor.id > 0 ? [cursor.at, cursor.id] : [cursor.at - overlap_ms, 0];
    const rows = await this.#rows('pull', `WHERE model = $1 AND (at, id) > ($2, $3) ORDER BY at, id LIMIT $4`, [model, at, id, limit + 1]);
    const page = rows.slice(0, limit);
    const more = rows.length > limit;
    const last = page.at(-1);
    const end = cursor === null ? null : { at: cursor.at, id: 0 };
    return { records: page.map(toRec), cursor: last === undefined ? end : { at: last.at, id: more ? Number(last.id) : 0 }, more };
  }

  async gone(model: ErpModel, ids: readonly string[]): Promise<string[]> {
    const there = await this.#rows('there', `WHERE model = $1 AND id::text = ANY ($2)`, [model, ids]);
    const kept = new Set(there.map(({ id }) => id));
    return ids.filter((id) => !kept.has(id));
  }

  async byId(model: ErpModel, id: string): Promise<Row | undefined> {
    const [row] = await this.#rows('by_id', `WHERE model = $1 AND id::text = $2`, [model, id]);
    return row;
  }

  async byRef(model: ErpModel, ref: string): Promise<Row | undefined> {
    const [row] = await this.#rows('by_ref', `WHERE model = $1 AND ref = $2`, [model, ref]);
    return row;
  }

  /** Undefined where one stands there under this name already. */
  async add(model: ErpModel, fields: object, ref: string | null): Promise<Row | undefined> {
    return this.#one('add', ADD, [model, this.#second(), ref, JSON.stringify(fields)]);
  }

  /** Undefined where it was written since. */
  async change(row: Row, fields: object): Promise<Row | undefined> {
    return this.#one('change', CHANGE, [row.id, row.version, this.#second(), JSON.stringify(fields)]);
  }

  /** A payment, and what is open of its bill with it. Undefined where the bill was written since or a payment stands under this name. */
  async pay(bill: Row, of_bill: object, payment: object, ref: string): Promise<Row | undefined> {
    return this.#one('pay', PAY, [bill.id, bill.version, this.#second(), JSON.stringify(of_bill), JSON.stringify(payment), ref]);
  }

  /** A payment taken back, and its bill open again. Undefined where either was written since. */
  async void(payment: Row, of_payment: object, bill: Row, of_bill: object): Promise<Row | undefined> {
    const values = [
      payment.id,
      payment.version,
      this.#second(),
      JSON.stringify(of_payment),
      bill.id,
      bill.version,
      JSON.stringify(of_bill),
    ];
    return this.#one('void', VOID, values);
  }

  /** Somebody makes or changes a record in it. Throws a Fault for what is no record, or none that is there. */
  async write(model: ErpModel, id: string | undefined, fields: Readonly<Record<string, unknown>>): Promise<Rec> {
    for (;;) {
      const before = id === undefined ? undefined : await this.byId(model, id);
      if (id !== undefined && before === undefined) throw new Fault('not_found');
      const read = erpFields[model].safeParse({ ...before?.fields, ...fields });
      if (!read.success) throw new Fault('invalid', z.prettifyError(read.error));
      const written = before === undefined ? await this.add(model, read.data, null) : await this.change(before, fields);
      if (written !== undefined) return toRec(written);
    }
  }

  /** Somebody deletes a record in it. */
  async remove(model: ErpModel, id: string): Promise<void> {
    await this.#database.query('sandbox_erp_remove', `DELETE FROM sandbox_erp.record WHERE model = $1 AND id::text = $2`, [model, id]);
  }

  #second(): number {
    return Math.floor(this.#now() / SECOND) * SECOND;
  }

  async #rows(name: string, where: string, values: readonly unknown[]): Promise<Row[]> {
    const rows = await this.#database.query(`sandbox_erp_${name}`, `SELECT ${COLUMNS} FROM sandbox_erp.record ${where}`, values);
    return rows.map((row) => rowSchema.parse(row));
  }

  async #one(name: string, text: string, values: readonly unknown[]): Promise<Row | undefined> {
    const [row] = await this.#database.query(`sandbox_erp_${name}`, text, values);
    return row === undefined ? undefined : rowSchema.parse(row);
  }
}

export function toRec({ id, at, ref, fields }: Row): Rec {
  const archived = fields['archived'] === true ? { archived: true as const } : {};
  return { external_id: id, at, fields, ...archived, ...(ref === null ? {} : { ref }) };
}

const COLUMNS = `id::text, made_at::text, at::text, version, ref, bill::text, fields`;

const ADD = `
  INSERT INTO sandbox_erp.record (model, made_at, at, ref, fields) VALUES ($1, $2, $2, $3, $4)
  ON CONFLICT (model, ref) DO NOTHING RETURNING ${COLUMNS}`;

const CHANGE = `
  UPDATE sandbox_erp.record SET at = greatest(at, $3::bigint), version = version + 1, fields = fields || $4::jsonb
  WHERE id = $1 AND version = $2 RETURNING ${COLUMNS}`;

const PAY = `
  WITH bill AS (
    UPDATE sandbox_erp.record SET at = greatest(at, $3::bigint), version = version + 1, fields = fields || $4::jsonb
    WHERE id = $1 AND version = $2 AND NOT EXISTS (SELECT FROM sandbox_erp.record WHERE model = 'payment' AND ref = $6)
    RETURNING id)
  INSERT INTO sandbox_erp.record (model, made_at, at, ref, bill, fields)
  SELECT 'payment', $3, $3, $6, bill.id, $5 FROM bill
  RETURNING ${COLUMNS}`;

const VOID = `
  WITH bill AS (
    SELECT id FROM sandbox_erp.record WHERE id = $5 AND version = $6 FOR UPDATE
  ), payment AS (
    UPDATE sandbox_erp.record r SET at = greatest(r.at, $3::bigint), version = r.version + 1, fields = r.fields || $4::jsonb
    FROM bill WHERE r.id = $1 AND r.version = $2
    RETURNING r.id, r.made_at, r.at, r.version, r.ref, r.bill, r.fields
  ), opened AS (
    UPDATE sandbox_erp.record r SET at = greatest(r.at, $3::bigint), version = r.version + 1, fields = r.fields || $7::jsonb
    FROM payment WHERE r.id = payment.bill)
  SELECT ${COLUMNS} FROM payment`;
