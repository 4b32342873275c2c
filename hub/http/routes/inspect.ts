import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { MOST_RATE, readAim } from '../../inspect/aim.ts';
import type { Aim } from '../../inspect/aim.ts';
import { INSPECTOR_ROLE } from '../../inspect/inspection.ts';
import type { Caller } from '../../../actors/caller.ts';
import type { Hub } from '../../hub.ts';
import { addressOf, definitionOf, mustKnow, scopeOf } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

const tickets = defineRoute({
  method: 'POST',
  path: '/v1/inspect/tickets',
  summary: 'Opens the inspector',
  description:
    'The URL is that of a page and of a WebSocket with the frames of @statelyai/inspect, for one connection within a minute. It shows ' +
    'what you may see, and ends when you may not any more. Of a type and of everything a sample of whole actors can be asked for.',
  roles: [INSPECTOR_ROLE],
  body: z.strictObject({
    target: z.string().max(128).describe('An actor (`payment/pay_1`), a type (`payment`) or everything (`*`)'),
    sample: z.number().gt(0).max(1).optional().describe('Which share of the actors is shown; 1 unless said otherwise'),
    rate: z.int().min(1).max(MOST_RATE).optional().describe('The most frames in a second; 1000 for an actor, else 200'),
  }),
  answers: { 200: z.strictObject({ url: z.string() }) },
  handler: async ({ hub, caller, body }) => {
    if (!hub.config.inspect) throw new Fault('not_found', 'The inspector of this hub is closed; HUB_INSPECT=1 opens it.');
    const aim = readAim(body.target, body);
    await mustReach(hub, caller, aim);
    return { body: { url: `${hub.url()}/inspect/?ticket=${hub.tickets.issue(caller.id, aim)}` } };
  },
});

/** Throws the fault `not_found` for what the caller may not know of. */
async function mustReach(hub: Hub, caller: Caller, { target }: Aim): Promise<void> {
  if (target.kind === 'all') return;
  scopeOf(definitionOf(hub, target.type), caller);
  if (target.kind === 'type') return;
  const [, id = ''] = target.address.split('/');
  const { definition, address } = addressOf(hub, { type: target.type, id });
  await mustKnow(hub, definition, address, caller);
}

export const inspectRoutes: readonly Route[] = [tickets];
