import { z } from 'zod';
import type { Caller } from '../../../actors/caller.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId } from '../../../machines/ids.ts';
import { PERSON_ROLES } from '../../auth/names.ts';
import type { People } from '../../auth/people.ts';
import { toListItem, toView } from '../../view.ts';
import { addressOf, definitionOf, scopeOf, seeActor } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Ask, Route } from '../route.ts';
import { actorView, listItem } from '../schemas.ts';
import { isText, listFilter, toFilter, toSubject } from './actors.ts';

const reason = z.string().trim().min(1).max(500).refine(isText, 'NUL and halves of surrogate pairs are not taken');

const request = z.strictObject({
  as: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('person'), username: z.string().min(1).max(64) }),
    z.strictObject({
      kind: z.literal('role'),
      roles: z.array(z.enum(PERSON_ROLES)).min(1).max(PERSON_ROLES.length),
      client: z.string().refine(isId, 'The id of a client is expected').optional(),
    }),
  ]),
  type: z.string().max(256),
  id: z.string().max(256).optional().describe('One actor; without it a list'),
  ...listFilter,
  reason: reason.describe('Why it is looked at; it is written down with who looked and as whom'),
});

const seen = z.strictObject({
  as: z.strictObject({ username: z.string(), roles: z.array(z.string()), client: z.string().nullable() }),
  /** Why nothing is shown: a code of the fault table. */
  hidden: z.string().nullable(),
  view: actorView.nullable().describe('With what such a person could send; it can be sent by nobody from here'),
  items: z.array(listItem).nullable(),
});

const SHOWN = 50;

const see = defineRoute({
  method: 'POST',
  path: '/v1/see-as',
  summary: 'What somebody else would see of an actor or a list',
  description: 'Made by the hub with that person’s view, for looking only: it gives nobody his authority. Each look is written down.',
  roles: ['admin', 'auditor'],
  body: request,
  answers: { 200: seen },
  handler: async (ask) => {
    const { hub, people, caller, body } = ask;
    const other = await toOther(people, body.as);
    const definition = definitionOf(hub, body.type);
    const id = `see_${hub.ports.random.id()}`;
    const target = body.id === undefined ? body.type : addressOf(hub, { type: body.type, id: body.id }).address;
    const as = `as ${other.id} (${other.roles.join(', ')}${other.client === undefined ? '' : ` of ${other.client}`})`;
    const operation = { id, at: hub.ports.clock.now(), by: caller.id, action: 'see_as', target, reason: body.reason };
    // Written down before anything is shown.
    await hub.store.operations.begin(operation);
    const shown = await look(ask, definition, other).catch((error: unknown) => {
      if (error instanceof Fault && error.status < 500) return { hidden: error.code, view: null, items: null };
      throw error;
    });
    await hub.store.operations.conclude(id, shown.hidden === null ? 'shown' : shown.hidden, as);
    return { body: { as: { username: other.id, roles: other.roles, client: other.client ?? null }, ...shown } };
  },
});

type Asked = Ask<undefined, undefined, z.output<typeof request>, Caller>;
type Shown = Pick<z.output<typeof seen>, 'hidden' | 'view' | 'items'>;

async function look({ hub, body }: Asked, definition: ReturnType<typeof definitionOf>, other: Caller): Promise<Shown> {
  if (body.id !== undefined) {
    const { address } = addressOf(hub, { type: body.type, id: body.id });
    const { subject, audience } = await seeActor(hub, definition, address, other);
    return { hidden: null, view: toView(subject, audience, other, hub.ports.clock.now()) as Shown['view'], items: null };
  }
  const { audience, ...scope } = scopeOf(definition, other);
  const found = await hub.store.list({
    type: body.type,
    ...toFilter(body, scope),
    sort: 'updatedAt',
    descending: true,
    limit: SHOWN,
  });
  const subjects = await Promise.all(found.map((row) => toSubject(hub, definition, row)));
  const items = subjects.filter((subject) => subject !== undefined).map((subject) => toListItem(subject, audience));
  return { hidden: null, view: null, items: items as unknown as Shown['items'] };
}

/** Somebody who is there, or somebody who could be. Throws the fault `not_found`. */
async function toOther(people: People, as: z.output<typeof request>['as']): Promise<Caller> {
  if (as.kind === 'role')
    return { kind: 'person', id: 'somebody', roles: as.roles, ...(as.client === undefined ? {} : { client: as.client }) };
  const person = await people.find(as.username);
  if (person === undefined) throw new Fault('not_found', 'There is nobody of that name.');
  const { username, roles, client } = person;
  return { kind: 'person', id: username, roles, ...(client === undefined ? {} : { client }) };
}

export const seeAsRoutes: readonly Route[] = [see];
