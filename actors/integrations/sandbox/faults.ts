import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { must } from '../../../machines/must.ts';
import type { Database } from '../integration.ts';
import { gatewayOperations } from '../gateway-operations.ts';

const OPERATIONS = Object.keys(gatewayOperations) as [keyof typeof gatewayOperations, ...(keyof typeof gatewayOperations)[]];
/** More than these would be a mistake, and every batch of calls looks through them. */
const MOST = 10_000;

/**
 * A fault that the sandbox is told to have. It is used up by the next `times` calls that match; the oldest matching fault
 * goes first. Without `match.operation` it matches authorize, capture, refund and void; lookup and close only by name.
 *
 * - `timeout_before`: does nothing and never answers
 * - `timeout_after`: does the work and never answers
 * - `http_502`: does the work and answers with a proxy's page of HTML
 * - `decline`: says no with `code` (default `insufficient_funds`); a call that was answered before keeps its answer
 * - `webhook_late`, `webhook_twice`, `webhook_reordered`: answers as usual and sends its notification 2 s late, twice, or
 *   after the payment's next one (at the latest 2 s later)
 */
export const sandboxFaultSchema = z
  .strictObject({
    match: z.strictObject({ payment: z.string().min(1).max(64).optional(), operation: z.enum(OPERATIONS).optional() }).optional(),
    code: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/)
      .optional(),
    fault: z.enum(['timeout_before', 'timeout_after', 'http_502', 'decline', 'webhook_late', 'webhook_twice', 'webhook_reordered']),
    times: z.int().min(1).max(1_000_000).default(1),
  })
  .refine(
    ({ match, fault }) =>
      !['lookup', 'close'].includes(match?.operation ?? '') || ['timeout_before', 'timeout_after', 'http_502'].includes(fault),
    'A lookup or close can only be lost: timeout_before, timeout_after or http_502',
  );

export type SandboxFault = z.output<typeof sandboxFaultSchema>;
export type FaultName = SandboxFault['fault'];

/** What is scripted and not used up. Kept in the database, so that it outlives the hub and all its nodes obey it. */
export class SandboxFaults {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes effect with the next batch of calls, on every node. */
  async add(fault: SandboxFault): Promise<void> {
    const values = [fault.match?.payment ?? null, fault.match?.operation ?? null, fault.fault, toCode(fault), fault.times, MOST];
    const added = await this.#database.query('sandbox_fault_add', ADD, values);
    if (added.length === 0) throw new Fault('overloaded', `There are ${MOST} scripted faults already; let some be used up first.`);
  }

  /** Oldest first, with how many times are left. */
  async list(): Promise<readonly SandboxFault[]> {
    const rows = await this.#database.query('sandbox_fault_list', LIST, []);
    return rows.map((row) => sandboxFaultSchema.parse(must(row['fault'], 'a row of the fault list')));
  }

  /** Forgets everything that is scripted. */
  async clear(): Promise<void> {
    await this.#database.query('sandbox_fault_clear', 'DELETE FROM sandbox.fault', []);
  }
}

function toCode(fault: SandboxFault): string | null {
  return fault.fault === 'decline' ? (fault.code ?? 'insufficient_funds') : (fault.code ?? null);
}

const ADD = `
  INSERT INTO sandbox.fault (payment, operation, fault, code, times)
  SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM sandbox.fault) < $6
  RETURNING seq`;

const LIST = `
  SELECT json_strip_nulls(json_build_object(
    'match', json_build_object('payment', payment, 'operation', operation), 'fault', fault, 'code', code, 'times', times)) AS fault
  FROM sandbox.fault ORDER BY seq LIMIT 1000`;
