import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '../machines/must.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub?.stop());

test('[BOUND-2] the hub itself answers feeds which records are bound, and shows it to nobody as something to set up', async () => {
  const rest = new Rest(hub);
  const made = await rest.create('binding', { input: { integration: 'none', model: 'partner', actor: 'client/nobody' } }, 'operator');
  expect(made.status).toBe(201);
  const { integration } = must(hub.hub.integrations.get('records'), 'the integration');
  const input = { integration: 'records', of: 'none', model: 'partner', after: '', limit: 10 };
  const call = { key: 'k', operation: 'bound', input, actor: 'feed/one', attempt: 1, signal: AbortSignal.timeout(10_000) };
  // It has no name there yet, so there is nothing to ask for.
  expect(await integration.perform(call)).toEqual({
    kind: 'done',
    output: { records: [], after: expect.stringMatching(/^binding\//), more: false },
  });
  const { body } = await rest.get('/v1/integrations', 'operator');
  expect(JSON.stringify(body)).not.toContain('"name":"records"');
});
