import type { ClientsJob, ClientsResult, ClientsUp } from './fanout-clients.ts';
import { start } from './fanout.ts';
import type { FanoutJob, FanoutSent, FanoutUp } from './fanout-server.ts';
import { quantile } from './lifecycle.ts';
import type { StalledJob } from './stalled-clients.ts';

/*
 * Clients that stop reading while the actor that they follow goes on changing: what they cost the hub, what they cost those who do
 * read, and what a single one costs stock Socket.IO.
 */

export type StalledOptions = {
  readonly stalled: number;
  readonly readers: number;
  /** Changes, each of a state of so many bytes, at so many a second. */
  readonly changes: number;
  readonly fill: number;
  readonly rate: number;
};

export const USUAL: StalledOptions = { stalled: 1_000, readers: 20, changes: 1_600, fill: 64_000, rate: 40 };

export type StalledResult = {
  readonly p99_before_ms: number;
  readonly p99_during_ms: number;
  readonly times_p99: number;
  /** Of messages that the hub keeps for clients that do not take them, at their most, per client. */
  readonly queued_kib_each: number;
  readonly rss_growth_kib_each: number;
  readonly most_parked: number;
  readonly left_after_s: number | undefined;
  readonly readers_left: number;
};

const SAMPLE_MS = 500;

export async function stalledOnHub(given: StalledOptions, tell: (line: string) => void): Promise<StalledResult> {
  const server = start('fanout-server.ts');
  const readers = start('fanout-clients.ts');
  const crowd = start('stalled-clients.ts');
  try {
    const up = await server.ask<FanoutUp>({ kind: 'hub', actors: 1, states: 1, message: '' } satisfies FanoutJob);
    const { port, token, topics } = up;
    await readers.ask<ClientsUp>({ kind: 'hub', port, token, topics, states: 1, count: given.readers } satisfies ClientsJob);
    server.child.on('message', (said) => {
      const { sent, at } = said as FanoutSent;
      if (sent !== undefined && readers.child.connected) readers.child.send({ turn: sent, at });
    });
    const send = pacer(() => server.child.send({ send: true, fill: given.fill }), given.rate);
    await send(given.rate * 2); // warm
    await readers.ask<ClientsResult>({ result: true });
    await send(given.rate * 10);
    const before = await readers.ask<ClientsResult>({ result: true });
    const figures = (): Promise<Figures> => readFigures(port);
    const rss = async (): Promise<number> => (await server.ask<{ rss_mb: number }>({ rss: true })).rss_mb;
    await crowd.ask({ kind: 'hub', port, token, topics, count: given.stalled, credits: true } satisfies StalledJob);
    const at = { rss: await rss(), stopped: performance.now() };
    let [queued, most_rss, most_parked, left_after_s] = [0, 0, 0, undefined as number | undefined];
    const sampling = setInterval(() => {
      void Promise.all([figures(), rss()]).then(([now, rss_mb]) => {
        queued = Math.max(queued, now.queued);
        most_rss = Math.max(most_rss, rss_mb);
        most_parked = Math.max(most_parked, now.parked);
        if (now.sockets <= given.readers) left_after_s ??= (performance.now() - at.stopped) / 1000;
      });
    }, SAMPLE_MS);
    await send(given.changes);
    clearInterval(sampling);
    const during = await readers.ask<ClientsResult>({ result: true });
    const last = await figures();
    const [p99_before_ms, p99_during_ms] = [p99(before.latencies_ms), p99(during.latencies_ms)];
    const result = {
      p99_before_ms,
      p99_during_ms,
      times_p99: Math.round((p99_during_ms / p99_before_ms) * 100) / 100,
      queued_kib_each: Math.round(queued / 1024 / given.stalled),
      rss_growth_kib_each: Math.round(((most_rss - at.rss) * 1000) / given.stalled),
      most_parked,
      left_after_s,
      readers_left: last.sockets,
    };
    tell(JSON.stringify(result));
    return result;
  } finally {
    for (const { child } of [crowd, readers]) child.kill('SIGKILL');
    await server.end();
  }
}

/** How many megabytes stock Socket.IO grows by for one client that stops reading the same changes. */
export async function stalledOnSocketIo(given: StalledOptions, tell: (line: string) => void): Promise<number> {
  const server = start('fanout-server.ts');
  const crowd = start('stalled-clients.ts');
  try {
    const message = '42["frames",[{"kind":"patch"}]]';
    const { port, token, topics } = await server.ask<FanoutUp>({ kind: 'socket.io', actors: 1, states: 1, message } satisfies FanoutJob);
    await crowd.ask({ kind: 'socket.io', port, token, topics, count: 1, credits: false } satisfies StalledJob);
    const rss = async (): Promise<number> => (await server.ask<{ rss_mb: number }>({ rss: true })).rss_mb;
    const before = await rss();
    await pacer(() => server.child.send({ send: true, fill: given.fill }), given.rate)(given.changes * 2);
    const grown = Math.round((await rss()) - before);
    tell(`stock Socket.IO grew by ${grown} MB for one client`);
    return grown;
  } finally {
    crowd.child.kill('SIGKILL');
    await server.end();
  }
}

/** So many a second, whatever has become of the ones before. */
function pacer(one: () => void, rate: number): (count: number) => Promise<void> {
  return async (count) => {
    const began = performance.now();
    for (let done = 0; done < count;) {
      const due = ((performance.now() - began) * rate) / 1000;
      for (; done < count && done < due; done++) one();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
}

type Figures = { readonly sockets: number; readonly parked: number; readonly queued: number };

async function readFigures(port: number): Promise<Figures> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  return { sockets: value('hub_sockets'), parked: value('hub_sockets_parked'), queued: value('hub_socket_queued_bytes') };
}

function p99(latencies_ms: readonly number[]): number {
  return quantile(
    [...latencies_ms].sort((a, b) => a - b),
    0.99,
  );
}

/** `npm run bench -- stalled` */
export async function run(args: readonly string[]): Promise<void> {
  const given = { ...USUAL, stalled: Number(args[0] ?? USUAL.stalled), changes: Number(args[1] ?? USUAL.changes) };
  await stalledOnHub(given, (line) => console.log(line));
  await stalledOnSocketIo(given, (line) => console.log(line));
}
