import { z } from 'zod';
import { readNodes } from '../../../actors/store/nodes.ts';
import { PARTITIONS } from '../../../machines/ids.ts';
import { Fault } from '../../../machines/fault.ts';
import { defineNodeRoute, defineRoute } from '../route.ts';
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

const message = defineNodeRoute({
  method: 'POST',
  path: '/v1/nodes/messages',
  summary: 'What another node passes on while NATS is down',
  description: 'For the nodes of one hub alone: the header Hub-Signature signs the body with a secret that they share.',
  headers: z.object({ 'hub-signature': z.string().optional() }),
  body: 'raw',
  answers: { 200: z.unknown() },
  handler: async ({ hub, body, headers, address, limits }) => {
    try {
      const text = new TextDecoder().decode(body);
      return { body: JSON.parse(await hub.runtime.forwarding.receive(text, headers['hub-signature'] ?? '')) as unknown };
    } catch (error) {
      // Whoever tries keys counts against his address; the nodes themselves do not.
      if (error instanceof Fault) await limits.address(address);
      throw error;
    }
  },
});

export const nodeRoutes: readonly Route[] = [list, message];
