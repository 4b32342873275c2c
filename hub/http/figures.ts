import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Fault } from '../../machines/fault.ts';
import { isLoopback } from '../config.ts';
import type { Door } from './door.ts';
import { readBearer } from './mount.ts';

/** Measures every request, and shows Prometheus what the hub counts. */
export function mountFigures(app: FastifyInstance, door: Door): void {
  const { metrics } = door.options;
  app.addHook('onResponse', async (request, reply) => {
    // The route as it is written, never the address as it was asked for: that would be a label for every actor.
    metrics.request(request.method, request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime / 1000);
  });
  app.get('/metrics', { schema: { summary: 'Figures for Prometheus', tags: ['hub'] } }, async (request, reply) => {
    if (!door.options.config.demo && !isLocal(request)) await mustBeOperator(door, request);
    return reply
      .header('content-type', metrics.contentType)
      .header('cache-control', 'no-store')
      .send(await metrics.text());
  });
}

/** From this machine itself, not from somebody behind a proxy on it. */
function isLocal({ raw }: FastifyRequest): boolean {
  const forwarded = raw.headers['x-forwarded-for'] ?? raw.headers['forwarded'];
  const address = raw.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  return forwarded === undefined && isLoopback(address);
}

async function mustBeOperator(door: Door, request: FastifyRequest): Promise<void> {
  await door.limits.address(request.ip);
  const { caller } = await door.enter().people.verify(readBearer(request));
  if (!caller.roles.some((role) => role === 'operator' || role === 'admin')) throw new Fault('forbidden', 'This is for operator, admin.');
}
