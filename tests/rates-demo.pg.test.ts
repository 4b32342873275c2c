import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemo } from '../hub/demo/demo.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest } from './support/rest.ts';
import { eventually } from './support/socket-client.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

test('[RATE-19] a hub has no rates until somebody asks for them; the demo has those of the sandbox and calls nobody outside', async () => {
  expect((await rest.get('/v1/rates', 'clerk')).body).toEqual({ items: [] });
  const convert = '/v1/rates/convert?amount_minor=100&from=EUR&to=USD';
  expect((await rest.get(convert, 'clerk')).body['code']).toBe('rates_missing');
  for (let start = 0; start < 2; start++) {
    const demo = startDemo(hub.hub);
    await demo.opened;
    demo.stop();
  }
  await eventually(async () => (await rest.get(convert, 'clerk')).status === 200);
  expect((await rest.get(convert, 'clerk')).body).toMatchObject({ source: 'sandbox', actor: 'rates/sandbox' });
  const { body } = await rest.get('/v1/actors/integration/ecb', 'operator');
  expect(body['state']).toContain('lifecycle.disabled');
});
