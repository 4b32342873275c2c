import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Door } from './door.ts';

const CLIENTS = join(import.meta.dirname, '..', '..', 'clients');
/** A browser that comes while the console is being built waits so long before it is told to come again. */
const PATIENCE_MS = 15_000;
const YEAR_S = 365 * 24 * 60 * 60;

/** The page of somebody else that the inspector may show in a frame, on one page alone and where it is allowed. */
const STATELY = 'https://stately.ai';

/** Serves the HQ console under `/hq/` and the inspector under `/inspect/`, built at the start where their sources have changed. */
export class Console {
  readonly #door: Door;
  readonly #stop = new AbortController();
  #building: Promise<void> | undefined;
  #folder: string | undefined;

  constructor(door: Door) {
    this.#door = door;
  }

  async mount(app: FastifyInstance): Promise<void> {
    const hidden = { schema: { hide: true } };
    if (!this.#door.options.config.console) {
      app.get('/', hidden, (_, reply) => reply.redirect('/docs'));
      return;
    }
    await app.register(fastifyStatic, { root: CLIENTS, serve: false, preCompressed: true });
    app.get('/', hidden, (_, reply) => reply.redirect('/hq/'));
    app.get('/hq', hidden, (_, reply) => reply.redirect('/hq/'));
    app.get<{ Params: { '*': string } }>('/hq/*', hidden, async (request, reply) => this.#serve(request.params['*'], reply));
    const { inspect, inspectStately } = this.#door.options.config;
    if (!inspect) return;
    for (const path of ['/inspect', '/inspect/']) app.get(path, hidden, async (_, reply) => this.#serve('inspect.html', reply));
    if (inspectStately) app.get('/inspect/stately', hidden, async (_, reply) => this.#serve('inspect.html', allowFrame(reply)));
  }

  /** Builds beside everything else; who asks meanwhile waits. */
  start(): void {
    if (!this.#door.options.config.console) return;
    const { log } = this.#door.options;
    this.#building = this.#build()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) log.error({ err: error }, 'The HQ console could not be built; everything else works');
      })
      .finally(() => {
        this.#building = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#building;
  }

  async #build(): Promise<void> {
    const { buildConsole } = await import('../../clients/build.ts');
    const { config } = this.#door.options;
    for (const outDir of [join(CLIENTS, 'dist'), join(config.dataDir, 'console')]) {
      try {
        await buildConsole({ outDir, signal: this.#stop.signal });
        this.#folder = outDir;
        return;
      } catch (error) {
        // The code may belong to somebody else than whoever runs it; what was built there before is still good.
        if (!isReadOnly(error) || outDir !== join(CLIENTS, 'dist')) throw error;
      }
    }
  }

  async #serve(path: string, reply: FastifyReply): Promise<FastifyReply> {
    await this.#waitForBuild();
    if (this.#folder === undefined) return this.#answerLater(reply);
    const name = path.slice(path.lastIndexOf('/') + 1).includes('.') ? path : 'index.html';
    // Files under assets/ have the hash of what is in them in their names.
    const lasting = name.startsWith('assets/');
    return reply.sendFile(name, this.#folder, { cacheControl: true, maxAge: lasting ? YEAR_S * 1000 : 0, immutable: lasting });
  }

  async #waitForBuild(): Promise<void> {
    if (this.#building === undefined || this.#folder !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([this.#building, promise]);
    clearTimeout(timer);
  }

  #answerLater(reply: FastifyReply): FastifyReply {
    const waiting = this.#building !== undefined;
    const text = waiting
      ? 'The console is being built. This page comes back by itself.'
      : 'The console could not be built; the log says why. The API is at <a href="/docs">/docs</a>.';
    const refresh = waiting ? '<meta http-equiv="refresh" content="2">' : '';
    const page = `<!doctype html><html lang="en"><meta charset="utf-8">${refresh}<title>Green Lines Hub</title><p>${text}</p></html>`;
    return reply
      .code(503)
      .headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '2' })
      .send(page);
  }
}

/** The policy of every page, and one frame more. */
function allowFrame(reply: FastifyReply): FastifyReply {
  return reply.header('content-security-policy', `${String(reply.getHeader('content-security-policy'))};frame-src ${STATELY}`);
}

function isReadOnly(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'EACCES' || code === 'EROFS' || code === 'EPERM';
}
