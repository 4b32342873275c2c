import { expect, test } from 'vitest';
import { integrations } from '../actors/integrations/integrations.ts';
import { readDraft, toDraft } from '../clients/core/schema.ts';
import { settingsOf } from '../clients/hq/setup.ts';
import { toSchema } from '../hub/http/openapi.ts';

test.each(integrations.map((kind) => [kind.name, kind] as const))(
  '[OFFICE-4] %s is set up by a form: each setting and secret has a title and says what it is, and the form sends what is set',
  (_, kind) => {
    const fields = settingsOf({ schema: toSchema(kind.config) }, (standard) => standard);
    expect(fields.map(({ name }) => name)).toEqual(Object.keys(kind.config.shape));
    expect(fields.filter((field) => field.kind === 'json' || field.hint === undefined).map(({ name }) => name)).toEqual([]);
    for (const { title, about } of Object.values(kind.secrets ?? {})) expect([title, about]).not.toContain('');
    const config = kind.config.parse({});
    expect(readDraft(fields, toDraft(fields, config, ''), '')).toEqual({ ok: true, value: config });
  },
);
