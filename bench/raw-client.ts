import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Where many clients go, and what they follow there. */
export type Crowd = {
  readonly kind: 'hub' | 'socket.io' | 'ws';
  readonly port: number;
  readonly token: string;
  readonly topics: readonly string[];
};

const BUFFER = Buffer.allocUnsafe(256 * 1024);
const OPEN = '0';
const CONNECTED = '40';
const ACKNOWLEDGED = '430';
const PING = '2';
/** What tells a message of patches from all others, and where. */
const PATCH_AT = '42["frames",[{"kind":"'.length;
const PATCH = 'p'.charCodeAt(0);

/**
 * A client on a bare socket, all with one buffer: it speaks as much of WebSocket (RFC 6455) and Socket.IO as it takes to be let in, and
 * hands over what comes then.
 */
export class RawClient {
  readonly socket: Socket;
  readonly #job: Crowd;
  readonly #ready: () => void;
  readonly #have: (turn: number, bytes: number, text: () => string) => void;
  #rest: Buffer | undefined;
  #upgraded = false;
  #isReady = false;
  #turns = 0;
  /** Messages that come between being let in and the first broadcast: the hello, and the snapshots. */
  #waiting: number;

  constructor(job: Crowd, ready: () => void, have: (turn: number, bytes: number, text: () => string) => void) {
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
    if (this.#isReady && bytes[from + PATCH_AT] === PATCH) return this.#have(this.#turns++, to - from, text);
    if (this.#isReady && to - from > 20) return; // heads, which are told from time to time
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

  /** From now on it reads nothing more. */
  stop(): void {
    this.socket.pause();
  }

  /** It says what it has consumed, as the SDK does. */
  credit(frames: number): void {
    this.#say(`42["credit",${frames}]`);
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
