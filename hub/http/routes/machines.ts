import { z } from 'zod';
import type { Caller } from '../../../actors/caller.ts';
import { Fault } from '../../../machines/fault.ts';
import type { Definition } from '../../../machines/machine.ts';
import { PERSON_ROLES } from '../../auth/names.ts';
import type { Hub } from '../../hub.ts';
import { chartOf } from '../../machine-chart.ts';
import { readFigures } from '../../machine-figures.ts';
import { definitionOf, scopeOf } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

/** People of HQ: a chart tells how the house decides, and figures count what a customer may not see. */
const HQ = PERSON_ROLES.filter((role) => role !== 'customer' && role !== 'agent');

const path = z.string().describe('Levels joined with dots');
const state = z.strictObject({
  path,
  key: z.string(),
  type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
  tags: z.array(z.string()),
  description: z.string().optional(),
  initial: path.optional(),
  history: z.enum(['shallow', 'deep']).optional(),
  invokes: z.array(z.strictObject({ id: z.string(), src: z.string() })),
  alone: z.literal(true).optional().describe('It goes on by itself, and nobody is waited for'),
  // A schema that refers to itself has no name in the description of the API.
  states: z.array(z.looseObject({ path })).describe('The states within, each in the same shape'),
});

const trigger = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('event') }),
  z.strictObject({ kind: z.literal('after'), delay: z.string(), ms: z.number().optional() }),
  z.strictObject({ kind: z.enum(['done', 'error']), invoke: z.string() }),
  z.strictObject({ kind: z.literal('complete') }),
  z.strictObject({ kind: z.literal('always') }),
]);

const transition = z.strictObject({
  id: z.string(),
  source: path,
  targets: z.array(path).describe('Empty where it stays'),
  event: z.string().describe('As the journal has it; empty for what happens at once'),
  trigger,
  guard: z.string().optional(),
  description: z.string().optional(),
  actions: z.array(z.string()),
  reenter: z.boolean(),
});

const chart = z.strictObject({
  type: z.string(),
  version: z.int(),
  root: state,
  transitions: z.array(transition),
  events: z.array(z.strictObject({ type: z.string(), roles: z.array(z.string()) })),
});

const count = z.int().min(0);
const moment = z.iso.datetime();
const figures = z.strictObject({
  at: moment,
  total: count,
  counts: z.record(z.string(), count).describe('By path; an actor counts in its state and in each one around it'),
  whole: z.boolean().describe('False while some actors have not been counted yet'),
  flow: z.record(z.string(), z.strictObject({ hour: count, day: count })).describe('How often, by the id of the transition'),
  flowSince: moment.nullable(),
  stuck: z.array(
    z.strictObject({
      address: z.string(),
      title: z.string(),
      state: z.array(z.string()),
      since: moment.describe('When it moved last'),
      why: z.enum(['effect', 'timer', 'overdue', 'parked']),
      due: moment.nullable().describe('When its next timer fires'),
    }),
  ),
  stuckAfter: z.int().describe('Milliseconds'),
  stuckWhole: z.boolean(),
});

const ofType = z.strictObject({ type: z.string().max(256).describe('The kind of actor, for example payment') });

const list = defineRoute({
  method: 'GET',
  path: '/v1/machines',
  summary: 'The machines that the hub hosts',
  roles: HQ,
  answers: {
    200: z.strictObject({ items: z.array(z.strictObject({ type: z.string(), version: z.int(), states: count, transitions: count })) }),
  },
  handler: async ({ hub, caller }) => {
    const charts = [...hub.runtime.definitions.values()].filter((one) => mayKnow(one, caller)).map(chartOf);
    const items = charts.map(({ type, version, root, transitions }) => {
      const states = (within: typeof root): number => within.states.reduce((sum, one) => sum + 1 + states(one), 0);
      return { type, version, states: states(root), transitions: transitions.length };
    });
    return { body: { items } };
  },
});

const get = defineRoute({
  method: 'GET',
  path: '/v1/machines/:type',
  summary: 'The chart of a machine: its states, what leads from one to another, and who may send what',
  roles: HQ,
  params: ofType,
  answers: { 200: chart },
  handler: async ({ hub, caller, params }) => ({ body: chartOf(mustKnowMachine(hub, params.type, caller)) }),
});

const MINUTES = 60_000;

const getFigures = defineRoute({
  method: 'GET',
  path: '/v1/machines/:type/figures',
  summary: 'How many actors stand in each state, how they moved, and what is stuck',
  description:
    'Counted along with what is committed, never by going through all actors: `counts` are those of now on this node and a few seconds old for others, `flow` of the last hour and the last day as far back as `flowSince`.',
  roles: HQ,
  params: ofType,
  query: z.strictObject({
    stuckAfter: z.coerce
      .number()
      .int()
      .min(1_000)
      .max(7 * 24 * 60 * MINUTES)
      .default(5 * MINUTES)
      .describe('Milliseconds without a move after which an actor that should go on by itself is stuck'),
  }),
  answers: { 200: figures },
  handler: async ({ hub, caller, params, query }) => ({
    body: await readFigures(hub, mustKnowMachine(hub, params.type, caller), query.stuckAfter),
  }),
});

/** Throws the fault `not_found` for a kind of actor that the caller may not know of, or may know only some of. */
function mustKnowMachine(hub: Hub, type: string, caller: Caller): Definition {
  const definition = definitionOf(hub, type);
  if (!mayKnow(definition, caller)) throw new Fault('not_found', 'There is no such kind of actor.');
  return definition;
}

function mayKnow(definition: Definition, caller: Caller): boolean {
  return definition.views.hq?.rows === 'all' && scopeOf(definition, caller).audience === 'hq';
}

export const machineRoutes: readonly Route[] = [list, get, getFigures];
