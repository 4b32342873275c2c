import { z } from 'zod';
import type { OdooArguments, OdooClient } from './client.ts';
import { OdooError } from './failures.ts';
import type { Countries } from './partner.ts';
import { BadField, idIn, linkOf, textOf } from './values.ts';
import type { OdooRecord } from './values.ts';

/** The module under which Odoo keeps the names that the hub gives to what it makes there (`ir.model.data`). */
export const OUR_MODULE = 'green_lines';

const recordsSchema = z.array(z.record(z.string(), z.unknown()));
const loadedSchema = z.object({
  ids: z.union([z.literal(false), z.array(z.int())]),
  messages: z.array(z.object({ message: z.string() })),
});

export type Search = { readonly limit?: number; readonly order?: string; readonly context?: Readonly<Record<string, unknown>> };

/** What changes so seldom that it is asked for once. */
export type Memory = { countries?: Countries; company?: Company };

type Company = { readonly user: number; readonly login: string; readonly company: number };

/** One call of the hub: what it asks of Odoo, until it is given up. */
export class OdooSession {
  readonly client: OdooClient;
  readonly signal: AbortSignal;
  readonly #memory: Memory;

  constructor(client: OdooClient, signal: AbortSignal, memory: Memory) {
    this.client = client;
    this.signal = signal;
    this.#memory = memory;
  }

  call(model: string, method: string, args: OdooArguments): Promise<unknown> {
    return this.client.call(model, method, args, this.signal);
  }

  /** Archived ones too. */
  async rows(model: string, domain: readonly unknown[], fields: readonly string[], search: Search = {}): Promise<readonly OdooRecord[]> {
    const { context = {}, ...rest } = search;
    const asked = { domain, fields, ...rest, context: { lang: 'en_US', active_test: false, ...context } };
    return readRows(await this.call(model, 'search_read', asked));
  }

  async row(model: string, id: number, fields: readonly string[]): Promise<OdooRecord | undefined> {
    return (await this.rows(model, [['id', '=', id]], fields))[0];
  }

  /** The record that carries this name of ours. */
  async named(model: string, name: string): Promise<number | undefined> {
    const domain = [
      ['module', '=', OUR_MODULE],
      ['name', '=', name],
      ['model', '=', model],
    ];
    const [found] = await this.rows('ir.model.data', domain, ['res_id']);
    return found === undefined ? undefined : Number(found['res_id']);
  }

  /**
   * Makes a record under a name of ours: repeated, or at work twice at once, there is one. Values are texts, as in a file that somebody imports. Odoo
   * answers 200 also where it rolled back what it began.
   */
  async make(
    model: string,
    name: string,
    values: Readonly<Record<string, string>>,
    context: Readonly<Record<string, unknown>> = {},
    lines: readonly Readonly<Record<string, string>>[] = [],
  ): Promise<number> {
    const columns = Object.keys(lines[0] ?? {});
    const fields = ['id', ...Object.keys(values), ...columns];
    const own = [`${OUR_MODULE}.${name}`, ...Object.values(values)];
    const rows = lines.map((line) => columns.map((column) => line[column] ?? ''));
    // The record's own columns are filled in on its first row alone.
    const data = [[...own, ...(rows[0] ?? [])], ...rows.slice(1).map((row) => [...own.map(() => ''), ...row])];
    const read = loadedSchema.safeParse(await this.call(model, 'load', { fields, data, context: { lang: 'en_US', ...context } }));
    if (!read.success) throw new OdooError('unreadable', 'Odoo did not say what it made.');
    const { ids, messages } = read.data;
    const [id] = ids === false ? [] : ids;
    if (id !== undefined) return id;
    const why = messages.map(({ message }) => message.trim()).join(' ');
    throw new OdooError(/could not serialize|deadlock detected|could not obtain lock/i.test(why) ? 'unavailable' : 'refused', why);
  }

  /** Whom the key belongs to, and the company that he works in. */
  async company(): Promise<Company> {
    if (this.#memory.company !== undefined) return this.#memory.company;
    const { uid } = z.object({ uid: z.int() }).parse(await this.call('res.users', 'context_get', {}));
    const [user] = readRows(await this.call('res.users', 'read', { ids: [uid], fields: ['login', 'company_id'] }));
    const company = user === undefined ? null : linkOf(user, 'company_id');
    if (user === undefined || company === null) throw new OdooError('refused', 'The user of the key works in no company.');
    return (this.#memory.company = { user: uid, login: textOf(user, 'login') ?? '', company });
  }

  async countries(): Promise<Countries> {
    if (this.#memory.countries !== undefined) return this.#memory.countries;
    const rows = await this.rows('res.country', [], ['code']);
    const codes = new Map(rows.map((row) => [idIn(row), textOf(row, 'code') ?? ''] as const).filter(([, code]) => /^[A-Z]{2}$/.test(code)));
    return (this.#memory.countries = { codes, ids: new Map([...codes].map(([id, code]) => [code, id])) });
  }

  /** Codes by id; one that was only just turned on is there at once. */
  async currencies(): Promise<ReadonlyMap<number, string>> {
    const rows = await this.rows('res.currency', [], ['name']);
    return new Map(rows.map((row) => [idIn(row), textOf(row, 'name') ?? '']));
  }
}

/**
 * The name that a record carries for an actor: `client/a-b` is `client_a-b`. An actor's type has no hyphen, so that one stands for its underscores
 * and the first underscore ends the type: no two actors have one name.
 */
export function toName(address: string): string {
  const cut = address.indexOf('/');
  return `${address.slice(0, cut).replaceAll('_', '-')}_${address.slice(cut + 1)}`;
}

export function toAddressOf(name: string): string {
  const cut = name.indexOf('_');
  return `${name.slice(0, cut).replaceAll('-', '_')}/${name.slice(cut + 1)}`;
}

export function readRows(answer: unknown): readonly OdooRecord[] {
  const read = recordsSchema.safeParse(answer);
  if (!read.success) throw new OdooError('unreadable', 'Odoo answered no list of records.');
  return read.data;
}

/** Where a single record is asked for, one that our shape refuses is a refusal. */
export function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadField) throw new OdooError('refused', error.message);
    throw error;
  }
}
