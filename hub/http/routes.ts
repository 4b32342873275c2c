import type { Route } from './route.ts';
import { actorRoutes } from './routes/actors.ts';
import { auditVerifyRoutes } from './routes/audit-verify.ts';
import { auditRoutes } from './routes/audit.ts';
import { authRoutes } from './routes/auth.ts';
import { controlRoutes } from './routes/controls.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { demoRoutes } from './routes/demo.ts';
import { historyRoutes } from './routes/history.ts';
import { importRoutes } from './routes/imports.ts';
import { inspectRoutes } from './routes/inspect.ts';
import { integrationRoutes } from './routes/integrations.ts';
import { ledgerDayRoutes } from './routes/ledger-days.ts';
import { ledgerPeriodRoutes } from './routes/ledger-periods.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { listRoutes } from './routes/lists.ts';
import { machineRoutes } from './routes/machines.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { overviewRoutes } from './routes/overview.ts';
import { peopleRoutes } from './routes/people.ts';
import { rateRoutes } from './routes/rates.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { sandboxRoutes } from './routes/sandbox.ts';
import { seeAsRoutes } from './routes/see-as.ts';
import { viewRoutes } from './routes/views.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/** Every route of the hub. A new one is one file and one line here. */
export const routes: readonly Route[] = [
  ...authRoutes,
  ...demoRoutes,
  ...actorRoutes,
  ...listRoutes,
  ...viewRoutes,
  ...overviewRoutes,
  ...auditRoutes,
  ...auditVerifyRoutes,
  ...seeAsRoutes,
  ...historyRoutes,
  ...receiptRoutes,
  ...importRoutes,
  ...ledgerRoutes,
  ...ledgerDayRoutes,
  ...ledgerPeriodRoutes,
  ...machineRoutes,
  ...webhookRoutes,
  ...sandboxRoutes,
  ...rateRoutes,
  ...peopleRoutes,
  ...integrationRoutes,
  ...controlRoutes,
  ...deadLetterRoutes,
  ...nodeRoutes,
  ...inspectRoutes,
];
