import { z } from 'zod';
import type { ModelShapes, Probe } from '../erp-operations.ts';
import { OdooError } from './failures.ts';
import type { OdooSession } from './session.ts';
import { fingerprintOf, USED } from './shapes.ts';
import { linkOf, textOf } from './values.ts';

const fieldsSchema = z.record(
  z.string(),
  z.object({
    type: z.string(),
    required: z.boolean().default(false),
    readonly: z.boolean().default(false),
    relation: z.string().optional(),
    /** Somebody added it to this Odoo. */
    manual: z.boolean().default(false),
  }),
);

/** Who answers there, for whom, and what the models look like that the hub works with. */
export async function probe(
  odoo: OdooSession,
  { database, password }: { readonly database: string; readonly password: string },
): Promise<Probe> {
  const version = await odoo.client.version(odoo.signal);
  const { login, company } = await odoo.company();
  const [of] = await odoo.rows('res.company', [['id', '=', company]], ['name', 'currency_id']);
  if (of === undefined) throw new OdooError('forbidden', 'The user may not read his own company.');
  const currency = (await odoo.currencies()).get(linkOf(of, 'currency_id') ?? 0);
  const major = Number(/\d+/.exec(version)?.[0] ?? 0);
  const models = await shapesOf(odoo, major);
  return {
    product: 'odoo',
    version,
    major,
    database,
    user: login,
    company: { id: String(company), name: textOf(of, 'name') ?? '', currency: currency ?? '' },
    capabilities: [
      odoo.client.protocol,
      ...(models['account.move'] === undefined ? [] : ['bills']),
      ...(models['account.payment'] === undefined ? [] : ['payments']),
      ...(password === '' ? [] : ['rotate_key']),
    ],
    models,
    fingerprint: fingerprintOf(models),
  };
}

/** The fields that the hub uses, those that Odoo requires and those that somebody added. A model of an app that is not installed is left out. */
async function shapesOf(odoo: OdooSession, major: number): Promise<ModelShapes> {
  const models: ModelShapes = {};
  for (const [model, used] of Object.entries(USED)) {
    const fields = await fieldsOf(odoo, model);
    if (fields === undefined) continue;
    const kept = Object.entries(fields).filter(([name, field]) => field.required || field.manual || used.includes(name));
    const required = kept.filter(([, field]) => field.required).map(([name]) => name);
    const defaults = z
      .record(z.string(), z.unknown())
      .parse(await odoo.call(model, 'default_get', { [major >= 19 ? 'fields' : 'fields_list']: required }));
    models[model] = Object.fromEntries(
      kept.map(([name, { type, required: isRequired, readonly, relation }]) => [
        name,
        {
          type,
          required: isRequired,
          readonly,
          ...(relation === undefined ? {} : { relation }),
          ...(Object.hasOwn(defaults, name) ? { defaulted: true as const } : {}),
        },
      ]),
    );
  }
  return models;
}

async function fieldsOf(odoo: OdooSession, model: string): Promise<z.output<typeof fieldsSchema> | undefined> {
  try {
    const attributes = ['type', 'required', 'readonly', 'relation', 'manual'];
    return fieldsSchema.parse(await odoo.call(model, 'fields_get', { attributes }));
  } catch (error) {
    if (error instanceof OdooError && error.failure.kind === 'not_found') return undefined;
    throw error;
  }
}
