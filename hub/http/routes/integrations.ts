import { z } from 'zod';
import { mustBeText } from '../../../actors/gate.ts';
import type { Setup } from '../../integrations.ts';
import { toSchema } from '../openapi.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

const setup = z.strictObject({
  name: z.string(),
  title: z.string(),
  provides: z.string().describe('The first part of the effects that it does'),
  config: z.unknown().describe('Its settings, with what holds where nothing was set'),
  schema: z.record(z.string(), z.unknown()).describe('JSON Schema of the settings, with a title and a description for people'),
  secrets: z.array(z.string()).describe('The names of those that are set; what they are is never shown'),
  needs: z
    .array(z.strictObject({ name: z.string(), title: z.string(), about: z.string(), required: z.boolean(), set: z.boolean() }))
    .describe('The secrets that it works with'),
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/integrations',
  summary: 'How the integrations are set up, and what each can be given',
  description: 'How they do is shown by the actors of the type integration.',
  roles: ['operator', 'admin', 'developer', 'auditor'],
  answers: { 200: z.strictObject({ items: z.array(setup) }) },
  handler: async ({ hub }) => ({ body: { items: (await hub.setups.setups()).map(toBody) } }),
});

const put = defineRoute({
  method: 'PUT',
  path: '/v1/integrations/:name',
  summary: 'Set an integration up',
  description:
    'Every node uses it at once. Secrets that are not named stay; none is ever shown. What is wrong or missing is named in `errors`, by `config.<setting>` and `secrets.<name>`.',
  roles: ['operator', 'admin'],
  params: z.strictObject({ name: z.string().max(256) }),
  body: z.strictObject({
    config: z.record(z.string(), z.unknown()).default({}),
    secrets: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().min(1).max(8192)).default({}),
  }),
  answers: { 200: setup },
  handler: async ({ hub, caller, params, body }) => {
    mustBeText(body, 0);
    const saved = await hub.setups.configure(params.name, body.config, body.secrets);
    hub.log.info({ integration: params.name, by: caller.id }, 'An integration was set up anew');
    return { body: toBody(saved) };
  },
});

function toBody(saved: Setup): z.infer<typeof setup> {
  return { ...saved, schema: toSchema(saved.schema) as Record<string, unknown>, secrets: [...saved.secrets], needs: [...saved.needs] };
}

export const integrationRoutes: readonly Route[] = [list, put];
