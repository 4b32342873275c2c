import { z } from 'zod';
import { erpOperations } from '../erp-operations.ts';
import type { ErpOperation } from '../erp-operations.ts';
import type { Database } from '../integration.ts';

const OPERATIONS = Object.keys(erpOperations) as [ErpOperation, ...ErpOperation[]];

/**
 * A fault that the sandbox ERP is told to have. It is used up by the next `times` calls that match; the oldest matching fault goes first. Without
 * `match.operation` it matches what writes: push, pay and void; what reads only by name. `match.actor` is the address of who asks.
 *
 * - `timeout_before`: does nothing and never answers
 * - `timeout_after`: does the work and never answers
 * - `http_502`: does the work and answers with a proxy's page
 * - `unavailable`: does nothing and says so
 */
export const sandboxErpFaultSchema = z.strictObject({
  match: z.strictObject({ actor: z.string().min(1).max(200).optional(), operation: z.enum(OPERATIONS).optional() }).optional(),
  fault: z.enum(['timeout_before', 'timeout_after', 'http_502', 'unavailable']),
  times: z.int().min(1).max(1_000_000).default(1),
});

type SandboxErpFault = z.output<typeof sandboxErpFaultSchema>;

/** What is scripted and not used up. Kept in the database, so that it outlives the hub and all its nodes obey it. */
export class SandboxErpFaults {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add({ match, fault, times }: SandboxErpFault): Promise<void> {
    await this.#database.query('sandbox_erp_fault_add', ADD, [match?.actor ?? null, match?.operation ?? null, fault, times]);
  }

  /** The fault that this call has, which is used up by it. */
  async take(operation: ErpOperation, actor: string): Promise<SandboxErpFault['fault'] | undefined> {
    const [row] = await this.#database.query('sandbox_erp_fault_take', TAKE, [actor, operation]);
    return row === undefined ? undefined : sandboxErpFaultSchema.shape.fault.parse(row['fault']);
  }
}

const ADD = `INSERT INTO sandbox_erp.fault (actor, operation, fault, times) VALUES ($1, $2, $3, $4)`;

const TAKE = `
  UPDATE sandbox_erp.fault SET times = times - 1
  WHERE times > 0 AND seq = (
    SELECT seq FROM sandbox_erp.fault
    WHERE times > 0 AND (actor = $1 OR actor IS NULL)
      AND CASE WHEN operation IS NULL THEN $2::text IN ('push', 'pay', 'void') ELSE operation = $2 END
    ORDER BY seq LIMIT 1 FOR UPDATE)
  RETURNING fault`;
