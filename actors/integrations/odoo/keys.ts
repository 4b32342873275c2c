import { z } from 'zod';
import type { Revoked, Rotated } from '../erp-operations.ts';
import { OdooError } from './failures.ts';
import type { OdooClient } from './client.ts';
import { readRows } from './session.ts';
import type { OdooSession } from './session.ts';
import { idIn, toOdooTime } from './values.ts';

const WIZARD = 'res.users.apikeys.description';
const actionSchema = z.object({
  res_model: z.string().optional(),
  res_id: z.int().optional(),
  context: z.record(z.string(), z.unknown()).optional(),
});
const DAY_MS = 24 * 60 * 60 * 1000;

type Identity = { readonly password: string; readonly now: number };

/**
 * Makes a new key, and answers it once Odoo takes it. Odoo asks for the password before it does, and has no way around that. A try whose answer was
 * lost leaves a key behind that nobody has: it ends with its days, or with `revokeKeys`.
 */
export async function rotateKey(
  odoo: OdooSession,
  order: { readonly name: string; readonly days: number },
  { password, now }: Identity,
  open: (api_key: string) => OdooClient,
): Promise<Rotated> {
  if (password === '') return { outcome: 'needs_somebody', why: NO_PASSWORD };
  const expiration_date = toOdooTime(now + order.days * DAY_MS);
  const wizard = z
    .array(z.int())
    .parse(await odoo.call(WIZARD, 'create', { vals_list: [{ name: order.name, duration: '-1', expiration_date }] }));
  const action = await proven(odoo, await odoo.call(WIZARD, 'make_key', { ids: wizard }), password);
  const key = action?.context?.['default_key'];
  if (typeof key !== 'string' || key === '') throw new OdooError('unreadable', 'Odoo made a key and did not say which.');
  await open(key).call('res.users', 'context_get', {}, odoo.signal);
  return { outcome: 'rotated', key };
}

/** Ends all keys of the user that have this name. Repeated, there are none to end. */
export async function revokeKeys(odoo: OdooSession, name: string, { password }: Identity): Promise<Revoked> {
  const { user } = await odoo.company();
  const domain = [
    ['name', '=', name],
    ['user_id', '=', user],
  ];
  const rows = readRows(await odoo.call('res.users.apikeys', 'search_read', { domain, fields: ['name'] }));
  if (rows.length === 0) return { outcome: 'revoked' };
  if (password === '') return { outcome: 'needs_somebody', why: NO_PASSWORD };
  await proven(odoo, await odoo.call('res.users.apikeys', 'remove', { ids: rows.map(idIn) }), password);
  return { outcome: 'revoked' };
}

const NO_PASSWORD = 'Odoo makes and ends keys only for who proves his password again, and none is set here.';

/** Goes through the question for the password that Odoo puts before what it guards. */
async function proven(odoo: OdooSession, answer: unknown, password: string): Promise<z.output<typeof actionSchema> | undefined> {
  const action = actionSchema.safeParse(answer).data;
  if (action?.res_model !== 'res.users.identitycheck' || action.res_id === undefined) return action;
  return actionSchema.safeParse(await odoo.call('res.users.identitycheck', 'run_check', { ids: [action.res_id], context: { password } }))
    .data;
}
