import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

const put = (body: Json): Promise<Reply> => rest.call('PUT', '/v1/integrations/sandbox', { as: 'operator', body });

test('[OFFICE-5] the hub says what an integration can be given: settings by their schema, secrets by name and whether they are set', async () => {
  const { body } = await rest.get('/v1/integrations', 'operator');
  const [sandbox = {}, checks] = body['items'] as Json[];
  expect(sandbox).toMatchObject({
    name: 'sandbox',
    config: { webhooks: 'scripted', latency_ms: 0 },
    schema: {
      type: 'object',
      properties: {
        webhooks: { enum: ['scripted', 'always'], default: 'scripted', title: expect.any(String) as string },
        latency_ms: { type: 'integer', minimum: 0, maximum: 60_000, description: expect.any(String) as string },
      },
    },
    secrets: ['webhook_secret'],
    needs: [{ name: 'webhook_secret', required: true, set: true }],
  });
  expect((sandbox['schema'] as Json)['required']).toBeUndefined();
  expect(checks).toMatchObject({ name: 'sandbox_checks', config: {}, schema: { properties: {} }, secrets: [], needs: [] });
});

test('[OFFICE-5] a secret that is needed and missing is named with all else that is wrong, and nothing is changed', async () => {
  const { settings, vault } = hub.hub;
  const place = 'integration.sandbox.secrets';
  await settings.set(place, vault.seal(place, '{}'));
  expect((await put({ config: { latency_ms: -1 } })).body).toMatchObject({
    status: 422,
    errors: [{ where: 'config.latency_ms' }, { where: 'secrets.webhook_secret', what: 'Signing secret of webhooks is needed.' }],
  });
  const given = await put({ config: { latency_ms: 3 }, secrets: { webhook_secret: 'typed' } });
  expect(given.body).toMatchObject({ config: { latency_ms: 3 }, needs: [{ name: 'webhook_secret', set: true }] });
  expect(JSON.stringify(given.body)).not.toContain('typed');
});
