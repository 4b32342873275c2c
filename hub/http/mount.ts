import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { Caller } from '../../actors/caller.ts';
import { FAULTS, Fault } from '../../machines/fault.ts';
import type { People } from '../auth/people.ts';
import { useBytes, useFiles } from './body.ts';
import type { Door } from './door.ts';
import { toFault, toProblem } from './problem.ts';
import type { Answer, Route } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, on routes that want to know. */
    caller: Caller | undefined;
  }
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Puts the routes of the list on the server: who asks is settled before a byte of the body is read. */
export function mountRoutes(app: FastifyInstance, routes: readonly Route[], door: Door): void {
  app.setValidatorCompiler(validatorCompiler);
  // What goes out is made by the views; checking it again would cost more than making it. Tests hold it to the schemas.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.decorateRequest('caller', undefined);
  for (const route of routes) if (route.body !== 'raw' && route.body !== 'file') mountRoute(app, route, door);
  app.register(async (raw) => {
    useBytes(raw);
    for (const route of routes) if (route.body === 'raw') mountRoute(raw, route, door);
  });
  app.register(async (files) => {
    useFiles(files);
    for (const route of routes) if (route.body === 'file') mountRoute(files, route, door);
  });
}

function mountRoute(app: FastifyInstance, route: Route, door: Door): void {
  const { method, path, summary, description, params, query, body, headers, answers, access, handler } = route;
  app.route({
    method,
    url: path,
    schema: {
      summary,
      ...(description === undefined ? {} : { description }),
      tags: [path.split('/')[2] ?? 'hub'],
      ...(access === 'public' ? {} : { security: [{ token: [] }] }),
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined || body === 'raw' || body === 'file' ? {} : { body }),
      ...(headers === undefined ? {} : { headers }),
      response: answers,
    },
    onRequest: (request) => admit(door, route, request),
    handler: async (request, reply) => {
      const { hub, people } = door.enter();
      const who = request.caller === undefined ? { address: request.ip } : { username: request.caller.id };
      const answer = await door.during(() =>
        door.limits.work(who, () =>
          handler({
            hub,
            people,
            caller: request.caller,
            params: request.params as never,
            query: request.query as never,
            body: (body === 'raw' || body === 'file' ? (request.body ?? Buffer.alloc(0)) : request.body) as never,
            headers: request.headers as Record<string, string | undefined>,
            address: request.ip,
            limits: door.limits,
            traceparent: toTraceparent(request.headers['traceparent']),
          }),
        ),
      );
      return send(reply, answer);
    },
  });
}

/** Settles who asks and whether he may. Throws the faults `unauthenticated`, `forbidden`, `rate_limited` and their kin. */
async function admit(door: Door, route: Route, request: FastifyRequest): Promise<void> {
  const { people } = door.enter();
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new Fault('unsupported_media', 'Compressed bodies are not taken.');
  if (route.access === 'public') return door.limits.address(request.ip);
  if (route.access === 'node') return;
  const caller = await identify(door, people, request);
  await door.limits.person(caller.id);
  request.caller = caller;
  const { access } = route;
  if (typeof access !== 'string' && !caller.roles.some((role) => access.includes(role))) {
    throw new Fault('forbidden', `This is for ${access.join(', ')}.`);
  }
}

/** Whoever shows no valid token counts against his address. */
export async function identify(door: Door, people: People, request: FastifyRequest): Promise<Caller> {
  try {
    return (await people.verify(readBearer(request))).caller;
  } catch (error) {
    await door.limits.address(request.ip);
    throw error;
  }
}

/** The token of the request. Throws the fault `unauthenticated`. */
export function readBearer(request: FastifyRequest): string {
  const token = /^Bearer ([^\s]{1,8192})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new Fault('unauthenticated', 'Send the header Authorization: Bearer <access token>.');
  return token;
}

function send(reply: FastifyReply, { status = 200, body, headers = {} }: Answer): FastifyReply {
  reply.code(body === undefined && status === 200 ? 204 : status).headers({ 'cache-control': 'no-store', ...headers });
  return reply.send(body);
}

function toTraceparent(header: string | string[] | undefined): string {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : '';
}

/** Answers whatever was thrown, wherever. What nobody foresaw is in the log, and the caller gets the request's id to name. */
export function answerError(door: Door, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const fault = toFault(error);
  const { log } = door.options;
  const about = {
    request: request.id,
    method: request.method,
    path: request.routeOptions.url ?? '',
    code: fault.code,
    address: request.ip,
    person: request.caller?.id,
  };
  if (fault.code === 'internal') log.error({ ...about, err: error }, 'A request failed in a way that nobody foresaw');
  else if (fault.status === 401 || fault.status === 403) log.info(about, 'A request was refused');
  else log.debug({ ...about, detail: fault.message }, FAULTS[fault.code].sentence);
  const { status, headers, body } = toProblem(fault, request.id);
  return reply.code(status).headers(headers).serializer(String).send(body);
}
