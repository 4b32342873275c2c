import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { must } from '../../../machines/must.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Database } from '../integration.ts';
import type { FaultName } from './faults.ts';
import type { GatewayOperation } from '../gateway-operations.ts';
import type { Outcome } from './wire.ts';

/** A call as the journal takes it. */
export type Entry = {
  readonly key: string;
  readonly operation: GatewayOperation;
  readonly operation_id: string;
  /** For a lookup or a close: the payment that asks. */
  readonly payment: string;
  readonly amount_minor: number | null;
  readonly currency: string | null;
  readonly purpose: string | null;
  /** The journal row of the authorization that it is about. */
  readonly authorization: number | null;
  /** Say no, with this code. */
  readonly refusal: string | null;
};

/** What became of it; `fault` is the scripted fault that it used up. */
export type Recorded = { readonly fault: FaultName | null; readonly outcome: Outcome };

export const chargesQuerySchema = z.strictObject({
  /** `next` of the page before. */
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  payment: z.string().min(1).max(64).optional(),
});

/** Something that the gateway really did. */
export type Charge = {
  readonly key: string;
  readonly payment: string;
  readonly operation: string;
  readonly amount_minor: number;
  readonly currency: string;
  /** ISO 8601, UTC. */
  readonly at: string;
};

export type Charges = { readonly items: readonly Charge[]; readonly next: string | null };

type Waiting = {
  readonly entry: Entry;
  readonly signal: AbortSignal;
  readonly resolve: (recorded: Recorded) => void;
  readonly reject: (error: unknown) => void;
};

const BATCH = 256;
const MOST_WAITING = 8192;

/**
 * The sandbox's journal. Calls that come in while a batch is being written wait for it and then go together, in one
 * statement and one round trip; a call that finds nothing under way does not wait for company.
 */
export class SandboxJournal {
  readonly #database: Database;
  readonly #ports: Ports;
  #waiting: Waiting[] = [];
  #working = false;

  constructor(database: Database, ports: Ports) {
    this.#database = database;
    this.#ports = ports;
  }

  /** Throws a Fault `overloaded` when too much waits, and whatever the database throws. */
  record(entry: Entry, signal: AbortSignal): Promise<Recorded> {
    if (this.#waiting.length >= MOST_WAITING) return Promise.reject(new Fault('overloaded'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, signal, resolve, reject });
      if (this.#working) return;
      this.#working = true;
      // Not at once: what else is ready now belongs to the same batch.
      this.#ports.timers.soon(() => void this.#work());
    });
  }

  /** A page of what was done, in the order in which it was done. */
  async charges(query: z.output<typeof chargesQuerySchema>): Promise<Charges> {
    const { cursor, limit, payment } = query;
    const values = [cursor ?? '0', limit + 1];
    const rows =
      payment === undefined
        ? await this.#database.query('sandbox_charges', CHARGES, values)
        : await this.#database.query('sandbox_charges_of', CHARGES_OF, [...values, payment]);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? String(must(page.at(-1), 'the last charge of a full page')['seq']) : null;
    return { items: page.map((row) => chargeRow.parse(row)), next };
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) await this.#write(this.#take());
    this.#working = false;
  }

  /** Calls about the same operation or authorization go one after the other: each must see what the one before it did. */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    const later: Waiting[] = [];
    const names = new Set<string>();
    for (const waiting of this.#waiting) {
      // Given up before it was begun: nothing is done for a caller that has gone.
      if (waiting.signal.aborted) continue;
      const { key, operation_id, authorization } = waiting.entry;
      const before = names.size;
      names.add(key).add(`id ${operation_id}`);
      const isAbout = authorization !== null && authorization > 0;
      if (isAbout) names.add(`of ${authorization}`);
      const isNew = names.size === before + (isAbout ? 3 : 2);
      (isNew && batch.length < BATCH ? batch : later).push(waiting);
    }
    this.#waiting = later;
    return batch;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const rows = await this.#database.query('sandbox_perform', PERFORM, toColumns(batch, this.#ports.clock.now()));
      for (const row of rows) {
        const { n, fault, outcome, code, reference } = row as RecordedRow;
        must(batch[n - 1], 'the call that was answered').resolve({ fault, outcome: { outcome, code, reference } });
      }
    } catch (error) {
      if (batch.length === 1) return batch[0]?.reject(error);
      // One value that PostgreSQL refuses must not fail the calls beside it; repeating them is safe, they have keys.
      if (isRefusedValue(error)) for (const waiting of batch) await this.#write([waiting]);
      else for (const waiting of batch) waiting.reject(error);
    }
  }
}

type RecordedRow = Outcome & { readonly n: number; readonly fault: FaultName | null };

function toColumns(batch: readonly Waiting[], now: number): readonly unknown[] {
  const column = <Name extends keyof Entry>(name: Name): Entry[Name][] => batch.map(({ entry }) => entry[name]);
  return [
    now,
    column('key'),
    column('operation_id'),
    column('operation'),
    column('payment'),
    column('amount_minor'),
    column('currency'),
    column('purpose'),
    column('authorization'),
    column('refusal'),
  ];
}

/** Data exception, integrity violation, program limit exceeded. */
function isRefusedValue(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return /^(22|23|54)/.test(code);
}

/** bigint columns come as text. */
const chargeRow = z.object({
  key: z.string(),
  payment: z.string(),
  operation: z.string(),
  amount_minor: z.coerce.number(),
  currency: z.string(),
  at: z.string(),
});

const PERFORM = `
  SELECT n, fault, outcome, code, reference FROM sandbox.perform(
    $1::bigint, $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[], $10::text[])`;

const CHARGE = `
  SELECT seq::text, key, payment, operation, amount_minor::text, currency,
    to_char(to_timestamp(at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
  FROM sandbox.journal`;
const CHARGES = `${CHARGE} WHERE outcome = 'done' AND seq > $1::bigint ORDER BY journal.seq LIMIT $2`;
const CHARGES_OF = `${CHARGE} WHERE outcome = 'done' AND seq > $1::bigint AND payment = $3 ORDER BY journal.seq LIMIT $2`;
