import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A WebSocket by hand (RFC 6455), that sends what no client library would, and can stop reading. */
export class RawSocket {
  /** The text messages that came. */
  readonly heard: string[] = [];
  /** The answer to the handshake, where it was not taken. */
  refusal = '';
  closed = false;
  readonly #tcp: Socket;
  #open = false;
  #rest = Buffer.alloc(0);

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    const { hostname, port, host } = new URL(url);
    this.#tcp = connect({ host: hostname, port: Number(port) });
    const lines = {
      Host: host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Version': '13',
      ...headers,
    };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#tcp.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${head.join('')}\r\n`);
    this.#tcp.on('data', (data) => this.#take(data));
    this.#tcp.on('close', () => (this.closed = true));
    this.#tcp.on('error', () => (this.closed = true));
  }

  get open(): boolean {
    return this.#open;
  }

  /** Reads nothing more: what comes piles up on the way. */
  pause(): void {
    this.#tcp.pause();
  }

  resume(): void {
    this.#tcp.resume();
  }

  close(): void {
    this.#tcp.destroy();
  }

  text(message: string): void {
    this.#frame(1, Buffer.from(message));
  }

  bytes(message: Uint8Array): void {
    this.#frame(2, Buffer.from(message));
  }

  #frame(opcode: number, payload: Buffer): void {
    if (this.closed) return;
    const long = payload.length > 65_535;
    const head = Buffer.alloc(payload.length < 126 ? 2 : long ? 10 : 4);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (payload.length < 126 ? payload.length : long ? 127 : 126);
    if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
    else if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
    const mask = randomBytes(4);
    this.#tcp.write(Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0))]));
  }

  #take(data: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, data]);
    if (!this.#open && !this.#shake()) return;
    while (this.#rest.length >= 2) {
      const size = (this.#rest[1] ?? 0) & 0x7f;
      const head = size < 126 ? 2 : size === 126 ? 4 : 10;
      if (this.#rest.length < head) return;
      const length = size < 126 ? size : size === 126 ? this.#rest.readUInt16BE(2) : Number(this.#rest.readBigUInt64BE(2));
      if (this.#rest.length < head + length) return;
      const opcode = (this.#rest[0] ?? 0) & 0x0f;
      if (opcode === 1) this.heard.push(this.#rest.toString('utf8', head, head + length));
      if (opcode === 8) this.#tcp.end();
      if (opcode === 9) this.#frame(10, Buffer.from(this.#rest.subarray(head, head + length)));
      this.#rest = this.#rest.subarray(head + length);
    }
  }

  #shake(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#rest.toString('latin1', 0, end);
    this.#open = head.startsWith('HTTP/1.1 101');
    if (!this.#open) this.refusal = this.#rest.toString('utf8');
    else this.#rest = this.#rest.subarray(end + 4);
    return this.#open;
  }
}
