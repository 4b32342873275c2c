import { afterAll, beforeAll } from 'vitest';
import { sandbox } from '../../actors/integrations/sandbox/sandbox.ts';
import { call, sandboxWorld, operations } from '../support/sandbox.ts';
import type { SandboxWorld } from '../support/sandbox.ts';
import { conform } from './conformance.ts';

let world: SandboxWorld;
beforeAll(async () => {
  world = await sandboxWorld();
});
afterAll(() => world?.close());

const asked = { integration: 'sandbox', operation_id: 'pay_1-authorize-1' };
const about = { payment: 'pay_1', amount_minor: 1000, currency: 'EUR', reference: 'INV-7' };
const follow = (name: string) => ({ integration: 'sandbox', operation_id: `pay_1-${name}-1`, ...about, authorization: 'auth_1' });

conform({
  kind: sandbox,
  inputs: {
    authorize: { ...asked, ...about },
    capture: follow('capture'),
    refund: follow('refund'),
    void: follow('void'),
    lookup: asked,
    close: asked,
  },
  wrong: [[{ latency_ms: -1 }, 'latency_ms']],
  open: (config) => world.start(config),
  twice: async () => {
    const gateway = await world.start();
    for (let i = 0; i < 2; i++) await call(gateway, 'authorize', { key: 'hub/payment/pay_1@3#0/hash', id: 'pay_1-authorize-1' });
    return (await operations(gateway)).length;
  },
});
