import { z } from 'zod';
import { answerWithin } from '../outcomes.ts';
import { toStates } from '../../../actors/envelope.ts';
import { faultOf } from '../../../actors/letters.ts';
import type { Listed } from '../../../actors/store/operations.ts';
import { Fault } from '../../../machines/fault.ts';
import { readAddress, typeOf } from '../../../machines/ids.ts';
import type { Hub } from '../../hub.ts';
import type { Subject } from '../../view.ts';
import { keyHeader, readKey } from '../key.ts';
import { addressOf, definitionOf, mustKnow, readSubject, seeActor } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { page } from '../schemas.ts';

const OPERATORS = ['operator', 'admin'] as const;
const ofType = z.strictObject({ type: z.string().max(256) });
const ofActor = ofType.extend({ id: z.string().max(256) });
const reason = z.string().trim().min(1).max(500).refine(isText, 'NUL and halves of surrogate pairs are not taken');
const moment = z.iso.datetime();

const standing = z.strictObject({
  address: z.string(),
  version: z.int(),
  state: z.array(z.string()),
  parked: z
    .strictObject({ code: z.string(), detail: z.string(), at: moment, by: z.string().nullable() })
    .nullable()
    .describe('Why it stands still: `paused` by an operator, or a fault'),
  proposed: z
    .strictObject({ version: z.int(), state: z.string(), effects: z.enum(['refuse', 'start']), by: z.string(), reason: z.string() })
    .nullable()
    .describe('A state that somebody else has to confirm'),
  timers: z.array(z.strictObject({ id: z.string(), due: moment })),
  effects: z
    .array(z.strictObject({ id: z.string(), src: z.string() }))
    .describe('Calls that are under way; a forced state gives those up that it does not wait for'),
  letters: z.int().describe('How many events are kept for it; 100 stands for more too'),
});
const controlled = standing.extend({ outcome: z.enum(['applied', 'duplicate']) });

const show = defineRoute({
  method: 'GET',
  path: '/v1/actors/:type/:id/control',
  summary: 'How an actor stands: whether and why it stands still, and what waits for it',
  roles: [...OPERATORS, 'auditor'],
  params: ofActor,
  answers: { 200: standing },
  handler: async ({ hub, caller, params }) => {
    const { definition, address } = addressOf(hub, params);
    return { body: await toStanding(hub, (await seeActor(hub, definition, address, caller)).subject) };
  },
});

const control = defineRoute({
  method: 'POST',
  path: '/v1/actors/:type/:id/control',
  summary: 'Pause, resume or step an actor, or force its state',
  description:
    'A paused actor keeps outside events as dead letters; its own timers and calls wait. `step` lets it take the oldest kept event, else a due timer. `force` proposes a state; somebody else says the same with `confirm`, the version of the proposal.',
  roles: OPERATORS,
  params: ofActor,
  headers: keyHeader,
  body: z.discriminatedUnion('action', [
    z.strictObject({ action: z.enum(['pause', 'resume', 'step']), reason }),
    z.strictObject({
      action: z.literal('force'),
      reason,
      state: z
        .string()
        .max(512)
        .regex(/^[A-Za-z0-9_.,-]+$/)
        .describe('Levels joined with dots, regions with commas'),
      effects: z.enum(['refuse', 'start']).default('refuse').describe('`start` asks anew for the calls that the state waits for'),
      confirm: z.int().min(1).optional(),
    }),
  ]),
  answers: { 200: controlled },
  handler: async ({ hub, people, caller, params, body, headers }) => {
    const { definition, address } = addressOf(hub, params);
    await mustKnow(hub, definition, address, caller);
    const key = readKey(headers['idempotency-key']);
    const order = { operator: caller, reason: body.reason, ...(key === undefined ? {} : { id: key }) };
    const rightsOf = (username: string) => people.callerOf(username);
    const given =
      body.action === 'force'
        ? {
            action: body.action,
            state: body.state,
            effects: body.effects,
            ...(body.confirm === undefined ? {} : { confirm: body.confirm }),
          }
        : body.action === 'step'
          ? { action: body.action, rightsOf }
          : { action: body.action };
    const outcome = await answerWithin(hub, hub.runtime.controls.actor(address, given, order));
    const fault = faultOf(outcome);
    if (fault !== undefined) throw fault;
    const { subject } = await seeActor(hub, definition, address, caller);
    return { body: { outcome: outcome.outcome, ...(await toStanding(hub, subject)) } };
  },
});

async function toStanding(hub: Hub, { address, envelope }: Subject): Promise<z.infer<typeof standing>> {
  const { version, snapshot, parked, proposed, timers, effects } = envelope;
  const letters = await hub.store.operations.letters({ actor: address, open: true, limit: 100 });
  return {
    address,
    version,
    state: [...toStates(snapshot.value)],
    parked: parked === undefined ? null : { code: parked.code, detail: parked.detail, at: iso(parked.at), by: parked.by ?? null },
    proposed:
      proposed === undefined
        ? null
        : { version: proposed.v, state: proposed.state, effects: proposed.effects, by: proposed.by, reason: proposed.reason },
    timers: Object.entries(timers).map(([id, { due }]) => ({ id, due: iso(due) })),
    effects: Object.entries(effects).map(([id, { src }]) => ({ id, src })),
    letters: letters.length,
  };
}

const kind = z.strictObject({
  type: z.string(),
  version: z.int(),
  paused: z.strictObject({ by: z.string(), reason: z.string(), at: moment }).nullable(),
});

const kinds = defineRoute({
  method: 'GET',
  path: '/v1/types',
  summary: 'The kinds of actors, the versions of their machines, and which are paused',
  roles: [...OPERATORS, 'auditor', 'developer'],
  answers: { 200: z.strictObject({ items: z.array(kind) }) },
  handler: async ({ hub }) => ({ body: { items: [...hub.runtime.definitions.keys()].map((type) => toKind(hub, type)) } }),
});

const controlKind = defineRoute({
  method: 'POST',
  path: '/v1/types/:type/control',
  summary: 'Pause or resume a whole kind of actors',
  description: 'On every node: on this one at once, on the others within two seconds. It outlives restarts.',
  roles: OPERATORS,
  params: ofType,
  headers: keyHeader,
  body: z.strictObject({ action: z.enum(['pause', 'resume']), reason }),
  answers: { 200: kind },
  handler: async ({ hub, caller, params, body, headers }) => {
    const { type } = definitionOf(hub, params.type);
    const key = readKey(headers['idempotency-key']);
    const fault = faultOf(
      await hub.runtime.controls.type(type, body.action, {
        operator: caller,
        reason: body.reason,
        ...(key === undefined ? {} : { id: key }),
      }),
    );
    if (fault !== undefined) throw fault;
    return { body: toKind(hub, type) };
  },
});

function toKind(hub: Hub, type: string): z.infer<typeof kind> {
  const pause = hub.runtime.controls.pauses.find((one) => one.type === type);
  const version = hub.runtime.definitions.get(type)?.version ?? 0;
  return { type, version, paused: pause === undefined ? null : { by: pause.by, reason: pause.reason, at: iso(pause.at) } };
}

/** What is written down as an operator's action. */
const ACTIONS = ['pause', 'resume', 'step', 'propose', 'force', 'resubmit', 'edit', 'discard', 'replay', 'see_as'] as const;

const operation = z.strictObject({
  id: z.string(),
  at: moment,
  by: z.string(),
  action: z.string().describe(`One of ${ACTIONS.join(', ')}`),
  target: z.string(),
  address: z.string().nullable().describe('The actor that it was done to, or that the dead letter was for'),
  reason: z.string(),
  outcome: z.string().nullable().describe('Null where nobody wrote down what came of it; the journal of its target knows'),
  detail: z.string(),
  other: z
    .strictObject({ by: z.string(), at: moment })
    .nullable()
    .describe('Of a state that two people forced, who the other one is: of a proposal who confirmed it, of the rest who proposed it'),
  proposed: z
    .strictObject({ version: z.int(), state: z.string(), effects: z.enum(['refuse', 'start']) })
    .nullable()
    .describe('The state that somebody else has still to confirm'),
});

const operations = defineRoute({
  method: 'GET',
  path: '/v1/operations',
  summary: 'What operators did, newest first',
  roles: [...OPERATORS, 'auditor'],
  query: z.strictObject({
    target: z.string().min(1).max(512).refine(isText).optional().describe('An address, a kind of actors, or the id of a dead letter'),
    by: z.string().min(1).max(256).refine(isText).optional().describe('Who did it'),
    action: z.enum(ACTIONS).optional(),
    pending: z.enum(['0', '1']).optional().describe('`1` leaves out all but the states that somebody else has still to confirm'),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    cursor: z.string().min(1).max(1024).optional().describe('`next` of the page before'),
  }),
  answers: { 200: page(operation) },
  handler: async ({ hub, query: { target, by, action, pending, limit, cursor } }) => {
    const rows = await hub.store.operations.log({
      limit: limit + 1,
      pending: pending === '1',
      ...(cursor === undefined ? {} : { after: readPlace(cursor) }),
      ...(target === undefined ? {} : { target }),
      ...(by === undefined ? {} : { by }),
      ...(action === undefined ? {} : { action }),
    });
    const listed = rows.slice(0, limit);
    const last = listed.at(-1);
    const next = rows.length > limit && last !== undefined ? Buffer.from(JSON.stringify([last.at, last.id])).toString('base64url') : null;
    return { body: { items: await Promise.all(listed.map((one) => toItem(hub, one))), next } };
  },
});

async function toItem(hub: Hub, listed: Listed): Promise<z.infer<typeof operation>> {
  const { id, at, by, action, target, actor, reason, outcome, detail, other, pending } = listed;
  const address = actor ?? (action === 'replay' ? undefined : readAddress(target)?.address);
  return {
    id,
    at: iso(at),
    by,
    action,
    target,
    address: address ?? null,
    reason,
    outcome: outcome ?? null,
    detail: detail ?? '',
    other: other === undefined ? null : { by: other.by, at: iso(other.at) },
    proposed: pending && address !== undefined ? await readProposed(hub, address) : null,
  };
}

/** Null where it has been confirmed or dropped since it was listed. */
async function readProposed(hub: Hub, address: string): Promise<z.infer<typeof operation>['proposed']> {
  const definition = hub.runtime.definitions.get(typeOf(address));
  const subject = definition === undefined ? undefined : await readSubject(hub, definition, address);
  const proposed = subject?.envelope.proposed;
  return proposed === undefined ? null : { version: proposed.v, state: proposed.state, effects: proposed.effects };
}

/** Throws the fault `invalid` for what is no cursor of this list. */
function readPlace(cursor: string): { at: number; id: string } {
  try {
    const [at, id] = z
      .tuple([z.int().min(0), z.string().max(512).refine(isText)])
      .parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { at, id };
  } catch {
    throw new Fault('invalid', 'The cursor is not one of this list; begin again without it.');
  }
}

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

export const controlRoutes: readonly Route[] = [show, control, kinds, controlKind, operations];
