import { z } from 'zod';
import { unreachable } from '../../../machines/must.ts';
import { erpOperations, isErpOperation } from '../erp-operations.ts';
import type { ErpOperation, List, Listed } from '../erp-operations.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Integration, IntegrationKind, Surroundings } from '../integration.ts';
import { SandboxErpFaults } from './faults.ts';
import { Refusal, pay, push, voidPayment } from './orders.ts';
import { SandboxErpRecords, toRec } from './records.ts';

/** An ERP to develop and test against. Its records are in tables of its own, and its write times are in seconds, as those of an ERP are. */
class SandboxErp implements Integration {
  readonly records: SandboxErpRecords;
  readonly faults: SandboxErpFaults;
  readonly #log: Surroundings['ports']['log'];

  constructor({ ports, database }: Surroundings) {
    this.records = new SandboxErpRecords(database, () => ports.clock.now());
    this.faults = new SandboxErpFaults(database);
    this.#log = ports.log;
  }

  async perform({ operation, input, actor, signal }: Call): Promise<CallResult> {
    if (!isErpOperation(operation)) return { kind: 'failed', code: 'invalid', detail: `An ERP has no operation ${operation}.` };
    const read = erpOperations[operation].input.safeParse(input);
    if (!read.success) return { kind: 'failed', code: 'invalid', detail: z.prettifyError(read.error) };
    const reads = 'reads' in erpOperations[operation];
    try {
      const fault = await this.faults.take(operation, actor);
      if (fault === 'unavailable') return { kind: 'retry', code: 'unavailable' };
      if (fault === 'timeout_before') return await silence(signal, reads);
      const output = await this.#do(operation, read.data);
      if (fault === 'timeout_after') return await silence(signal, reads);
      return fault === 'http_502' ? lost('http_502', reads) : { kind: 'done', output };
    } catch (error) {
      if (error instanceof Refusal) return { kind: 'failed', code: error.code, detail: error.message };
      // The connection may have died after the statement was done: nobody can tell.
      this.#log.warn({ integration: 'sandbox_erp', operation, error: String(error) }, 'The sandbox ERP could not use its tables');
      return lost('unavailable', reads);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #do(operation: ErpOperation, input: unknown): Promise<unknown> {
    switch (operation) {
      case 'pull':
        return this.records.pull(erpOperations.pull.input.parse(input));
      case 'gone': {
        const { model, ids } = erpOperations.gone.input.parse(input);
        return { ids: await this.records.gone(model, ids) };
      }
      case 'read': {
        const { model, external_id } = erpOperations.read.input.parse(input);
        const row = await this.records.byId(model, external_id);
        return row === undefined ? null : toRec(row);
      }
      case 'list':
        return list(erpOperations.list.input.parse(input));
      case 'push':
        return push(this.records, erpOperations.push.input.parse(input));
      case 'pay':
        return pay(this.records, erpOperations.pay.input.parse(input));
      case 'void':
        return voidPayment(this.records, erpOperations.void.input.parse(input).payment);
      default:
        return unreachable(operation);
    }
  }
}

/** Until the call is given up. */
async function silence(signal: AbortSignal, reads: boolean): Promise<CallResult> {
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return lost('timeout', reads);
}

function lost(code: string, reads: boolean): CallResult {
  return reads ? { kind: 'retry', code } : { kind: 'unknown', code };
}

/** Short enough to be on one page, and paged all the same. */
const LISTS: Readonly<Record<List['what'], readonly Readonly<Record<string, unknown>>[]>> = {
  currencies: [{ name: 'EUR' }, { name: 'USD' }, { name: 'JPY' }],
  payment_terms: [{ name: '14 days' }, { name: '30 days' }],
  taxes: [{ name: '19 %', amount: 19 }],
  accounts: [{ code: '400000', name: 'Expenses' }],
};

function list({ what, after, limit }: List): Listed {
  const all = LISTS[what].map((item, n) => ({ external_id: String(n + 1), ...item }));
  const items = all.slice(after, after + limit);
  return { items, after: after + items.length, more: after + items.length < all.length };
}

export function openSandboxErp(surroundings: Surroundings): Promise<SandboxErp> {
  return Promise.resolve(new SandboxErp(surroundings));
}

/** For whoever changes records in it. */
export function isSandboxErp(integration: Integration): integration is SandboxErp {
  return integration instanceof SandboxErp;
}

export const sandboxErp: IntegrationKind = defineIntegration({
  name: 'sandbox_erp',
  title: 'Sandbox ERP',
  provides: 'erp',
  honours_keys: true,
  concurrency: 16,
  timeout_ms: 10_000,
  operations: erpOperations,
  config: z.strictObject({}),
  open: openSandboxErp,
});
