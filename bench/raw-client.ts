import type { Socket } from 'node:net';
import { RawSocket, SOCKET_IO } from './raw-socket.ts';

/** Where many clients go, and what they follow there. */
export type Crowd = {
  readonly kind: 'hub' | 'socket.io' | 'ws';
  readonly port: number;
  readonly token: string;
  readonly topics: readonly string[];
};

/** What tells a message of patches from all others, and where. */
const PATCH_AT = '42["frames",[{"kind":"'.length;
const PATCH = 'p'.charCodeAt(0);

type Have = (turn: number, bytes: number, text: () => string) => void;

/** A client that is let in, follows what it is told to, and hands over what comes then. */
export class RawClient {
  readonly #raw: RawSocket;
  readonly #job: Crowd;
  readonly #ready: () => void;
  readonly #have: Have;
  #isReady = false;
  #turns = 0;
  /** Snapshots that come between being let in and the first broadcast. */
  #waiting: number;

  constructor(job: Crowd, ready: () => void, have: Have) {
    this.#job = job;
    this.#ready = ready;
    this.#have = have;
    this.#waiting = job.topics.length;
    this.#raw = new RawSocket({
      port: job.port,
      path: job.kind === 'ws' ? '/' : SOCKET_IO.path,
      onOpen: () => {
        if (job.kind === 'ws') this.#begin();
      },
      onMessage: (bytes, from, to) => this.#message(bytes, from, to),
    });
  }

  get socket(): Socket {
    return this.#raw.socket;
  }

  /** From now on it reads nothing more. */
  stop(): void {
    this.socket.pause();
  }

  /** It says what it has consumed, as the SDK does. */
  credit(frames: number): void {
    this.#raw.say(`42["credit",${frames}]`);
  }

  /**
   * One word of its own, as every client says when it answers a heartbeat. From then on its kernel acknowledges what comes in another way
   * (delayed, for an answer to take along), which costs the server more: clients that have never spoken flatter whoever serves them. Those of
   * the hub do so anyway, when it asks them how far they have read.
   */
  speak(): void {
    if (this.#job.kind !== 'hub') this.#raw.say(this.#job.kind === 'ws' ? 'seen' : '42["seen"]');
  }

  #message(bytes: Buffer, from: number, to: number): void {
    const text = (): string => bytes.toString('utf8', from, to);
    if (this.#isReady && bytes[from + PATCH_AT] === PATCH) return this.#have(this.#turns++, to - from, text);
    if (this.#isReady && to - from > 20) return; // heads, which are told from time to time
    const said = text();
    if (said === SOCKET_IO.ping) this.#raw.say(SOCKET_IO.pong);
    else if (said.startsWith(SOCKET_IO.acknowledged)) return;
    else if (said.startsWith(SOCKET_IO.connected)) this.#letIn();
    else if (said.startsWith(SOCKET_IO.open)) {
      const auth = this.#job.token === '' ? '' : JSON.stringify({ token: this.#job.token });
      this.#raw.say(`${SOCKET_IO.connected}${auth}`);
    } else {
      this.#waiting -= said.split('"kind":"snapshot"').length - 1;
      if (this.#waiting === 0) this.#begin();
    }
  }

  #letIn(): void {
    const { topics } = this.#job;
    if (topics.length === 0) return this.#begin();
    this.#raw.say(`420${JSON.stringify(['subscribe', topics.map((topic) => ({ topic }))])}`);
  }

  #begin(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#ready();
  }
}
