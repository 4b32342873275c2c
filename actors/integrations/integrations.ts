import type { IntegrationKind } from './integration.ts';
import { ecb } from './ecb/ecb.ts';
import { imports } from './imports/imports.ts';
import { ledger } from './ledger/ledger.ts';
import { odoo } from './odoo/odoo.ts';
import { records } from './records/records.ts';
import { sandbox } from './sandbox/sandbox.ts';
import { sandboxChecks } from './sandbox-checks/sandbox-checks.ts';
import { sandboxErp } from './sandbox-erp/sandbox-erp.ts';
import { sandboxRates } from './sandbox-rates/sandbox-rates.ts';
import { stripe } from './stripe/stripe.ts';

/** Every integration that the hub knows. */
export const integrations: readonly IntegrationKind[] = [
  sandbox,
  sandboxChecks,
  sandboxRates,
  ecb,
  stripe,
  odoo,
  sandboxErp,
  ledger,
  imports,
  records,
];
