import { z } from 'zod';
import { readNodes } from '../../../actors/store/nodes.ts';
import { PARTITIONS } from '../../../machines/ids.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

const node = z.strictObject({ id: z.string(), url: z.string(), since: z.iso.datetime(), partitions: z.array(z.int()) });

const list = defineRoute({
  method: 'GET',
  path: '/v1/nodes',
  summary: 'The nodes of the hub and what they own',
  roles: ['operator', 'admin'],
  answers: { 200: z.strictObject({ nodes: z.array(node), partitions: z.int() }) },
  handler: async ({ hub }) => {
    const rows = await readNodes(hub.store.database());
    const nodes = rows.map(({ id, url, since, partitions }) => ({ id, url, since: since.toISOString(), partitions }));
    return { body: { nodes, partitions: PARTITIONS } };
  },
});

export const nodeRoutes: readonly Route[] = [list];
