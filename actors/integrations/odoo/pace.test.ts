import { describe, expect, test } from 'vitest';
import { VirtualPorts } from '../../ports/virtual.ts';
import { paceOf } from './pace.ts';

describe('the pace of requests to Odoo', () => {
  test('[ODOO-60] one request a second is one a second, however many ask at once', async () => {
    const ports = new VirtualPorts();
    const pace = paceOf({ per_second: 1 }, ports);
    const at: number[] = [];
    const began = ports.clock.now();
    const asked = Array.from({ length: 5 }, async () => {
      await pace(AbortSignal.timeout(60_000));
      at.push(ports.clock.now() - began);
    });
    await ports.advance(10_000);
    await Promise.all(asked);
    expect(at).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  });

  test('[ODOO-61] whoever is given up meanwhile sends nothing, and it can be tried again', async () => {
    const ports = new VirtualPorts();
    const pace = paceOf({ per_second: 1 }, ports);
    const given = new AbortController();
    await pace(given.signal);
    const second = pace(given.signal);
    given.abort();
    await Promise.all([expect(second).rejects.toMatchObject({ failure: { kind: 'unavailable' } }), ports.advance(2_000)]);
  });

  test('[ODOO-62] without a limit nobody waits', async () => {
    const ports = new VirtualPorts();
    const pace = paceOf({}, ports);
    for (let n = 0; n < 100; n++) await pace(AbortSignal.timeout(1_000));
    expect(ports.clock.monotonic()).toBe(new VirtualPorts().clock.monotonic());
  });
});
