import type { Server as HttpServer } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';
import type { Session } from '../auth/people.ts';
import type { DoorsOptions } from '../doors.ts';
import type { Hub } from '../hub.ts';
import type { Metrics } from '../observe/metrics.ts';
import { PROTOCOL_VERSION } from '../protocol/messages.ts';
import type { Subscribe } from '../protocol/messages.ts';
import { Budgets } from './budget.ts';
import type { Limits } from './budget.ts';
import { Hall } from './hall.ts';
import type { Stream } from './hall.ts';
import { guardConnection } from './guard.ts';
import { mayConnectFrom } from './origin.ts';
import type { Guard } from './standing.ts';

export type Sockets = {
  attach(hub: Hub, people: Guard): void;
  /** Frames one way, over HTTP. Throws the faults of whoever is not let in. */
  readonly stream: (token: string, topics: Subscribe, begin: () => Stream) => Promise<void>;
  /** Tells everybody to go, each at another moment, and waits until they have or the time is over. */
  drain(): Promise<void>;
  close(): Promise<void>;
};

const MOST_CONNECTIONS = 50_000;

const handshakeSchema = z.looseObject({
  token: z.string().min(1).max(4096),
  protocol: z.union([z.number(), z.string().max(16)]).optional(),
});

/**
 * Connections that one address may begin. Generous: it may be a whole office that comes back after a deploy, and whoever is let in is
 * held to what a person may ask for. This stops who begins more than anybody's office has.
 */
const ARRIVALS = { burst: 10_000, perSecond: 500, patience: Number.POSITIVE_INFINITY };
const SWEEP_MS = 10_000;
/** So many tokens that are not taken may be shown on one connection. */
const MOST_TRIES = 5;

/** Opens the Socket.IO door on a server that is listening or will be. It serves once there is a hub behind it. */
export function openSockets(
  server: HttpServer,
  options: Pick<DoorsOptions, 'config' | 'log' | 'metrics'>,
  arrivals: Limits = ARRIVALS,
): Sockets {
  let hall: Hall | undefined;
  let hub: Hub | undefined;
  const budgets = new Budgets(arrivals);
  const sweep = setInterval(() => budgets.sweep(performance.now()), SWEEP_MS);
  sweep.unref();
  const io = openServer(server, options, budgets, () => hub?.url());
  const once = new WeakSet<Socket['conn']>();
  const admitted = new WeakMap<Socket, { session: Session; token: string }>();
  const admit = async (socket: Socket): Promise<void> => {
    // A second CONNECT on the same connection would make a second, unseen socket.
    if (once.has(socket.conn)) throw new Fault('bad_request', 'This connection is open already.');
    if (hall === undefined) throw new Fault('not_ready');
    once.add(socket.conn);
    try {
      const token = readHandshake(socket.handshake.auth);
      admitted.set(socket, { session: await hall.verify(token), token });
    } catch (error) {
      once.delete(socket.conn); // it may try again with a better token
      throw error;
    }
  };
  const tries = new WeakMap<Socket['conn'], number>();
  io.use((socket, next) => {
    admit(socket).then(
      () => next(),
      (error: unknown) => {
        next(toConnectError(error, options.log));
        const tried = (tries.get(socket.conn) ?? 0) + 1;
        tries.set(socket.conn, tried);
        if (tried >= MOST_TRIES) socket.conn.close();
      },
    );
  });
  io.on('connection', (socket) => {
    const entry = admitted.get(socket);
    if (hall === undefined || entry === undefined) socket.disconnect(true);
    else hall.welcome(socket, entry.session, entry.token);
  });
  return {
    attach: (attached, people) => {
      hub = attached;
      hall = new Hall(attached, people);
      watch(options.metrics, hall);
    },
    stream: async (token, topics, begin) => {
      if (hall === undefined) throw new Fault('not_ready');
      await hall.stream(await hall.verify(token), token, topics, begin);
    },
    drain: async () => hall?.drain(),
    close: async () => {
      clearInterval(sweep);
      hall?.close();
      io.disconnectSockets(true);
      io.engine.close();
    },
  };
}

function openServer(
  server: HttpServer,
  { config, log }: Pick<DoorsOptions, 'config' | 'log'>,
  budgets: Budgets,
  url: () => string | undefined,
): Server {
  // Behind a proxy that is known it is the address that the proxy names.
  const trusts = proxyAddr.compile([...config.proxies]);
  const io = new Server({
    path: '/socket.io',
    transports: ['websocket'],
    serveClient: false,
    allowUpgrades: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: 64 * 1024,
    connectTimeout: 10_000,
    // `cors` would not stop a foreign page from opening a WebSocket; this does.
    allowRequest: (request, decide) => {
      const own = { host: request.headers.host, url: url() ?? config.url, more: config.origins };
      if (!mayConnectFrom(request.headers.origin, own)) return decide('foreign_origin', false);
      const address = proxyAddr(request, trusts);
      if (budgets.take(address, 1, performance.now()).kind !== 'granted') return decide('rate_limited', false);
      if (io.engine.clientsCount >= MOST_CONNECTIONS) return decide('overloaded', false);
      decide(null, true);
    },
  });
  io.attach(server);
  io.engine.on('connection', guardConnection);
  io.engine.on('connection_error', (error: { message: string; context?: unknown }) =>
    log.debug({ reason: error.message, context: error.context }, 'A socket was refused'),
  );
  return io;
}

function watch(metrics: Metrics, hall: Hall): void {
  metrics.gauge('hub_sockets', 'Open sockets.', () => hall.figures().sockets);
  metrics.gauge('hub_socket_subscriptions', 'Topics that open sockets follow.', () => hall.figures().subscriptions);
  metrics.gauge('hub_sockets_parked', 'Sockets that do not keep up and are sent nothing for now.', () => hall.figures().parked);
  metrics.gauge('hub_socket_queued_bytes', 'Bytes on their way to sockets that nobody has taken yet.', () => hall.figures().queued);
  metrics.gauge('hub_followed_actors', 'Actors that somebody follows, or did a moment ago.', () => hall.figures().actors);
  metrics.gauge('hub_live_lists', 'Lists that somebody follows, or did a moment ago.', () => hall.figures().lists);
}

/** The token of a handshake. Throws the faults `protocol` and `unauthenticated`. */
function readHandshake(auth: unknown): string {
  const parsed = handshakeSchema.safeParse(auth);
  if (!parsed.success) throw new Fault('unauthenticated', 'The handshake carries auth: { token }.');
  const { token, protocol } = parsed.data;
  if (protocol !== undefined && Math.trunc(Number(protocol)) !== PROTOCOL_VERSION) {
    throw new Fault('protocol', `This hub speaks version ${PROTOCOL_VERSION} of the protocol; get a newer client.`);
  }
  return token;
}

function toConnectError(error: unknown, log: DoorsOptions['log']): Error {
  if (!(error instanceof Fault)) log.warn({ err: error }, 'A socket could not be let in');
  const fault = error instanceof Fault ? error : new Fault('retry');
  return Object.assign(new Error(fault.message), { data: { code: fault.code, reason: fault.message } });
}
