import helmet from '@fastify/helmet';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Fault } from '../../machines/fault.ts';
import type { Config } from '../config.ts';

const HOST = /^[A-Za-z0-9.:[\]-]{1,255}$/;
/** When the event loop is later than this, answering quickly that we are late is the kinder answer. */
const MOST_DELAY_MS = 2000;

/** The headers that keep a browser from doing for others what only the console may do. */
export async function useSecurity(app: FastifyInstance, config: Config): Promise<void> {
  const secure = config.url?.startsWith('https:') === true;
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // Not every browser takes 'self' for a WebSocket of the same host.
        connectSrc: ["'self'", (request) => `${secure ? 'wss' : 'ws'}://${hostOf(request.headers.host)}`],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 63_072_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: false,
    frameguard: { action: 'deny' },
  });
}

function hostOf(header: string | undefined): string {
  return header !== undefined && HOST.test(header) ? header : 'localhost';
}

/** Answers 503 at once while the process is too busy to answer in time; /healthz, /readyz and /metrics say so themselves. */
export async function usePressureGuard(app: FastifyInstance, open: (request: FastifyRequest) => boolean): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: MOST_DELAY_MS,
    sampleInterval: 500,
    pressureHandler: (request) => {
      if (!open(request)) throw new Fault('retry', 'The hub is overloaded; try again after the delay.', { after_ms: 2000 });
    },
  });
}

/** Lets pages of the configured origins call the API; there are no cookies, so a foreign page could do nothing with it anyway. */
export function useOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    reply.header('vary', 'Origin');
    if (origin === undefined || !origins.includes(origin)) return;
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': 'ETag, Location, Retry-After, X-Request-Id' });
    if (request.method !== 'OPTIONS') return;
    reply.headers({
      'access-control-allow-methods': 'GET, POST, PUT',
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, If-None-Match, Traceparent',
      'access-control-max-age': '600',
    });
  });
}
