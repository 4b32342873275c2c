import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { board } from './board.ts';
import { CLERK, act, openStage } from './stage.ts';
import type { Stage } from './stage.ts';

/*
 * One server process that sends states to everybody who is connected: the hub with the patches of actors that are committed, stock
 * Socket.IO with a room, or bare WebSockets with a loop, the same bytes each.
 */

export type FanoutKind = 'hub' | 'socket.io' | 'ws';
/** `states`: how many each of the actors comes to for one broadcast. */
export type FanoutJob = { readonly kind: FanoutKind; readonly actors: number; readonly states: number; readonly message: string };
export type FanoutUp = { readonly up: true; readonly port: number; readonly token: string; readonly topics: readonly string[] };
/** `at` is when the state was there to be told, in epoch milliseconds. */
export type FanoutSent = { readonly sent: number; readonly at: number };
/** `fill`: how many bytes a state has; about those of a payment without it. */
export type FanoutAsk = { readonly send: true; readonly fill?: number } | { readonly rss: true } | { readonly end: true };

const WARM_COMMITS = 4_000;

/** Makes one broadcast; resolves with when the state was there to be told. */
type Sender = (fill?: number) => Promise<number>;

const now = (): number => performance.timeOrigin + performance.now();

process.once('message', (job) => {
  serve(job as FanoutJob).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

async function serve({ kind, actors, states, message }: FanoutJob): Promise<void> {
  const served = kind === 'hub' ? hub(actors, states) : kind === 'socket.io' ? stock(message) : bare(message);
  const { port, token, topics, send, close } = await served;
  const used = process.cpuUsage();
  let sent = 0;
  let last: Promise<void> = Promise.resolve();
  process.on('message', (asked) => {
    const ask = asked as FanoutAsk;
    if ('rss' in ask) {
      const { user, system } = process.cpuUsage(used);
      process.send?.({ rss_mb: process.memoryUsage.rss() / 1e6, cpu_s: (user + system) / 1e6 });
    } else if ('send' in ask) {
      // One after another: commits that are under way together would be one broadcast.
      last = last.then(async () => void process.send?.({ sent: sent++, at: await send(ask.fill) } satisfies FanoutSent));
      last.catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      });
    } else end();
  });
  process.on('disconnect', end);
  function end(): void {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  }
  process.send?.({ up: true, port, token, topics } satisfies FanoutUp);
}

type Served = {
  readonly port: number;
  readonly token: string;
  readonly topics: readonly string[];
  readonly send: Sender;
  /** Ends what outlives the process otherwise. */
  readonly close: () => Promise<void>;
};

const nothing = (): Promise<void> => Promise.resolve();

async function hub(actors: number, states: number): Promise<Served> {
  const stage = await openStage({}, [board]);
  const topics = Array.from({ length: actors }, (_, index) => `board/b${index}`);
  for (const address of topics) await act(stage.hub, CLERK, address, '@create', {}, address);
  await warmUp(stage);
  const url = stage.hub.url();
  let n = 0;
  const send = async (fill?: number): Promise<number> => {
    const events = Array.from({ length: states }, () => (fill === undefined ? { n: ++n } : { n: ++n, fill }));
    await Promise.all(topics.flatMap((address) => events.map((event) => act(stage.hub, CLERK, address, 'SET', event))));
    return now();
  };
  return { port: Number(new URL(url).port), token: await signIn(url), topics, send, close: () => stage.close() };
}

/**
 * Commits as many as a hub has made that has worked for a while. A loop over thousands of sockets is compiled after a moment, as with the
 * others; what happens once for each broadcast, a few hundred times a second, would be interpreted for half of the run.
 */
async function warmUp({ hub: served }: Stage): Promise<void> {
  const address = 'board/warm';
  await act(served, CLERK, address, '@create', {}, address);
  for (let n = 0; n < WARM_COMMITS; n++) await act(served, CLERK, address, 'SET', { n });
}

async function signIn(url: string): Promise<string> {
  const body = JSON.stringify({ username: 'admin', password: 'bench-only-password' });
  const answer = await fetch(`${url}/v1/auth/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

async function stock(message: string): Promise<Served> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
  io.on('connection', (socket) => void socket.join('all'));
  const frames: unknown = (JSON.parse(message.slice(2)) as unknown[])[1];
  const port = await listen(http);
  const send = (fill?: number): Promise<number> => {
    const at = now();
    io.to('all').emit('frames', fill === undefined ? frames : [{ kind: 'patch', note: 'n'.repeat(fill) }]);
    return Promise.resolve(at);
  };
  return { port, token: '', topics: [], send, close: nothing };
}

async function bare(message: string): Promise<Served> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('error', () => undefined));
  const port = await listen(http);
  const send = (): Promise<number> => {
    const at = now();
    for (const client of server.clients) client.send(message);
    return Promise.resolve(at);
  };
  return { port, token: '', topics: [], send, close: nothing };
}

function listen(http: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port)));
}
