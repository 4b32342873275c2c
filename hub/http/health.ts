import type { FastifyInstance } from 'fastify';
import { Fault } from '../../machines/fault.ts';
import type { Door } from './door.ts';

/** What a supervisor, a load balancer and the console ask before anything else. Answered from the first moment. */
export function mountHealth(app: FastifyInstance, door: Door): void {
  const { config, node, release } = door.options;
  app.get('/healthz', { schema: { summary: 'Whether the process serves', tags: ['hub'] } }, async (_, reply) => {
    const url = door.hub?.embedded?.natsUrl ?? config.natsUrl;
    reply.header('cache-control', 'no-store');
    return {
      status: door.status,
      node,
      version: release,
      nats: { url: url === undefined ? null : withoutCredentials(url) },
      database: { embedded: config.databaseUrl === undefined },
    };
  });
  app.get('/readyz', { schema: { summary: 'Whether an event would be committed now', tags: ['hub'] } }, async (_, reply) => {
    const { hub } = door.enter();
    const trouble = hub.trouble();
    if (trouble !== undefined) throw new Fault('not_ready', trouble);
    reply.header('cache-control', 'no-store');
    return { status: 'ready', node };
  });
}

/** Of one URL or several with commas between them. */
export function withoutCredentials(urls: string): string {
  return urls.replaceAll(/(^|[,/])[^,/@]*@/g, '$1');
}
