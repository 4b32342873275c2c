import { z } from 'zod';
import { sandboxFaultSchema } from '../../../actors/integrations/sandbox/faults.ts';
import { chargesQuerySchema } from '../../../actors/integrations/sandbox/journal.ts';
import { isSandbox } from '../../../actors/integrations/sandbox/sandbox.ts';
import type { Sandbox } from '../../../actors/integrations/sandbox/sandbox.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId } from '../../../machines/ids.ts';
import type { Hub } from '../../hub.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { page } from '../schemas.ts';

const charge = z.strictObject({
  key: z.string(),
  payment: z.string().describe("The id of the payment's actor"),
  operation: z.string(),
  amount_minor: z.int(),
  currency: z.string(),
  at: z.iso.datetime(),
});

const script = defineRoute({
  method: 'POST',
  path: '/v1/sandbox/faults',
  summary: 'Have the sandbox gateway fail',
  description: 'The next `times` calls that match have the fault.',
  roles: ['operator', 'admin'],
  body: sandboxFaultSchema,
  answers: { 200: sandboxFaultSchema },
  handler: async ({ hub, body }) => {
    const payment = body.match?.payment;
    if (payment !== undefined && !isId(payment)) throw new Fault('bad_id');
    await sandboxOf(hub).faults.add(body);
    return { body };
  },
});

const charges = defineRoute({
  method: 'GET',
  path: '/v1/sandbox/charges',
  summary: 'What the sandbox gateway really did, oldest first',
  description: 'From its own journal. A call that was answered by its key adds nothing.',
  roles: ['operator', 'auditor', 'admin'],
  query: chargesQuerySchema,
  answers: { 200: page(charge) },
  handler: async ({ hub, query }) => {
    if (query.payment !== undefined && !isId(query.payment)) throw new Fault('bad_id');
    return { body: await sandboxOf(hub).charges(query) };
  },
});

function sandboxOf(hub: Hub): Sandbox {
  for (const { integration } of hub.integrations.values()) if (isSandbox(integration)) return integration;
  throw new Fault('not_found', 'This hub has no sandbox gateway.');
}

export const sandboxRoutes: readonly Route[] = [script, charges];
