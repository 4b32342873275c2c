import { afterAll, beforeAll } from 'vitest';
import { ecb } from '../../actors/integrations/ecb/ecb.ts';
import { sandboxChecks } from '../../actors/integrations/sandbox-checks/sandbox-checks.ts';
import { sandboxRates } from '../../actors/integrations/sandbox-rates/sandbox-rates.ts';
import { stripe } from '../../actors/integrations/stripe/stripe.ts';
import { carrier } from '../fixtures/carrier.ts';
import { FaultyServer } from '../support/faulty-server.ts';
import { API_KEY, WEBHOOK_SECRET, move, openStripe } from '../support/stripe.ts';
import { StripeServer } from '../support/stripe-server.ts';
import { conform } from './conformance.ts';

let stripeServer: StripeServer;
let carrierServer: FaultyServer;
beforeAll(async () => {
  stripeServer = await StripeServer.start();
  carrierServer = await FaultyServer.start();
});
afterAll(() => Promise.all([stripeServer.stop(), carrierServer.stop()]));

const client = { integration: 'sandbox_checks', client: 'acme', name: 'Acme', country: 'DE', documents: ['a.pdf'], bank_account: 'DE00' };
const asked = { integration: 'stripe', operation_id: 'pay_1-authorize-1' };
const about = { payment: 'pay_1', amount_minor: 1000, currency: 'EUR', reference: 'INV-7' };
const follow = (name: string) => ({ integration: 'stripe', operation_id: `pay_1-${name}-1`, ...about, authorization: 'pi_1' });

conform({ kind: sandboxChecks, inputs: { identity: client, bank_account: client, sanctions: client } });

conform({ kind: sandboxRates, inputs: { fetch: { integration: 'sandbox_rates', after: null } } });

conform({
  kind: ecb,
  settings: (url) => ({ base_url: url }),
  inputs: { fetch: { integration: 'ecb', after: null } },
  wrong: [[{ base_url: 'http://elsewhere.example/' }, 'base_url']],
});

conform({
  kind: stripe,
  settings: (url) => ({ base_url: url }),
  secrets: { api_key: API_KEY, webhook_secret: WEBHOOK_SECRET },
  inputs: {
    authorize: { ...asked, ...about },
    capture: follow('capture'),
    refund: follow('refund'),
    void: follow('void'),
    lookup: asked,
    close: asked,
  },
  wrong: [
    [{ base_url: 'http://elsewhere.example/' }, 'base_url'],
    [{ customer: 'not an id' }, 'customer'],
  ],
  twice: async () => {
    const gateway = await openStripe(stripeServer);
    await move(gateway, 'authorize-1');
    await move(gateway, 'authorize-1');
    return stripeServer.intents.length;
  },
});

conform({
  kind: carrier,
  settings: (url) => ({ base_url: url }),
  secrets: { api_key: 'ck_of_the_test' },
  inputs: { ship: { integration: 'carrier', parcel: 'p1', grams: 500 } },
  wrong: [[{ base_url: 'ftp://carrier.example/' }, 'base_url']],
  twice: async () => {
    carrierServer.play = (_, response) => void response.end('{"label":"L1"}');
    const ports = { log: {} } as never;
    const database = { query: () => Promise.reject(new Error('It keeps nothing')) };
    const around = { ports, database, hubUrl: () => undefined, gate: undefined as never };
    const open = await carrier.open({ ...around, config: { base_url: carrierServer.url }, secrets: {} });
    for (const attempt of [1, 2]) {
      const input = { integration: 'carrier', parcel: 'p1', grams: 500 };
      await open.perform({ key: 'k1', operation: 'ship', input, actor: 'a/b', attempt, signal: new AbortController().signal });
    }
    return new Set(carrierServer.taken.map(({ headers }) => headers['idempotency-key'])).size;
  },
});
