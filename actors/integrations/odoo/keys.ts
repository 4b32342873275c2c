import { z } from 'zod';
import type { Rotated } from '../integration.ts';
import { OdooError } from './failures.ts';
import { readRows } from './session.ts';
import type { OdooSession } from './session.ts';
import { idIn, textOf, timeOf, toOdooTime } from './values.ts';
import type { OdooRecord } from './values.ts';

const KEYS = 'res.users.apikeys';
const WIZARD = 'res.users.apikeys.description';
/** Odoo lets none live for longer than three months. */
const LIFE_MS = 80 * 24 * 60 * 60 * 1000;
const actionSchema = z.object({
  res_model: z.string().optional(),
  res_id: z.int().optional(),
  context: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Makes a new key under the hub's own name. Odoo asks for the password before it does, and has no way around that. One whose making was answered to nobody is
 * ended with the next exchange.
 */
export async function rotateKey(odoo: OdooSession, name: string, { password, now }: { password: string; now: number }): Promise<Rotated> {
  if (password === '') return { kind: 'failed', code: 'needs_somebody', detail: NO_PASSWORD };
  const vals = { name, duration: '-1', expiration_date: toOdooTime(now + LIFE_MS) };
  const wizard = z.array(z.int()).parse(await odoo.call(WIZARD, 'create', { vals_list: [vals] }));
  const action = await proven(odoo, await odoo.call(WIZARD, 'make_key', { ids: wizard }), password);
  const api_key = action?.context?.['default_key'];
  if (typeof api_key !== 'string' || api_key === '') throw new OdooError('unreadable', 'Odoo made a key and did not say which.');
  return { ok: true, secrets: { api_key } };
}

/** Ends all keys of this name but the newest. One that somebody else made and pasted has another name, and is his to end. */
export async function revokeOlder(odoo: OdooSession, name: string, password: string): Promise<void> {
  const older = (await keysOf(odoo, name)).slice(0, -1);
  if (older.length === 0) return;
  await proven(odoo, await odoo.call(KEYS, 'remove', { ids: older.map(idIn) }), password);
}

/** Until when the newest key of this name lives; undefined where there is none, or where it ends with nothing. */
export async function expiryOf(odoo: OdooSession, name: string): Promise<number | undefined> {
  const newest = (await keysOf(odoo, name)).at(-1);
  return newest === undefined || textOf(newest, 'expiration_date') === null ? undefined : timeOf(newest, 'expiration_date');
}

/** The oldest first. */
async function keysOf(odoo: OdooSession, name: string): Promise<readonly OdooRecord[]> {
  const { user } = await odoo.company();
  const domain = [
    ['name', '=', name],
    ['user_id', '=', user],
  ];
  try {
    const fields = ['name', 'expiration_date'];
    return readRows(await odoo.call(KEYS, 'search_read', { domain, fields })).toSorted((one, other) => idIn(one) - idIn(other));
  } catch (error) {
    // Odoo 16 and before let keys live for ever.
    if (error instanceof OdooError && error.failure.kind === 'refused') return [];
    throw error;
  }
}

const NO_PASSWORD = 'Odoo makes keys only for who proves his password again, and none is set here.';

/** Goes through the question for the password that Odoo puts before what it guards. */
async function proven(odoo: OdooSession, answer: unknown, password: string): Promise<z.output<typeof actionSchema> | undefined> {
  const action = actionSchema.safeParse(answer).data;
  if (action?.res_model !== 'res.users.identitycheck' || action.res_id === undefined) return action;
  return actionSchema.safeParse(await odoo.call('res.users.identitycheck', 'run_check', { ids: [action.res_id], context: { password } }))
    .data;
}
