import { z } from 'zod';
import { Fault } from '../../../machines/fault.ts';
import { PeopleTable } from '../../../actors/store/people.ts';
import { definePublicRoute } from '../route.ts';
import type { Route } from '../route.ts';

const demo = definePublicRoute({
  method: 'GET',
  path: '/v1/demo',
  summary: 'Who can sign in to the demo',
  description: 'Only while the demo is on, which it never is beyond loopback.',
  answers: {
    200: z.strictObject({ people: z.array(z.strictObject({ username: z.string(), roles: z.array(z.string()) })), password: z.string() }),
  },
  handler: async ({ hub }) => {
    if (!hub.config.demo) throw new Fault('not_found', 'This hub is no demo.');
    const people = await new PeopleTable(hub.store.database()).demo();
    return {
      body: {
        people: people.filter(({ disabled }) => !disabled).map(({ username, roles }) => ({ username, roles })),
        password: hub.config.demoPassword,
      },
    };
  },
});

export const demoRoutes: readonly Route[] = [demo];
