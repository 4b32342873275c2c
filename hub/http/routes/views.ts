import { z } from 'zod';
import { MOST_VIEWS, SavedViews } from '../../../actors/store/saved-views.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId } from '../../../machines/ids.ts';
import { definitionOf } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { isText } from './actors.ts';

const view = z.strictObject({
  id: z.string(),
  name: z.string(),
  type: z.string().describe('The kind of actors that it lists'),
  query: z.string().describe('As it stands in the address of the list, for example `state=settled&sort=title`'),
});
const ofView = z.strictObject({ id: z.string().max(256).refine(isId, '1 to 64 of A-Z a-z 0-9 _ -') });
const text = (most: number) => z.string().max(most).refine(isText, 'NUL and halves of surrogate pairs are not taken');

const list = defineRoute({
  method: 'GET',
  path: '/v1/views',
  summary: 'The lists that the caller has saved, by name',
  answers: { 200: z.strictObject({ items: z.array(view) }) },
  handler: async ({ hub, caller }) => ({ body: { items: await new SavedViews(hub.store.database()).of(caller.id) } }),
});

const put = defineRoute({
  method: 'PUT',
  path: '/v1/views/:id',
  summary: 'Save a list under a name',
  description: 'For the caller alone; his other devices find it too. The same id again takes the place of what was there.',
  params: ofView,
  body: z.strictObject({ name: text(80).trim().min(1), type: z.string().max(64), query: text(1000) }),
  answers: { 200: view },
  handler: async ({ hub, caller, params, body }) => {
    definitionOf(hub, body.type);
    const saved = { id: params.id, ...body };
    if (!(await new SavedViews(hub.store.database()).put(caller.id, saved)))
      throw new Fault('invalid', `You have saved ${MOST_VIEWS} views already: remove one first.`);
    return { body: saved };
  },
});

const remove = defineRoute({
  method: 'POST',
  path: '/v1/views/:id/remove',
  summary: 'Forget a saved list',
  params: ofView,
  answers: { 204: z.undefined() },
  handler: async ({ hub, caller, params }) => {
    await new SavedViews(hub.store.database()).remove(caller.id, params.id);
    return { status: 204 };
  },
});

export const viewRoutes: readonly Route[] = [list, put, remove];
