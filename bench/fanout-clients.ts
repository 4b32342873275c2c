import { RawClient } from './raw-client.ts';
import type { Crowd } from './raw-client.ts';

/* Thousands of clients in one process that count what comes, so that it is the server that is measured. */

export type ClientsJob = Crowd & {
  readonly count: number;
  /** Of one broadcast, each of which comes as one message or together with others. */
  readonly states: number;
  /** Never says anything once it is connected, as no client is that answers heartbeats. */
  readonly silent?: boolean;
};
export type ClientsUp = { readonly connected: true; /** One message with states, as it came. */ readonly sample: string };
/** All have had it; `states` is how many it brought each actor on. */
export type ClientsHave = { readonly have: number; readonly states: number };
export type ClientsTold = { readonly at: number; readonly turn: number };
/** Since it was asked for last. */
export type ClientsResult = { readonly latencies_ms: readonly number[]; readonly cpu_s: number };

const AT_ONCE = 100;
/** Of many, every sixteenth is timed; of few, all. */
const SAMPLED = 16;
const now = (): number => performance.timeOrigin + performance.now();

process.once('message', (job) => {
  new Clients(job as ClientsJob).open().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

class Clients {
  readonly #job: ClientsJob;
  readonly #counts: number[] = [];
  readonly #states: number[] = [];
  readonly #sentAt: number[] = [];
  readonly #arrived: { turn: number; at: number }[] = [];
  #sample = '';
  #most = 0;

  constructor(job: ClientsJob) {
    this.#job = job;
  }

  async open(): Promise<void> {
    const { count } = this.#job;
    for (let made = 0; made < count; made += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made) }, (_, index) => this.#one(made + index)));
    }
    const used = process.cpuUsage();
    process.on('message', (message) => {
      const told = message as ClientsTold | { readonly result: true };
      if ('turn' in told) {
        this.#sentAt[told.turn] = told.at;
        return;
      }
      const first = this.#firsts();
      const latencies_ms = this.#arrived.splice(0).map(({ turn, at }) => at - (this.#sentAt[first[turn] ?? turn] ?? at));
      const { user, system } = process.cpuUsage(used);
      process.send?.({ latencies_ms, cpu_s: (user + system) / 1e6 } satisfies ClientsResult);
    });
    process.send?.({ connected: true, sample: this.#sample } satisfies ClientsUp);
  }

  /** Of each message, which broadcast was the first that it brought: what is merged is timed from the oldest of it. */
  #firsts(): readonly number[] {
    let states = 0;
    return this.#states.map((brought) => {
      const first = Math.floor(states / this.#job.states);
      states += brought;
      return first;
    });
  }

  #one(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const client = new RawClient(this.#job, resolve, (turn, bytes, text) => {
        if (turn === 0 && this.#job.silent !== true) client.speak();
        this.#have(index, turn, bytes, text);
      });
      client.socket.on('error', reject);
    });
  }

  /** All are sent the same, so one says how many states it is. */
  #look(turn: number, text: string): void {
    if (turn === 0) this.#sample = text;
    const { base, version } = /"base":(?<base>\d+),"version":(?<version>\d+)/.exec(text)?.groups ?? {};
    this.#states[turn] = this.#job.kind === 'hub' ? Number(version) - Number(base) : 1;
  }

  #have(index: number, turn: number, bytes: number, text: () => string): void {
    this.#most = Math.max(this.#most, bytes);
    // States that came in two messages would be counted twice.
    if (bytes < this.#most * 0.8) throw new Error(`A message of ${bytes} bytes where others have ${this.#most}`);
    if (index === 0) this.#look(turn, text());
    if (this.#job.count <= SAMPLED || index % SAMPLED === 0) this.#arrived.push({ turn, at: now() });
    const count = (this.#counts[turn] ?? 0) + 1;
    this.#counts[turn] = count;
    if (count === this.#job.count) process.send?.({ have: turn, states: this.#states[turn] ?? 1, sample: this.#sample });
  }
}
