import { z } from 'zod';
import { readMoney } from '../../../actors/store/money-figures.ts';
import type { MoneyFigure } from '../../../actors/store/money-figures.ts';
import { PERSON_ROLES } from '../../auth/names.ts';
import type { Hub } from '../../hub.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

/** What is going on in the whole house is for those who work in it. */
const HQ = PERSON_ROLES.filter((role) => role !== 'customer' && role !== 'agent');
const count = z.int().min(0);

const money = defineRoute({
  method: 'GET',
  path: '/v1/overview/money',
  summary: 'How much money stands in which state, each currency by itself',
  roles: HQ,
  answers: {
    200: z.strictObject({
      at: z.iso.datetime(),
      items: z.array(
        z.strictObject({
          state: z.string().describe('The state at the top of the chart of payments'),
          currency: z.string().describe('ISO 4217'),
          count,
          amount_minor: z.string().describe('An integer in minor units; a text, because sums may be larger than a JSON number is exact'),
        }),
      ),
    }),
  },
  handler: async ({ hub }) => {
    const { at, figures } = await moneyOf(hub);
    return { body: { at: new Date(at).toISOString(), items: figures } };
  },
});

/** However many look at it, the database adds up so often and no more. */
const FRESH_MS = 5_000;
const added = new WeakMap<Hub, { at: number; figures: Promise<readonly MoneyFigure[]> }>();

async function moneyOf(hub: Hub): Promise<{ at: number; figures: readonly MoneyFigure[] }> {
  const now = hub.ports.clock.now();
  let known = added.get(hub);
  if (known === undefined || now - known.at > FRESH_MS) {
    known = { at: now, figures: readMoney(hub.store.database(), 'payment') };
    added.set(hub, known);
    known.figures.catch(() => added.delete(hub));
  }
  return { at: known.at, figures: await known.figures };
}

const pulse = defineRoute({
  method: 'GET',
  path: '/v1/overview/pulse',
  summary: 'What the nodes of the hub commit, second by second',
  description:
    'Of the last five minutes at most. The node that is asked asks the others, each at most once a second; one that does not answer within a moment is named, and its share is missing from the sums.',
  roles: HQ,
  query: z.strictObject({ since: z.coerce.number().int().min(0).default(0).describe('Epoch seconds; what is newer is answered') }),
  answers: {
    200: z.strictObject({
      node: z.string().describe('Who answers'),
      nodes: z.array(
        z.strictObject({
          id: z.string(),
          figures: z
            .strictObject({
              waiting: count.describe('Events that wait in the mailboxes'),
              effects: count.describe('Calls that have not come back'),
              actors: count.describe('Actors in memory'),
              events_per_s: z.number().describe('Over the last ten seconds'),
              p99_ms: z.number().nullable().describe('The slowest of the last ten seconds'),
            })
            .nullable()
            .describe('Null of a node that does not answer'),
        }),
      ),
      seconds: z.array(
        z.strictObject({
          at: z.int().describe('Epoch seconds'),
          events: count.describe('Of all nodes that answer'),
          p50_ms: z.number().nullable().describe('From the decision to the commit, rounded up; of the slowest node'),
          p99_ms: z.number().nullable(),
        }),
      ),
    }),
  },
  handler: async ({ hub, query }) => ({ body: await hub.pulses.read(query.since) }),
});

export const overviewRoutes: readonly Route[] = [money, pulse];
