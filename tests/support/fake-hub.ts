import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { Server, type Socket } from 'socket.io';
import type { ActorView, Command, CommandAck, Frame, ListItem, ListOp, Subscribe, SubscribeAck } from '../../hub/protocol/messages.ts';
import { chartOf } from '../../hub/machine-chart.ts';
import { typeOf } from '../../machines/ids.ts';
import { machines } from '../../machines/machines.ts';
import { must } from '../../machines/must.ts';

/** An actor of the fake hub: its view, its row and its journal. */
export type FakeActor = {
  view: ActorView;
  title: string;
  summary: string;
  history: {
    version: number;
    event: { type: string };
    caller: string;
    at: string;
    from: readonly string[];
    to: readonly string[];
    changed: string[];
    hash: string;
  }[];
};

export type FakeOptions = {
  /** The built console. */
  readonly assets: string;
  readonly people: readonly { username: string; roles: readonly string[] }[];
  readonly password: string;
  /** What a command does. */
  readonly onCommand: (hub: FakeHub, command: Command, by: string) => CommandAck;
  readonly onCreate: (hub: FakeHub, type: string, input: Record<string, unknown>, key: string) => { status: number; body: unknown };
};

/** The policy that the console has to live with: nothing inline, nothing from elsewhere. */
const POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self' ws:; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const IDLE = { waiting: 0, effects: 0, actors: 0, events_per_s: 0, p99_ms: null };

type Sub = { sub: number; topic: string; version: number; window: ListItem[] };

/**
 * Speaks the hub's protocol from plain data, so that the console can be seen and tried with whatever state, loss or fault a
 * test wants. It is never part of the product.
 */
export class FakeHub {
  readonly actors = new Map<string, FakeActor>();
  /** Set to make everything fail that way. */
  failing: { status: number; code: string; detail: string } | undefined;
  /** What the hello names. */
  urls: readonly string[] = [];
  /** Set to have the hello say the time. */
  now: (() => string) | undefined;
  /** Set to hold every answer back. */
  silent = false;
  /** How many subscriptions have come. */
  asked = 0;
  #held: Promise<void> | undefined;
  readonly #options: FakeOptions;
  readonly #http = createServer((request, response) => void this.#serve(request, response));
  readonly #io = new Server(this.#http, { transports: ['websocket'], serveClient: false });
  readonly #subs = new Map<Socket, Map<number, Sub>>();
  #nextSub = 1;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#io.use((socket, next) => {
      const who = readToken(String(socket.handshake.auth['token'] ?? ''));
      if (who === undefined) return next(Object.assign(new Error('unauthenticated'), { data: { code: 'unauthenticated' } }));
      socket.data = { who };
      next();
    });
    this.#io.on('connection', (socket: Socket) => this.#onSocket(socket));
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((done) => this.#http.listen(port, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }

  /** Holds the answers to subscriptions back until the result is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** How many subscriptions there are to a topic. */
  followersOf(topic: string): number {
    return [...this.#subs.values()].flatMap((subs) => [...subs.values()]).filter((one) => one.topic === topic).length;
  }

  /** Says to every socket that it is there, as it would from time to time. */
  ping(): void {
    for (const { conn } of this.#io.sockets.sockets.values()) conn.transport.send([{ type: 'ping' }]);
  }

  /** Cuts every socket, as a dying node would. */
  cut(): void {
    this.#io.disconnectSockets(true);
  }

  /** Sends frames as they are to everybody who follows a topic: for losses and faults. */
  send(topic: string, make: (sub: number) => Frame): void {
    for (const [socket, subs] of this.#subs) {
      for (const one of subs.values()) if (one.topic === topic) socket.emit('frames', [make(one.sub)]);
    }
  }

  put(actor: FakeActor): void {
    this.actors.set(actor.view.address, actor);
    this.#tell(actor.view.address, undefined);
  }

  /** One step of an actor: the next version, with everybody told. */
  change(
    address: string,
    event: string,
    by: string,
    next: Partial<Pick<ActorView, 'state' | 'tags' | 'context' | 'can' | 'timers'>>,
  ): number {
    const actor = this.actors.get(address);
    if (actor === undefined) throw new Error(`No actor ${address}`);
    const before = actor.view;
    const at = new Date().toISOString();
    const view = { ...before, ...next, version: before.version + 1, updatedAt: at };
    const changed = Object.keys(view.context).filter((name) => view.context[name] !== before.context[name]);
    const row = {
      version: view.version,
      event: { type: event },
      caller: by,
      at,
      from: before.state,
      to: view.state,
      changed,
      hash: `${view.version}f`.repeat(16),
    };
    this.actors.set(address, { ...actor, view, history: [...actor.history, row] });
    this.#tell(address, {
      kind: 'patch',
      sub: 0,
      base: before.version,
      version: view.version,
      ops: changed.map((name) => ({
        op: name in before.context ? ('replace' as const) : ('add' as const),
        path: `/${name}`,
        value: view.context[name],
      })),
      state: view.state,
      tags: view.tags,
      can: view.can,
      timers: view.timers,
      updatedAt: at,
      cause: { event, by, at },
    });
    return view.version;
  }

  #tell(address: string, patch: Extract<Frame, { kind: 'patch' }> | undefined): void {
    for (const [socket, subs] of this.#subs) {
      for (const one of subs.values()) {
        if (patch && one.topic === address) socket.emit('frames', [{ ...patch, sub: one.sub }]);
        else if (!one.topic.includes('/') && one.topic.split('?')[0] === typeOf(address)) this.#tellList(socket, one);
      }
    }
  }

  #tellList(socket: Socket, one: Sub): void {
    const { items, total } = this.#list(one.topic);
    const gone = one.window.filter((old) => !items.some(({ address }) => address === old.address));
    const window = one.window.filter((old) => !gone.includes(old));
    const ops: ListOp[] = gone.map(({ address }) => ({ op: 'leave', address }));
    items.forEach((item, index) => {
      const at = window.findIndex(({ address }) => address === item.address);
      const old = window[at];
      if (at === index && old?.version === item.version) return;
      if (at >= 0) window.splice(at, 1);
      window.splice(index, 0, item);
      ops.push(
        at < 0 ? { op: 'enter', index, item } : at === index ? { op: 'update', item } : { op: 'move', address: item.address, index, item },
      );
    });
    one.window = [...items];
    socket.emit('frames', [{ kind: 'list', sub: one.sub, base: one.version, version: ++one.version, ops, total } satisfies Frame]);
  }

  #list(topic: string): { items: ListItem[]; total: number } {
    const [type = '', query = ''] = topic.split('?');
    const search = new URLSearchParams(query);
    const [state, tag, q, sort] = ['state', 'tag', 'q', 'sort'].map((name) => search.get(name));
    const found = [...this.actors.values()]
      .filter(({ view }) => typeOf(view.address) === type)
      .filter(({ view }) => !state || view.state.some((one) => one === state || one.startsWith(`${state}.`)))
      .filter(({ view }) => !tag || view.tags.includes(tag))
      .filter(({ title, view }) => !q || `${title} ${view.address}`.toLowerCase().includes(q.toLowerCase()))
      .sort((a, b) => (sort === 'updatedAt' ? 1 : -1) * a.view.updatedAt.localeCompare(b.view.updatedAt));
    const items = found.slice(0, Number(search.get('limit') ?? 50)).map(({ view, title, summary }) => {
      const { can: _can, timers: _timers, ...row } = view;
      return { ...row, title, summary };
    });
    return { items, total: found.length };
  }

  #onSocket(socket: Socket): void {
    const subs = new Map<number, Sub>();
    this.#subs.set(socket, subs);
    socket.on('disconnect', () => this.#subs.delete(socket));
    const now = this.now === undefined ? {} : { now: this.now() };
    socket.emit('frames', [{ kind: 'hello', protocol: 1, node: 'fake', urls: this.urls, ...now } satisfies Frame]);
    socket.on('subscribe', async (asked: Subscribe, ack: (acks: SubscribeAck[]) => void) => {
      this.asked += asked.length;
      if (this.#held !== undefined) await this.#held;
      if (this.silent) return;
      const frames: Frame[] = [];
      ack(asked.map(({ topic, at }) => this.#subscribe(subs, topic, at?.version, frames)));
      if (frames.length > 0) socket.emit('frames', frames);
    });
    socket.on('unsubscribe', (gone: number[], ack?: (done: unknown) => void) => {
      gone.forEach((sub) => subs.delete(sub));
      ack?.({});
    });
    socket.on('authenticate', (_: unknown, ack: (done: unknown) => void) =>
      ack({ expiresAt: new Date(Date.now() + 900_000).toISOString() }),
    );
    socket.on('command', (command: Command, ack: (done: CommandAck) => void) => {
      if (!this.silent) ack(this.#options.onCommand(this, command, (socket.data as { who: string }).who));
    });
  }

  #subscribe(subs: Map<number, Sub>, topic: string, at: number | undefined, frames: Frame[]): SubscribeAck {
    if (this.failing) return { ok: false, code: this.failing.code, reason: this.failing.detail };
    const sub = this.#nextSub++;
    if (!topic.includes('/')) {
      const { items, total } = this.#list(topic);
      subs.set(sub, { sub, topic, version: 1, window: items });
      frames.push({ kind: 'snapshot', sub, epoch: 'l', version: 1, items, total });
      return { ok: true, sub, how: 'snapshot', epoch: 'l', version: 1 };
    }
    const actor = this.actors.get(topic);
    if (actor === undefined) return { ok: false, code: 'not_found', reason: 'There is no such thing, or you may not see it.' };
    subs.set(sub, { sub, topic, version: 0, window: [] });
    const { address: _address, ...view } = actor.view;
    if (at === view.version) return { ok: true, sub, how: 'current', epoch: 'e', version: at };
    frames.push({ kind: 'snapshot', sub, epoch: 'e', ...view });
    return { ok: true, sub, how: 'snapshot', epoch: 'e', version: view.version };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://hub');
    if (pathname === '/') return void response.writeHead(302, { location: '/hq/' }).end();
    if (pathname.startsWith('/hq')) return this.#asset(pathname, response);
    const answer = (status: number, body: unknown): void => {
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
    };
    const body = await readBody(request);
    if (pathname === '/v1/demo') return answer(200, { people: this.#options.people, password: this.#options.password });
    if (pathname === '/v1/auth/token') return this.#signIn(body, answer);
    if (pathname === '/v1/auth/refresh') return answer(200, tokens(readToken(String(body['refreshToken'])) ?? '', this.#options.people));
    if (pathname === '/v1/auth/sign-out') return answer(200, {});
    if (this.failing) return answer(this.failing.status, { title: 'Failed', ...this.failing });
    if (pathname === '/v1/overview/pulse') return answer(200, { node: 'fake', nodes: [{ id: 'fake', figures: IDLE }], seconds: [] });
    const machine = /^\/v1\/machines\/([a-z]+)$/.exec(pathname)?.[1];
    if (machine !== undefined)
      return answer(
        200,
        chartOf(
          must(
            machines.find(({ type }) => type === machine),
            machine,
          ),
        ),
      );
    if (pathname.endsWith('/control')) return answer(200, { parked: null, proposed: null, effects: [], letters: 0 });
    if (['/v1/views', '/v1/overview/money', '/v1/dead-letters'].includes(pathname)) return answer(200, { items: [] });
    if (pathname.startsWith('/v1/lists/')) return this.#lists(pathname, searchParams, body, answer);
    this.#actors(request, pathname, searchParams, body, answer);
  }

  #lists(path: string, search: URLSearchParams, body: Record<string, unknown>, answer: (status: number, body: unknown) => void): void {
    const [, , , type = '', what] = path.split('/');
    if (what === 'views') {
      const ids = body['ids'] as string[];
      return answer(200, { items: ids.flatMap((id) => this.actors.get(`${type}/${id}`)?.view ?? []) });
    }
    const from = Number(search.get('offset') ?? 0);
    const size = Number(search.get('limit') ?? 100);
    search.set('limit', '1000000');
    answer(200, { items: this.#list(`${type}?${search}`).items.slice(from, from + size) });
  }

  #signIn(body: Record<string, unknown>, answer: (status: number, body: unknown) => void): void {
    const known = this.#options.people.some(({ username }) => username === body['username']) && body['password'] === this.#options.password;
    if (known) answer(200, tokens(String(body['username']), this.#options.people));
    else answer(401, { title: 'Unauthorized', status: 401, code: 'bad_credentials', detail: 'The name or the password is wrong.' });
  }

  #actors(
    request: IncomingMessage,
    path: string,
    search: URLSearchParams,
    body: Record<string, unknown>,
    answer: (status: number, body: unknown) => void,
  ): void {
    const [, , , type = '', id, part] = path.split('/');
    if (request.method === 'POST' && id === undefined) {
      const made = this.#options.onCreate(this, type, body['input'] as Record<string, unknown>, String(request.headers['idempotency-key']));
      return answer(made.status, made.body);
    }
    if (id === undefined) {
      const from = Number(search.get('cursor') ?? 0);
      const size = Number(search.get('limit') ?? 50);
      search.set('limit', '1000000');
      const { items } = this.#list(`${type}?${search}`);
      const more = from + size < items.length;
      return answer(200, { items: items.slice(from, from + size), next: more ? String(from + size) : null });
    }
    const actor = this.actors.get(`${type}/${id}`);
    if (actor === undefined)
      return answer(404, { title: 'Not found', status: 404, code: 'not_found', detail: 'There is no such thing, or you may not see it.' });
    if (part === 'history') {
      const [from, to] = [Number(search.get('from') ?? 1), Number(search.get('to') ?? 1e9)];
      return answer(200, { items: actor.history.filter(({ version }) => version >= from && version <= to), next: null });
    }
    const at = search.get('at');
    const row = actor.history.find(({ version }) => String(version) === at);
    answer(200, row ? { ...actor.view, version: row.version, state: row.to, updatedAt: row.at, can: [], timers: [] } : actor.view);
  }

  async #asset(path: string, response: ServerResponse): Promise<void> {
    const file = join(this.#options.assets, path.slice(3));
    const content = await readFile(file).catch(() => undefined);
    const shown = content === undefined || path === '/hq/' ? await readFile(join(this.#options.assets, 'index.html')) : content;
    const type = TYPES[content === undefined || path === '/hq/' ? '.html' : extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(shown);
  }
}

function tokens(username: string, people: FakeOptions['people']) {
  const roles = people.find((one) => one.username === username)?.roles ?? [];
  const payload = Buffer.from(JSON.stringify({ sub: username, roles })).toString('base64url');
  return { accessToken: `h.${payload}.s`, refreshToken: `h.${payload}.s`, expiresIn: 900 };
}

function readToken(token: string): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub?: string };
    return claims.sub;
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
