import { z } from 'zod';
import type { Person } from '../../../actors/store/people.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId } from '../../../machines/ids.ts';
import { PERSON_ROLES, isUsername } from '../../auth/names.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { page } from '../schemas.ts';

const person = z.strictObject({
  username: z.string(),
  roles: z.array(z.enum(PERSON_ROLES)),
  client: z.string().optional(),
  disabled: z.boolean(),
  demo: z.boolean(),
  /** Whether there is one; never what it is. */
  password: z.boolean(),
});
const named = z.strictObject({ username: z.string().max(256) });

const put = defineRoute({
  method: 'PUT',
  path: '/v1/people/:username',
  summary: 'Say who somebody is and what he may do',
  description:
    'Effective at once, also for whoever is signed in. `client` and `disabled` that are left out are taken away; a password that is left out stays.',
  roles: ['admin'],
  params: named,
  body: z.strictObject({
    roles: z.array(z.enum(PERSON_ROLES)).max(PERSON_ROLES.length),
    client: z.string().refine(isId, 'The id of a client is expected').optional(),
    disabled: z.boolean().optional(),
    password: z.string().min(8).max(1024).optional(),
  }),
  answers: { 200: person },
  handler: async ({ hub, people, caller, params, body }) => {
    const { username } = params;
    if (!isUsername(username))
      throw new Fault('invalid', 'A username is 1 to 64 of A-Z a-z 0-9 _ . @ - and begins with a letter or digit.');
    const { roles, client, disabled, password } = body;
    if (username === caller.id && (disabled === true || !roles.includes('admin'))) throw new Fault('own_rights');
    const rights = {
      roles,
      ...(client === undefined ? {} : { client }),
      ...(disabled === undefined ? {} : { disabled }),
      ...(password === undefined ? {} : { password }),
    };
    const saved = await people.put(username, rights);
    hub.log.info({ username, roles, client, disabled: saved.disabled, by: caller.id }, 'Rights were changed');
    return { body: toShown(saved) };
  },
});

const get = defineRoute({
  method: 'GET',
  path: '/v1/people/:username',
  summary: 'One person',
  roles: ['admin', 'auditor'],
  params: named,
  answers: { 200: person },
  handler: async ({ people, params }) => {
    const found = await people.find(params.username);
    if (found === undefined) throw new Fault('not_found');
    return { body: toShown(found) };
  },
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/people',
  summary: 'Everybody, by name',
  roles: ['admin', 'auditor'],
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    cursor: z.string().refine(isUsername, 'Take `next` of the page before').optional(),
  }),
  answers: { 200: page(person) },
  handler: async ({ people, query }) => {
    const found = await people.page(query.cursor ?? '', query.limit + 1);
    const shown = found.slice(0, query.limit);
    return { body: { items: shown.map(toShown), next: found.length > query.limit ? (shown.at(-1)?.username ?? null) : null } };
  },
});

function toShown({ username, roles, client, disabled, demo, passwordHash }: Person) {
  return { username, roles, ...(client === undefined ? {} : { client }), disabled, demo, password: passwordHash !== undefined };
}

export const peopleRoutes: readonly Route[] = [put, get, list];
