import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { Rest, type Json } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub();
  rest = new Rest(hub);
});
afterAll(() => hub?.stop());

test('[DESK-19] money is added up by state and currency, exactly, and never across currencies', async () => {
  await rest.payment({ amount_minor: 12_345, currency: 'EUR' });
  await rest.payment({ amount_minor: 7, currency: 'EUR' });
  await rest.payment({ amount_minor: 1_500, currency: 'JPY' });
  await rest.payment({ amount_minor: 999_999_999_999, currency: 'KWD' });
  await rest.payment({ amount_minor: 999_999_999_999, currency: 'KWD' });
  const submitted = await rest.payment({ amount_minor: 500_000, currency: 'EUR' });
  expect((await rest.send(submitted, { type: 'SUBMIT' })).status).toBe(200);
  const { status, body } = await rest.get('/v1/overview/money', 'auditor');
  expect(status).toBe(200);
  expect(body['items']).toEqual([
    { state: 'draft', currency: 'EUR', count: 2, amount_minor: '12352' },
    { state: 'draft', currency: 'JPY', count: 1, amount_minor: '1500' },
    { state: 'draft', currency: 'KWD', count: 2, amount_minor: '1999999999998' },
    { state: 'needs_approval', currency: 'EUR', count: 1, amount_minor: '500000' },
  ]);
});

test('[DESK-20] the pulse of the hub tells what it commits, to people of HQ alone', async () => {
  expect((await rest.get('/v1/overview/pulse', 'clerk')).status).toBe(200);
  await rest.payment();
  await rest.payment();
  const seen = async (): Promise<number> => {
    const { body } = await rest.get('/v1/overview/pulse', 'clerk');
    return (body['seconds'] as Json[]).reduce((sum, { events }) => sum + Number(events), 0);
  };
  await expect.poll(seen, { timeout: 5_000 }).toBeGreaterThanOrEqual(2);
  const { body } = await rest.get('/v1/overview/pulse', 'clerk');
  expect(body['nodes']).toMatchObject([{ id: hub.hub.node, figures: { waiting: 0, actors: expect.any(Number) as number } }]);
  for (const path of ['/v1/overview/pulse', '/v1/overview/money']) expect((await rest.get(path, 'acme')).status).toBe(403);
});
