import { connect, headers as makeHeaders } from '@nats-io/transport-node';
import { io } from 'socket.io-client';
import { PROTOCOL_VERSION } from '../hub/protocol/messages.ts';
import type { Frame, PatchOp, SubscribeAck } from '../hub/protocol/messages.ts';
import { quantile } from './lifecycle.ts';

/* Another system and a screen in one process, so that one clock says how long it takes from the one to the other. */

export type LatencyJob = {
  readonly url: string;
  readonly token: string;
  readonly natsUrl: string;
  readonly topics: readonly string[];
  readonly rate: number;
  readonly seconds: number;
};
export type LatencyResult = {
  readonly published: number;
  readonly shown: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
};

const WARM_S = 1;
const LAST_MS = 5_000;

process.once('message', (job) => {
  drive(job as LatencyJob).then(
    (result) => process.send?.(result, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function drive({ url, token, natsUrl, topics, rate, seconds }: LatencyJob): Promise<LatencyResult> {
  const nats = await connect({ servers: new URL(natsUrl).host });
  const socket = io(url, { transports: ['websocket'], reconnection: false, auth: { token, protocol: PROTOCOL_VERSION } });
  const actors = new Map<number, Actor>();
  let snapshots = 0;
  const seen: number[] = [];
  socket.on('frames', (frames: readonly Frame[]) => {
    const at = performance.now();
    for (const frame of frames) {
      if (frame.kind === 'snapshot') snapshots++;
      else if (frame.kind === 'patch') actors.get(frame.sub)?.show(frame.ops, at, seen);
    }
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('connect_error', reject);
  });
  const acks = (await socket.emitWithAck(
    'subscribe',
    topics.map((topic) => ({ topic })),
  )) as SubscribeAck[];
  acks.forEach((ack, index) => {
    if (!ack.ok) throw new Error(`${topics[index]}: ${ack.code}`);
    actors.set(ack.sub, new Actor(topics[index] ?? ''));
  });
  while (snapshots < topics.length) await new Promise((resolve) => setTimeout(resolve, 10));

  const all = [...actors.values()];
  const source = `bench-${process.pid}`;
  const began = performance.now();
  const total = rate * (seconds + WARM_S);
  let published = 0;
  // An open loop: what should have gone out by now goes out now, and is counted from when it should have.
  while (published < total) {
    const elapsed = performance.now() - began;
    for (; published < total && (published * 1000) / rate <= elapsed; published++) {
      const actor = all[published % all.length];
      if (actor === undefined) continue;
      const n = actor.next(began + (published * 1000) / rate);
      const headers = makeHeaders();
      headers.set('Nats-Msg-Id', `${source}-${published}`);
      headers.set('ce-source', source);
      nats.publish(`greenlines.in.${actor.address.replace('/', '.')}`, JSON.stringify({ type: 'SET', n }), { headers });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const until = performance.now() + LAST_MS;
  while (seen.length < total && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  const counted = seen.slice(rate * WARM_S).sort((a, b) => a - b);
  socket.disconnect();
  await nats.close();
  return {
    published,
    shown: seen.length,
    p50_ms: quantile(counted, 0.5),
    p99_ms: quantile(counted, 0.99),
    max_ms: quantile(counted, 1),
  };
}

/** Which of what was published for an actor its screen has not shown yet. */
class Actor {
  readonly address: string;
  readonly #due: number[] = [];
  #shown = 0;

  constructor(address: string) {
    this.address = address;
  }

  next(at: number): number {
    return this.#due.push(at);
  }

  show(ops: readonly PatchOp[], at: number, seen: number[]): void {
    const op = ops.find(({ path }) => path === '/n');
    const n = op !== undefined && 'value' in op ? Number(op.value) : 0;
    for (; this.#shown < n; this.#shown++) seen.push(at - (this.#due[this.#shown] ?? at));
  }
}
