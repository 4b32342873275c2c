import { z } from 'zod';
import { mustBeText } from '../../../actors/gate.ts';
import type { Hub } from '../../hub.ts';
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
  can: z
    .strictObject({
      operations: z.array(z.string()),
      reads: z.array(z.string()).describe('The operations that change nothing'),
      webhooks: z.boolean(),
      probes: z.boolean().describe('It can be looked at'),
      rotates: z.boolean().describe('It can have new credentials made'),
      limits: z.strictObject({ per_second: z.number().optional(), burst: z.number().optional(), per_day: z.number().optional() }),
    })
    .describe('What it can do'),
  waiting: z
    .strictObject({ queued: z.int(), under_way: z.int(), oldest_ms: z.int() })
    .describe('What waits for it on the node that answers: for a place or a pass, for its answer, and the longest wait of them'),
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/integrations',
  summary: 'How the integrations are set up, and what each can be given',
  description: 'How they do is shown by the actors of the type integration.',
  roles: ['operator', 'admin', 'developer', 'auditor'],
  answers: { 200: z.strictObject({ items: z.array(setup) }) },
  handler: async ({ hub }) => ({ body: { items: (await hub.setups.setups()).map((one) => toBody(hub, one)) } }),
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
    return { body: toBody(hub, saved) };
  },
});

const exchange = defineRoute({
  method: 'POST',
  path: '/v1/integrations/:name/secrets',
  summary: 'Exchange the credentials of an integration',
  description:
    'The new ones are kept apart and tried, and replace the old ones when they were seen to work; until then, and where they do not, the old ones stay in use. For an integration that can be looked at.',
  roles: ['operator', 'admin'],
  params: z.strictObject({ name: z.string().max(256) }),
  body: z.strictObject({
    secrets: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().min(1).max(8192))
      .refine((secrets) => Object.keys(secrets).length > 0, 'names no secret'),
  }),
  answers: { 200: setup },
  handler: async ({ hub, caller, params, body }) => {
    mustBeText(body, 0);
    const saved = await hub.setups.replaceSecrets(params.name, body.secrets);
    hub.log.info({ integration: params.name, by: caller.id }, 'The credentials of an integration were exchanged');
    return { body: toBody(hub, saved) };
  },
});

const NOTHING = { queued: 0, under_way: 0, oldest_ms: 0 };

function toBody(hub: Hub, saved: Setup): z.infer<typeof setup> {
  const { schema, secrets, needs, can } = saved;
  const waiting = hub.runtime.backlog().get(saved.name) ?? NOTHING;
  return {
    ...saved,
    schema: toSchema(schema) as Record<string, unknown>,
    secrets: [...secrets],
    needs: [...needs],
    can: { ...can, operations: [...can.operations], reads: [...can.reads], limits: { ...can.limits } },
    waiting: { ...waiting, oldest_ms: Math.round(waiting.oldest_ms) },
  };
}

export const integrationRoutes: readonly Route[] = [list, put, exchange];
