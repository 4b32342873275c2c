import { afterAll, beforeAll, expect, test } from 'vitest';
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
afterAll(() => hub.stop());

test('[SEARCH-2] a reference is found by all of it and by its beginning, also where parts of it look like numbers', async () => {
  const references = ['0e512ef7-41d8-4c1b-9e17-3f2e7a000001', '12e5-7-00-1e9', 'RF18-5390-77', '2026/11-0042.7', '3.14e-10'];
  const made = new Map<string, string>();
  for (const reference of references) made.set(reference, await rest.payment({ reference }));
  const found = async (q: string): Promise<unknown[]> => {
    const { body } = await rest.get(`/v1/actors/payment?q=${encodeURIComponent(q)}`, 'clerk');
    return (body['items'] as { address: string }[]).map(({ address }) => address);
  };
  for (const [reference, address] of made) {
    for (const q of [reference, reference.toUpperCase(), reference.slice(0, -1)].filter((text) => /\w/.test(text)))
      await eventually(
        async () => (await found(q)).includes(address),
        8_000,
        () => `${q} does not find ${reference}`,
      );
  }
  expect(await found('0e512ef7-41d8-ffff')).toEqual([]);
});
