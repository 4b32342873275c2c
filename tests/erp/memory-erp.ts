import { z } from 'zod';
import type { Open } from '../../actors/effects.ts';
import { defineIntegration } from '../../actors/integrations/integration.ts';
import type { Call, CallResult } from '../../actors/integrations/integration.ts';
import type { GoneRequest } from '../../machines/bound-records.ts';
import type { ErpCursor, ErpRecord, PullAnswer, PullRequest, PushAnswer, PushRequest, ReadRequest } from '../../machines/erp.ts';
import { sandboxErp } from '../../actors/integrations/sandbox-erp/sandbox-erp.ts';
import { must } from '../../machines/must.ts';

type Kept = { readonly external_id: string; at: number; fields: Readonly<Record<string, unknown>>; ref?: string };

/** What it keeps of a partner. */
const KEPT = ['name', 'country', 'email', 'kind', 'vat', 'phone', 'street', 'city', 'zip', 'archived'];

/**
 * An ERP in memory that honours the contract of one: what is made under an actor's name is there once, what was changed since is not written over, and
 * its records are read in the order of change. As many of its answers are lost as the test wants.
 */
export class MemoryErp {
  readonly records = new Map<string, Kept>();
  readonly calls: Record<string, number> = {};
  /** Whether the answer to this call is lost, before or after it was done. */
  loses: (operation: string) => 'before' | 'after' | undefined = () => undefined;
  isDown = false;
  /** The user of the hub may see none of its records any more: it says of each that it is not there. */
  isHidden = false;
  readonly #now: () => number;
  #last = 0;
  #n = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** As the sandbox ERP, for a process that may die: who is dead hears nothing. It has no bills, so that no payment is booked. */
  sandboxFor(isDead: () => boolean): Open {
    const perform = (call: Call): Promise<CallResult> => {
      if (isDead()) return new Promise<never>(() => undefined);
      if (call.operation === 'pay') return Promise.resolve({ kind: 'failed', code: 'not_found', detail: 'It has no such bill.' });
      const nothing = { external_id: null, state: 'absent', reconciled: false };
      return Promise.resolve(call.operation === 'void' ? { kind: 'done', output: nothing } : this.#perform(call));
    };
    return { kind: sandboxErp, integration: { perform, close: () => Promise.resolve() } };
  }

  get open(): Open {
    const any = z.looseObject({ integration: z.string() });
    const kind = defineIntegration({
      name: 'erp',
      title: 'ERP in memory',
      provides: 'erp',
      honours_keys: true,
      concurrency: 4,
      timeout_ms: 5_000,
      operations: {
        pull: { input: any, output: z.any(), reads: true },
        read: { input: any, output: z.any(), reads: true },
        gone: { input: any, output: z.any(), reads: true },
        push: { input: any, output: z.any() },
      },
      config: z.object({}),
      open: () => Promise.reject(new Error('It is open')),
    });
    return { kind, integration: { perform: (call) => Promise.resolve(this.#perform(call)), close: () => Promise.resolve() } };
  }

  /** Somebody makes or changes a partner in it. */
  write(external_id: string | undefined, fields: Readonly<Record<string, unknown>>, ref?: string): Kept {
    // Several records may be changed at one moment, as in an ERP that keeps seconds.
    this.#last = Math.max(this.#last, Math.floor(this.#now() / 1_000) * 1_000);
    const id = external_id ?? `${++this.#n}`;
    const before = this.records.get(id);
    const kept = {
      external_id: id,
      at: this.#last,
      fields: { ...(before?.fields ?? Object.fromEntries(KEPT.map((field) => [field, field === 'archived' ? false : null]))), ...fields },
      ...(ref === undefined ? (before?.ref === undefined ? {} : { ref: before.ref }) : { ref }),
    };
    this.records.set(id, kept);
    return kept;
  }

  #perform({ operation, input }: Call): CallResult {
    this.calls[operation] = (this.calls[operation] ?? 0) + 1;
    if (this.isDown) return { kind: 'retry', code: 'unavailable' };
    const lost = this.loses(operation);
    if (lost === 'before') return { kind: 'unknown', code: 'connection_lost' };
    const output = this.#answer(operation, input);
    return lost === 'after' ? { kind: 'unknown', code: 'connection_lost' } : { kind: 'done', output };
  }

  #answer(operation: string, input: unknown): unknown {
    if (operation === 'pull') return this.#pull(input as PullRequest);
    if (operation === 'gone') return { ids: (input as GoneRequest).ids.filter((id) => this.isHidden || !this.records.has(id)) };
    if (operation === 'read') return this.#recordOf((input as ReadRequest).external_id) ?? null;
    return this.#push(input as PushRequest);
  }

  /** Of one moment all that is left, however many: nothing is between two pages that neither has. */
  #pull({ cursor, limit, overlap_ms }: PullRequest): PullAnswer {
    const from = cursor === null ? 0 : cursor.id > 0 ? cursor.at : cursor.at - overlap_ms;
    const isBehind = ({ at, external_id }: Kept): boolean =>
      cursor === null || at > from || (at === from && (cursor.id === 0 || Number(external_id) > cursor.id));
    const all = [...this.records.values()]
      .filter(isBehind)
      .toSorted((a, b) => a.at - b.at || Number(a.external_id) - Number(b.external_id));
    const page = all.slice(0, limit);
    const more = all.length > limit;
    const last = page.at(-1);
    const next: ErpCursor | null = last === undefined ? cursor : { at: last.at, id: more ? Number(last.external_id) : 0 };
    return { records: page.map(({ external_id }) => must(this.#recordOf(external_id), 'a record of the page')), cursor: next, more };
  }

  #push({ address, external_id, fields, expected_at }: PushRequest): PushAnswer {
    const there = [...this.records.values()].find((one) => one.external_id === external_id || one.ref === address);
    if (there === undefined) {
      const { external_id: id, at } = this.write(undefined, fields, address);
      return { external_id: id, at };
    }
    if (external_id === null) return { external_id: there.external_id, at: there.at };
    const { external_id: id, at } = there;
    if (expected_at !== undefined && at !== expected_at) return { external_id: id, at, conflict: this.#recordOf(id) };
    return { external_id: id, at: this.write(id, fields).at };
  }

  #recordOf(id: string): ErpRecord | undefined {
    const kept = this.records.get(id);
    return kept === undefined ? undefined : { ...kept };
  }
}
