import { z } from 'zod';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { page } from '../schemas.ts';

const letter = z.strictObject({
  id: z.string(),
  address: z.string(),
  event: z.looseObject({ type: z.string() }),
  event_id: z.string(),
  caller: z.string(),
  reason: z.string(),
  detail: z.string(),
  at: z.iso.datetime(),
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/dead-letters',
  summary: 'Events that could not be applied, newest first',
  roles: ['operator', 'admin', 'auditor'],
  query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
  answers: { 200: page(letter) },
  handler: async ({ hub, query }) => {
    const rows = await hub.store.deadLetters(query.limit);
    const items = rows.map(({ id, actor, event, event_id, caller, reason, detail, at }) => {
      return {
        id,
        address: actor,
        event: JSON.parse(event) as { type: string },
        event_id,
        caller,
        reason,
        detail,
        at: new Date(at).toISOString(),
      };
    });
    return { body: { items, next: null } };
  },
});

export const deadLetterRoutes: readonly Route[] = [list];
