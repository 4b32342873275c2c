import { RawSocket, SOCKET_IO } from './raw-socket.ts';

/*
 * Thousands of clients whose connection breaks again and again. On the hub they come back as the SDK does, from the version that their
 * copy stands at and to whichever node answers; on stock Socket.IO they come back and are sent what comes from then on.
 */

export type JitterJob = {
  readonly kind: 'hub' | 'socket.io';
  readonly ports: readonly number[];
  readonly token: string;
  readonly topics: readonly string[];
  readonly count: number;
  /** How long a connection lasts, about, and how long it is away then. */
  readonly lasts_ms: number;
  readonly away_ms: number;
};
export type JitterResult = {
  /** Of all versions that there were while they followed, how many were shown; those that one patch stands for together are all shown. */
  readonly versions: number;
  readonly delivered: number;
  readonly twice: number;
  readonly back: number;
  readonly misfits: number;
  readonly reconnections: number;
  /** From beginning to reconnect until the newest version was there. */
  readonly recovery_ms: readonly number[];
  readonly snapshots: number;
  /** Those that were not shown the newest in the end. */
  readonly behind: readonly string[];
};

type Frame = { kind: string; epoch?: string; base?: number; version?: number; afterMs?: number };

const AT_ONCE = 50;
const AGAIN_MS = 150;

process.once('message', (job) => {
  const crowd = new JitterCrowd(job as JitterJob);
  crowd.open().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

class JitterCrowd {
  readonly #job: JitterJob;
  readonly clients: JitterClient[] = [];
  /** The newest version of each topic that anybody was shown. */
  readonly newest = new Map<string, number>();

  constructor(job: JitterJob) {
    this.#job = job;
  }

  async open(): Promise<void> {
    const { count } = this.#job;
    for (let made = 0; made < count; made += AT_ONCE) {
      const some = Array.from(
        { length: Math.min(AT_ONCE, count - made) },
        (_, index) => new JitterClient(this.#job, made + index, this.newest),
      );
      this.clients.push(...some);
      await Promise.all(some.map((client) => client.first));
    }
    process.on('message', (message) => {
      const { what } = message as { what: 'jitter' | 'calm' | 'result' };
      if (what === 'jitter') for (const client of this.clients) client.jitter();
      else if (what === 'calm') for (const client of this.clients) client.calm();
      else process.send?.(this.#result());
    });
    process.send?.({ connected: true });
  }

  #result(): JitterResult {
    const sum = (of: (client: JitterClient) => number): number => this.clients.reduce((total, client) => total + of(client), 0);
    return {
      versions: sum((client) => (this.newest.get(client.topic) ?? 0) - client.from),
      delivered: sum((client) => client.delivered),
      twice: sum((client) => client.twice),
      back: sum((client) => client.back),
      misfits: sum((client) => client.misfits),
      reconnections: sum((client) => client.reconnections),
      recovery_ms: this.clients.flatMap((client) => client.recovery_ms),
      snapshots: sum((client) => client.snapshots),
      behind: this.clients
        .flatMap((client) => (client.version < (this.newest.get(client.topic) ?? 0) ? [client.standing] : []))
        .slice(0, 10),
    };
  }
}

class JitterClient {
  readonly topic: string;
  readonly first: Promise<void>;
  readonly recovery_ms: number[] = [];
  /** The version that it began with. */
  from = 0;
  delivered = 0;
  twice = 0;
  back = 0;
  misfits = 0;
  reconnections = 0;
  snapshots = 0;
  readonly #job: JitterJob;
  readonly #newest: Map<string, number>;
  #turn: number;
  #raw: RawSocket | undefined;
  #version = 0;
  #epoch = '';
  #began = 0;
  #target = 0;
  #ready: () => void = () => undefined;
  #calm = true;
  #due: NodeJS.Timeout | undefined;

  constructor(job: JitterJob, index: number, newest: Map<string, number>) {
    this.#job = job;
    this.#newest = newest;
    this.#turn = index;
    this.topic = job.topics[index % job.topics.length] ?? '';
    this.first = new Promise((resolve) => {
      this.#ready = resolve;
    });
    this.#connect();
  }

  get version(): number {
    return this.#version;
  }

  get standing(): string {
    return `${this.topic} from ${this.from}: ${this.#version} of ${this.#newest.get(this.topic)}, ${this.#raw === undefined ? 'not connected' : 'connected'}`;
  }

  jitter(): void {
    this.#calm = false;
    this.#cutLater(Math.random());
  }

  /** It is not cut off any more; whoever is away comes back. */
  calm(): void {
    this.#calm = true;
    clearTimeout(this.#due);
  }

  #cutLater(part: number): void {
    this.#due = setTimeout(() => {
      const raw = this.#raw;
      this.#raw = undefined;
      raw?.socket.destroy();
      setTimeout(() => {
        this.reconnections++;
        this.#recover();
        this.#connect();
        if (!this.#calm) this.#cutLater(0.9 + Math.random() / 5);
      }, this.#job.away_ms);
    }, this.#job.lasts_ms * part);
  }

  /** From now on it counts how long it takes until it has what is newest now. */
  #recover(): void {
    this.#began = performance.now();
    this.#target = this.#newest.get(this.topic) ?? 0;
  }

  #connect(): void {
    const { ports } = this.#job;
    const raw = new RawSocket({
      port: ports[this.#turn % ports.length] ?? 0,
      path: SOCKET_IO.path,
      onOpen: () => undefined,
      onMessage: (bytes, from, to) => {
        if (this.#raw === raw) this.#message(raw, bytes.toString('utf8', from, to));
      },
    });
    this.#raw = raw;
    raw.socket.on('error', () => undefined);
    raw.socket.on('close', () => {
      if (this.#raw !== raw) return;
      // The node has gone, or does not answer: on to the next one, a moment later, not all at once.
      this.#raw = undefined;
      this.#turn++;
      if (this.#began === 0) this.#recover();
      setTimeout(() => this.#connect(), AGAIN_MS * (0.5 + Math.random()));
    });
  }

  #message(raw: RawSocket, said: string): void {
    const { kind, token } = this.#job;
    if (said === SOCKET_IO.ping) raw.say(SOCKET_IO.pong);
    else if (said.startsWith(SOCKET_IO.acknowledged)) this.#acknowledged(said);
    else if (said.startsWith(SOCKET_IO.connected)) {
      if (kind === 'hub') this.#subscribe(raw);
      else this.#ready();
    } else if (said.startsWith('44')) raw.socket.destroy();
    else if (said.startsWith(SOCKET_IO.open)) raw.say(`${SOCKET_IO.connected}${token === '' ? '' : JSON.stringify({ token })}`);
    else if (said.startsWith('42')) for (const frame of (JSON.parse(said.slice(2)) as [string, Frame[]])[1]) this.#frame(raw, frame);
  }

  #subscribe(raw: RawSocket): void {
    const at = this.#epoch === '' ? {} : { at: { epoch: this.#epoch, version: this.#version } };
    raw.say(`420${JSON.stringify(['subscribe', [{ topic: this.topic, ...at }]])}`);
  }

  #acknowledged(said: string): void {
    const [[ack]] = JSON.parse(said.slice(said.indexOf('['))) as [[{ ok: boolean; how?: string; version?: number }]];
    if (ack?.ok === true && ack.how === 'current') this.#shown();
  }

  #frame(raw: RawSocket, { kind, epoch, base = 0, version = 0, afterMs = 0 }: Frame): void {
    if (this.#job.kind === 'socket.io') return this.#plain(version);
    if (kind === 'snapshot') {
      this.snapshots++;
      if (version < this.#version) this.back++;
      if (this.#version === 0) this.from = version;
      else this.delivered += Math.max(0, version - this.#version);
      this.#epoch = epoch ?? '';
      this.#version = version;
      this.#ready();
      this.#shown();
    } else if (kind === 'patch') {
      if (version <= this.#version) return void this.twice++;
      if (base !== this.#version) {
        this.misfits++;
        return this.#subscribe(raw);
      }
      this.delivered += version - base;
      this.#version = version;
      this.#shown();
    } else if (kind === 'resync') this.#subscribe(raw);
    // The node is stopping: on to the next one, when it says.
    else if (kind === 'bye') setTimeout(() => raw.socket.destroy(), afterMs);
  }

  /** Stock Socket.IO has no versions; the messages bear numbers. */
  #plain(version: number): void {
    if (this.from === 0) this.from = version - 1;
    if (version <= this.#version) return void this.twice++;
    this.delivered++;
    this.#version = version;
    this.#shown();
  }

  #shown(): void {
    if (this.#version > (this.#newest.get(this.topic) ?? 0)) this.#newest.set(this.topic, this.#version);
    if (this.#began === 0 || this.#version < this.#target) return;
    this.recovery_ms.push(performance.now() - this.#began);
    this.#began = 0;
  }
}
