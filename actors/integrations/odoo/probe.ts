import { z } from 'zod';
import type { Probed } from '../integration.ts';
import { OdooError } from './failures.ts';
import { expiryOf } from './keys.ts';
import type { OdooSession } from './session.ts';
import { contractOf, USED } from './shapes.ts';
import type { ModelShapes } from './shapes.ts';

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

/** Which Odoo answers there, what the models look like that the hub works with, and until when its key lives. */
export async function probe(odoo: OdooSession, keys: string): Promise<Probed> {
  const version = await odoo.client.version(odoo.signal);
  const { company } = await odoo.company();
  const [own] = await odoo.rows('res.company', [['id', '=', company]], ['name']);
  if (own === undefined) throw new OdooError('forbidden', 'The user may not read his own company.');
  const models = await shapesOf(odoo, Number(/\d+/.exec(version)?.[0] ?? 0));
  const expires_at = await expiryOf(odoo, keys);
  return { ok: true, version, contract: contractOf(models), ...(expires_at === undefined ? {} : { expires_at }) };
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
      kept.map(([name, { relation, ...field }]) => [
        name,
        {
          ...field,
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
