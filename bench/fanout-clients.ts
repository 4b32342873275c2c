import { connect } from 'node:net';
import type { Socket } from 'node:net';

/*
 * Thousands of clients in one process, on bare sockets and with one buffer, so that it is the server that is measured. They speak as
 * much of WebSocket (RFC 6455) and Socket.IO as it takes to be let in, and count messages.
 */

export type ClientsJob = {
  readonly kind: 'hub' | 'socket.io' | 'ws';
  readonly port: number;
  readonly token: string;
  readonly topics: readonly string[];
  readonly count: number;
};
export type ClientsUp = { readonly connected: true; /** One message with states, as it came. */ readonly sample: string };
/** All have had it. */
export type ClientsHave = { readonly have: number };
export type ClientsTold = { readonly at: number; readonly turn: number };
export type ClientsResult = { readonly latencies_ms: readonly number[]; readonly cpu_s: number };

const AT_ONCE = 100;
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
  readonly #sentAt: number[] = [];
  readonly #arrived: { turn: number; at: number }[] = [];
  #sample = '';

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
      const latencies_ms = this.#arrived.map(({ turn, at }) => at - (this.#sentAt[turn] ?? at));
      const { user, system } = process.cpuUsage(used);
      process.send?.({ latencies_ms, cpu_s: (user + system) / 1e6 } satisfies ClientsResult);
    });
    process.send?.({ connected: true, sample: this.#sample } satisfies ClientsUp);
  }

  #one(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const client = new Client(this.#job, resolve, (turn, text) => this.#have(index, turn, text));
      client.socket.on('error', reject);
    });
  }

  #have(index: number, turn: number, text: () => string): void {
    if (turn === 0 && index === 0) this.#sample = text();
    if (index % SAMPLED === 0) this.#arrived.push({ turn, at: now() });
    const count = (this.#counts[turn] ?? 0) + 1;
    this.#counts[turn] = count;
    if (count === this.#job.count) process.send?.({ have: turn, sample: this.#sample });
  }
}

const BUFFER = Buffer.allocUnsafe(256 * 1024);
const OPEN = '0';
const CONNECTED = '40';
const ACKNOWLEDGED = '430';
const PING = '2';

class Client {
  readonly socket: Socket;
  readonly #job: ClientsJob;
  readonly #ready: () => void;
  readonly #have: (turn: number, text: () => string) => void;
  #rest: Buffer | undefined;
  #upgraded = false;
  #isReady = false;
  #turns = 0;
  /** Messages that come between being let in and the first broadcast: the hello, and the snapshots. */
  #waiting: number;

  constructor(job: ClientsJob, ready: () => void, have: (turn: number, text: () => string) => void) {
    this.#job = job;
    this.#ready = ready;
    this.#have = have;
    this.#waiting = job.topics.length;
    const read = (bytes: number, buffer: Uint8Array): boolean => {
      this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      return true;
    };
    this.socket = connect({ port: job.port, host: '127.0.0.1', onread: { buffer: BUFFER, callback: read } });
    this.socket.setNoDelay(true);
    const path = job.kind === 'ws' ? '/' : '/socket.io/?EIO=4&transport=websocket';
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${job.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
  }

  #take(data: Buffer): void {
    let bytes = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    if (!this.#upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return void (this.#rest = Buffer.from(bytes));
      this.#upgraded = true;
      bytes = bytes.subarray(end + 4);
      if (this.#job.kind === 'ws') this.#begin();
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      const first = (bytes[at + 1] ?? 0) & 0x7f;
      const head = first < 126 ? 2 : first === 126 ? 4 : 10;
      if (bytes.length - at < head) break;
      const size = first < 126 ? first : first === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes.length - at < head + size) break;
      this.#message(bytes, at + head, at + head + size);
      at += head + size;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }

  #message(bytes: Buffer, from: number, to: number): void {
    const text = (): string => bytes.toString('utf8', from, to);
    if (this.#isReady && to - from > 20) return this.#have(this.#turns++, text);
    const said = text();
    if (said === PING) this.#say('3');
    else if (said.startsWith(ACKNOWLEDGED)) return;
    else if (said.startsWith(CONNECTED)) this.#letIn();
    else if (said.startsWith(OPEN)) this.#say(this.#job.token === '' ? '40' : `40${JSON.stringify({ token: this.#job.token })}`);
    else {
      this.#waiting -= said.split('"kind":"snapshot"').length - 1;
      if (this.#waiting === 0) this.#begin();
    }
  }

  #letIn(): void {
    const { topics } = this.#job;
    if (topics.length === 0) return this.#begin();
    this.#say(`420${JSON.stringify(['subscribe', topics.map((topic) => ({ topic }))])}`);
  }

  #begin(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#ready();
  }

  /** A masked text message; the mask is zero, which changes nothing. */
  #say(text: string): void {
    const payload = Buffer.from(text);
    const head =
      payload.length < 126
        ? Buffer.from([0x81, 0x80 | payload.length])
        : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff]);
    this.socket.write(Buffer.concat([head, Buffer.alloc(4), payload]));
  }
}
