import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as restate from '@restatedev/restate-sdk';
import { contend } from './contend.ts';
import { born, next } from './transition.ts';
import type { Sent, State } from './transition.ts';
import type { OrderInput } from '../order.ts';

/*
 * Restate: an order is a virtual object, its state kept by Restate, an event one call of its exclusive handler over HTTP.
 * The handlers and the driver are in this process, the server is its own program, as its design demands. A repeat of the last
 * event is told from the object's state, which is cheaper for Restate than its idempotency keys.
 */

const PARTITIONS = 4;

type Kept = { readonly state: State; readonly last: string };

const object = restate.object({
  name: 'order',
  handlers: {
    create: async (ctx: restate.ObjectContext, input: OrderInput) => {
      const known = await ctx.get<Kept>('order');
      if (known !== null) return { hash: known.state.context.payload_hash };
      const state = born(ctx.key, input);
      ctx.set('order', { state, last: '' } satisfies Kept);
      return { hash: state.context.payload_hash };
    },
    send: async (ctx: restate.ObjectContext, { event, event_id }: { event: Sent; event_id: string }) => {
      const known = await ctx.get<Kept>('order');
      if (known === null) throw new restate.TerminalError('There is no such order');
      if (known.last === event_id) return { value: known.state.value };
      const state = next(known.state, event);
      ctx.set('order', { state, last: event_id } satisfies Kept);
      return { value: state.value };
    },
  },
});

contend(async ({ conc }) => {
  const dir = await mkdtemp(join(tmpdir(), 'green-lines-restate-'));
  const [node, ingress, admin, endpoint] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  await writeFile(join(dir, 'restate.toml'), configOf(dir, node, ingress, admin));
  const binary = serverBinary();
  const server = spawn(binary, ['--no-logo', '--config-file', join(dir, 'restate.toml')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const handlers = createHttp2Server(restate.createEndpointHandler({ services: [object] }));
  await new Promise<void>((resolve) => void handlers.listen(endpoint, '127.0.0.1', resolve));
  await register(`http://127.0.0.1:${admin}`, `http://127.0.0.1:${endpoint}`);
  const session = await openSession(`http://127.0.0.1:${ingress}`, conc);
  return {
    create: async (id, input) => {
      const { hash } = await call<{ hash: string }>(session, `/order/${id}/create`, input);
      return { id, hash };
    },
    send: async (id, event, event_id) => (await call<{ value: string }>(session, `/order/${id}/send`, { event, event_id })).value,
    close: async () => {
      session.destroy();
      const gone = new Promise<void>((resolve) => void server.once('exit', () => resolve()));
      server.kill('SIGKILL');
      await gone;
      await rm(dir, { recursive: true, force: true });
    },
  };
});

/** All of it is Restate's default but for where it listens and the partitions: 24 are slower on a machine this small. */
function configOf(dir: string, node: number, ingress: number, admin: number): string {
  return `node-name = "bench"
cluster-name = "bench"
base-dir = "${dir}"
bind-address = "127.0.0.1:${node}"
advertised-address = "http://127.0.0.1:${node}/"
listen-mode = "tcp"
default-num-partitions = ${PARTITIONS}
disable-telemetry = true
log-filter = "error,octocrab=off"

[ingress]
bind-address = "127.0.0.1:${ingress}"

[admin]
bind-address = "127.0.0.1:${admin}"
disable-web-ui = true

[bifrost.local]
rocksdb-disable-wal-fsync = false

[log-server]
rocksdb-disable-wal-fsync = false
`;
}

function serverBinary(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`;
  const path = fileURLToPath(new URL(`./node_modules/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`Restate has no server for ${process.platform} on ${process.arch}`);
  return path;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => void probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port');
  return address.port;
}

async function register(admin: string, uri: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${admin}/deployments`, { method: 'POST', headers, body: JSON.stringify({ uri }) });
      if (answer.ok) return;
      if (attempt > 100) throw new Error(`The handlers were not registered: ${answer.status} ${await answer.text()}`);
    } catch (error) {
      if (attempt > 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** One connection of HTTP/2 carries all calls: the cheapest way into it from Node. */
async function openSession(url: string, conc: number): Promise<ClientHttp2Session> {
  const session = connect(url, { peerMaxConcurrentStreams: Math.max(100, conc) });
  await new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.once('error', reject);
  });
  return session;
}

/** The ingress comes up a moment after its port; until a call has gone through, 503 is answered again. */
async function call<Answer>(session: ClientHttp2Session, path: string, body: object): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const { status, text } = await post(session, path, JSON.stringify(body));
    if (status === 200) return JSON.parse(text) as Answer;
    if ((status !== 503 && status !== 404) || attempt > 100) throw new Error(`${path}: ${status} ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function post(session: ClientHttp2Session, path: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
    let status = 0;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => void (status = headers[':status'] ?? 0));
    stream.on('data', (part: string) => (text += part));
    stream.on('end', () => resolve({ status, text }));
    stream.on('error', reject);
    stream.end(body);
  });
}
