import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:net';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { PeopleTable } from '../../actors/store/people.ts';
import { FAULTS, Fault } from '../../machines/fault.ts';
import { People } from '../auth/people.ts';
import { seedPeople } from '../auth/seed.ts';
import { BadConfig } from '../config.ts';
import type { DoorsOptions } from '../doors.ts';
import type { Hub } from '../hub.ts';
import { useJson } from './body.ts';
import { Console } from './console.ts';
import { mountDocuments, useDescriptions } from './documents.ts';
import { Door } from './door.ts';
import { mountFigures } from './figures.ts';
import { mountHealth } from './health.ts';
import { answerError, mountRoutes } from './mount.ts';
import { PROBLEM_TYPE } from './problem.ts';
import { routes } from './routes.ts';
import { useOrigins, usePressureGuard, useSecurity } from './security.ts';
import { mountSync } from './sync.ts';
import type { OpenStream } from './sync.ts';
import { answerUnknown } from './unknown.ts';

export type HttpDoor = {
  readonly server: Server;
  readonly port: number;
  /** Address of this node for clients and other nodes. */
  readonly url: () => string;
  people(hub: Hub): People;
  attach(hub: Hub): Promise<void>;
  /** Who serves those that follow topics over HTTP. */
  streams(open: OpenStream): void;
  drain(): Promise<void>;
  close(): Promise<void>;
};

const REQUEST_MS = 30_000;
const DRAIN_MS = 4000;
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;
/** Served whatever the hub's state. */
const ALWAYS = /^\/(healthz|readyz|metrics)(\?|$)/;

/** Opens the hub's HTTP port. It listens at once; what needs the hub is answered 503 until `attach`. */
export async function openHttp(options: DoorsOptions): Promise<HttpDoor> {
  const { config } = options;
  const door = new Door(options);
  const hq = new Console(door);
  const app = await build(door, hq);
  await listen(app, config.host, config.port);
  const { port } = app.server.address() as AddressInfo;
  door.url = config.url?.replace(/\/$/, '') ?? `http://${hostFor(config.host)}:${port}`;
  hq.start();
  let people: People | undefined;
  const peopleOf = (hub: Hub): People => (people ??= openPeople(hub));
  return {
    server: app.server,
    port,
    url: () => door.url,
    people: peopleOf,
    attach: async (hub) => {
      const known = peopleOf(hub);
      await seedPeople(hub, known);
      known.start();
      options.metrics.watch(hub.runtime);
      options.metrics.gauge('hub_archive_behind_bytes', 'Bytes of the log that the archive of backups has not got yet.', () =>
        hub.archiving.behind(),
      );
      options.metrics.gauge('hub_heads_missing', 'Partitions whose signed head the journal lacked at the start.', () => hub.heads.missing);
      door.open(hub, known);
    },
    streams: (open) => {
      door.stream = open;
    },
    drain: async () => {
      await door.drain(DRAIN_MS);
      people?.stop();
    },
    close: async () => {
      people?.stop();
      await hq.stop();
      await app.close();
      options.metrics.close();
    },
  };
}

function openPeople(hub: Hub): People {
  const { config, ports, jwtSecret, hub_id } = hub;
  return new People({
    table: new PeopleTable(hub.store.database()),
    ports,
    jwtSecret,
    audience: hub_id,
    oidc: config.oidc,
    demo: config.demo,
  });
}

async function build(door: Door, hq: Console): Promise<FastifyInstance> {
  const { config } = door.options;
  const app = fastify({
    logger: false,
    trustProxy: config.proxies.length === 0 ? false : [...config.proxies],
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    return503OnClosing: false,
    genReqId: toRequestId,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => void answerError(door, error, request, reply),
    clientErrorHandler: refuseRaw,
  });
  app.server.headersTimeout = 10_000;
  useJson(app);
  app.setErrorHandler((error, request, reply) => answerError(door, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(204)
      .header('allow', answerUnknown(routes, request.method, request.url))
      .send(),
  );
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  useOrigins(app, config.origins);
  await useDescriptions(app, door.options.release);
  await usePressureGuard(app, ({ url }) => ALWAYS.test(url));
  await useSecurity(app, config);
  mountHealth(app, door);
  mountFigures(app, door);
  mountRoutes(app, routes, door);
  mountSync(app, door);
  await mountDocuments(app, door);
  await hq.mount(app);
  return app;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    await app.close();
    if (code === 'EADDRINUSE')
      throw new BadConfig(`Port ${port} of ${host} is taken. Stop what listens there, or set HUB_PORT to another one.`);
    if (code === 'EACCES') throw new BadConfig(`Port ${port} of ${host} may not be opened by this user. Set HUB_PORT to one above 1023.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new BadConfig(`This machine has no address ${host}. Set HUB_HOST to one that it has.`);
    throw error;
  }
}

/** Where a hub that listens everywhere can be reached from its own machine; for others HUB_URL says. */
function hostFor(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** A sensible id of the caller's own is kept, so that logs on both sides can be laid side by side. */
function toRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** What is no HTTP at all, or headers that are too long or too slow. */
function refuseRaw(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const { status, sentence } = FAULTS.bad_request;
  const body = JSON.stringify({
    type: 'urn:green-lines:fault:bad_request',
    title: sentence,
    status,
    code: 'bad_request',
    detail: new Fault('bad_request').message,
  });
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
