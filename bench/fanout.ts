import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClientsHave, ClientsJob, ClientsResult, ClientsUp } from './fanout-clients.ts';
import type { FanoutJob, FanoutKind, FanoutSent, FanoutUp } from './fanout-server.ts';
import { median, quantile } from './lifecycle.ts';

/* What one actor's change costs when thousands look at it, beside stock Socket.IO and bare WebSockets with the same bytes, in turns. */

/** `ws silent`: bare WebSockets whose clients have never said a word. */
export type Contestant = FanoutKind | 'ws silent';

export type FanoutRow = {
  readonly kind: Contestant;
  readonly clients: number;
  readonly actors: number;
  readonly states: number;
  readonly deliveries_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly server_cpu: number;
  readonly clients_cpu: number;
  readonly kb_per_connection: number;
};

const IN_FLIGHT = 4;
const WARM_MS = 1_000;
const END_MS = 15_000;

export type Process = {
  /** Asks it to end what it has started, and waits for it; not for ever. */
  end(): Promise<void>;

  readonly child: ChildProcess;
  ask<T>(message: object): Promise<T>;
  next<T>(fits: (message: object) => boolean): Promise<T>;
};

/** A process of this folder that is asked by messages. */
export function start(file: string): Process {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--max-semi-space-size=64'],
  });
  // What is sent to one that has just ended breaks nothing: whoever waits for it hears of its end.
  child.on('error', () => undefined);
  const next = <T>(fits: (message: object) => boolean): Promise<T> =>
    new Promise((resolve, reject) => {
      const hear = (message: unknown): void => {
        if (typeof message !== 'object' || message === null || !fits(message)) return;
        child.off('message', hear);
        child.off('exit', gone);
        resolve(message as T);
      };
      const gone = (code: number | null): void => reject(new Error(`${file} ended with ${code}`));
      child.on('message', hear);
      child.on('exit', gone);
    });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.connected) child.send({ end: true });
    const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await gone;
    clearTimeout(late);
  };
  return {
    child,
    end,
    next,
    ask: (message) => {
      const answer = next<never>((said) => !('have' in said) && !('sent' in said));
      child.send(message);
      return answer;
    },
  };
}

/** One run: everybody connects, then broadcasts for so long, at most four of which somebody has not had yet. `message` is what the others send. */
export async function fanout(who: Contestant, { clients, actors, states }: FanoutCase, seconds: number, message: string) {
  const kind = who === 'ws silent' ? 'ws' : who;
  const server = start('fanout-server.ts');
  const crowd = start('fanout-clients.ts');
  try {
    const { port, token, topics } = await server.ask<FanoutUp>({ kind, actors, states, message } satisfies FanoutJob);
    const empty = await server.ask<{ rss_mb: number; cpu_s: number }>({ rss: true });
    await crowd.ask<ClientsUp>({ kind, port, token, topics, states, count: clients, silent: who !== kind } satisfies ClientsJob);
    const full = await server.ask<{ rss_mb: number; cpu_s: number }>({ rss: true });
    let told = 0;
    let sample = '';
    let over = false;
    let counted: { from: number; to: number } | undefined;
    const send = (): void => void server.child.send({ send: true });
    server.child.on('message', (said) => {
      const { sent, at } = said as FanoutSent;
      if (sent !== undefined && crowd.child.connected) crowd.child.send({ turn: sent, at });
    });
    const done = new Promise<void>((resolve) => {
      crowd.child.on('message', (said) => {
        const { have, states: brought, sample: seen } = said as ClientsHave & { sample?: string };
        if (have === undefined) return;
        told += brought;
        sample ||= seen ?? '';
        // Where one frame has brought what two broadcasts made, there is room for two.
        if (!over) for (let made = 0; made < brought; made += kind === 'hub' ? states : 1) send();
        else if (counted !== undefined) resolve();
      });
    });
    for (let i = 0; i < IN_FLIGHT; i++) send();
    await new Promise((resolve) => setTimeout(resolve, WARM_MS));
    const [from, began, before] = [told, performance.now(), await server.ask<{ cpu_s: number }>({ rss: true })];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    counted = { from, to: told };
    over = true;
    const took = (performance.now() - began) / 1000;
    const after = await server.ask<{ cpu_s: number }>({ rss: true });
    await done;
    const { latencies_ms, cpu_s } = await crowd.ask<ClientsResult>({ result: true });
    const sorted = [...latencies_ms].sort((a, b) => a - b);
    const row: FanoutRow = {
      kind: who,
      clients,
      actors,
      states,
      deliveries_per_s: Math.round(((counted.to - counted.from) * clients * actors) / took),
      p50_ms: quantile(sorted, 0.5),
      p99_ms: quantile(sorted, 0.99),
      server_cpu: Math.round(((after.cpu_s - before.cpu_s) / took) * 100) / 100,
      clients_cpu: Math.round((cpu_s / (took + WARM_MS / 1000)) * 100) / 100,
      kb_per_connection: Math.round(((full.rss_mb - empty.rss_mb) * 1000) / clients),
    };
    return { row, message: sample };
  } finally {
    crowd.child.kill('SIGKILL');
    await server.end();
  }
}

/** Of how many actors one message tells, and how many states of each are merged into its frame. */
export type FanoutCase = { readonly clients: number; readonly actors: number; readonly states: number };
export const CASES: readonly FanoutCase[] = [
  { clients: 1_000, actors: 1, states: 1 },
  { clients: 5_000, actors: 1, states: 1 },
  { clients: 1_000, actors: 1, states: 8 },
  { clients: 5_000, actors: 1, states: 8 },
  { clients: 1_000, actors: 8, states: 1 },
];
const ALONE = { actors: 1, states: 1 };

/** The kinds in turns, so that whatever else the machine does meets all of them; the medians of each. The others send one state at a time. */
export async function compare(given: FanoutCase, rounds: number, seconds: number, tell: (line: string) => void) {
  const rows: FanoutRow[] = [];
  const isOne = given.actors * given.states === 1;
  const kinds: readonly Contestant[] = isOne ? ['hub', 'ws', 'socket.io', 'ws silent'] : ['hub', 'ws', 'socket.io'];
  for (let round = 0; round < rounds; round++) {
    let message = '';
    for (const kind of kinds) {
      // What is merged is compared with states that are sent one by one.
      const alone = await fanout(kind, kind === 'hub' ? given : { ...given, ...ALONE }, seconds, message);
      if (kind === 'hub') message = isOne ? alone.message : (await fanout('hub', { clients: 50, ...ALONE }, 0.2, '')).message;
      rows.push(alone.row);
      tell(JSON.stringify(alone.row));
    }
  }
  const of = (kind: Contestant): FanoutRow[] => rows.filter((row) => row.kind === kind);
  const middle = (kind: Contestant, field: Exclude<keyof FanoutRow, 'kind'>) => median(of(kind).map((row) => row[field]));
  const ratio = (kind: Contestant): number =>
    Math.round(median(of('hub').map((row, i) => row.deliveries_per_s / (of(kind)[i]?.deliveries_per_s ?? 1))) * 100) / 100;
  const summary = kinds.map((kind) => ({
    kind,
    deliveries_per_s: middle(kind, 'deliveries_per_s'),
    p50_ms: middle(kind, 'p50_ms'),
    p99_ms: middle(kind, 'p99_ms'),
    server_cpu: middle(kind, 'server_cpu'),
    clients_cpu: middle(kind, 'clients_cpu'),
    kb_per_connection: middle(kind, 'kb_per_connection'),
  }));
  const silent = isOne ? { times_ws_silent: ratio('ws silent') } : {};
  return { ...given, times_ws: ratio('ws'), times_socket_io: ratio('socket.io'), ...silent, summary };
}

/** `npm run bench -- fanout [rounds] [seconds]` */
export async function run(args: readonly string[]): Promise<void> {
  const [rounds, seconds] = [Number(args[0] ?? 1), Number(args[1] ?? 4)];
  for (const one of CASES) console.log(JSON.stringify(await compare(one, rounds, seconds, (line) => console.log(line)), undefined, 2));
}
