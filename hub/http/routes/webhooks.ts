import { z } from 'zod';
import type { Outcome } from '../../../actors/delivery.ts';
import { Fault } from '../../../machines/fault.ts';
import { answerWithin, toRetry } from '../outcomes.ts';
import { definePublicRoute } from '../route.ts';
import type { Route } from '../route.ts';

const told = z.strictObject({ outcomes: z.array(z.enum(['applied', 'duplicate', 'rejected', 'late', 'parked'])) });

const webhook = definePublicRoute({
  method: 'POST',
  path: '/v1/webhooks/:integration',
  summary: 'What a provider notifies',
  description:
    'Signed as the provider signs. 2xx only after what it said has been committed: a provider that hears anything else sends it again. 202 says that an actor is parked and that the notification is kept for it.',
  params: z.strictObject({ integration: z.string().max(256) }),
  body: 'raw',
  answers: { 200: told, 202: told },
  handler: async ({ hub, params, headers, body }) => {
    const open = hub.integrations.get(params.integration);
    if (open?.integration.webhook === undefined) throw new Fault('not_found', 'No integration of this name takes webhooks.');
    const events = await open.integration.webhook(headers, body);
    const outcomes: Outcome[] = [];
    // One after another: what is told may be about an actor that the one before creates.
    for (const { id, to, event } of events) outcomes.push(await answerWithin(hub, hub.runtime.notify(params.integration, id, to, event)));
    // One that may not have been committed makes the provider send all of them again; the others are duplicates then.
    const retry = outcomes.find(isRetry);
    if (retry !== undefined) throw toUnavailable(retry);
    const parked = outcomes.some(({ outcome }) => outcome === 'parked');
    return { status: parked ? 202 : 200, body: { outcomes: outcomes.map(({ outcome }) => outcome) } };
  },
});

type Retry = Outcome & { outcome: 'retry' };

function isRetry(outcome: Outcome): outcome is Retry {
  return outcome.outcome === 'retry';
}

/** 503 whatever the reason: providers know it better than 429. */
function toUnavailable(retry: Retry): Fault {
  const { code, extra } = toRetry(retry);
  return new Fault(code === 'overloaded' ? 'retry' : code, undefined, extra);
}

export const webhookRoutes: readonly Route[] = [webhook];
