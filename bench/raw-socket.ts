import { connect } from 'node:net';
import type { Socket } from 'node:net';

const TEXT = 1;
const PING = 9;
const PONG = 10;
const BUFFER = Buffer.allocUnsafe(256 * 1024);

export type RawSocketOptions = {
  readonly port: number;
  readonly path: string;
  readonly onOpen: () => void;
  /** A message lies between these two places; the bytes are another's a moment later. */
  readonly onMessage: (bytes: Buffer, from: number, to: number) => void;
};

/** A WebSocket (RFC 6455) on a bare socket, all with one buffer: thousands of them in a process that is not what is measured. */
export class RawSocket {
  readonly socket: Socket;
  readonly #options: RawSocketOptions;
  #rest: Buffer | undefined;
  #upgraded = false;

  constructor(options: RawSocketOptions) {
    this.#options = options;
    const read = (bytes: number, buffer: Uint8Array): boolean => {
      this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      return true;
    };
    this.socket = connect({ port: options.port, host: '127.0.0.1', onread: { buffer: BUFFER, callback: read } });
    this.socket.setNoDelay(true);
    const lines = [
      `GET ${options.path} HTTP/1.1`,
      `Host: 127.0.0.1:${options.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ];
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  /** A text message, masked as a client's have to be; the mask is zero, which changes nothing. */
  say(text: string): void {
    this.#frame(TEXT, Buffer.from(text));
  }

  #frame(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const head = length < 126 ? [0x80 | opcode, 0x80 | length] : [0x80 | opcode, 0xfe, length >> 8, length & 0xff];
    this.socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(4), payload]));
  }

  #take(data: Buffer): void {
    let bytes = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    if (!this.#upgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return void (this.#rest = Buffer.from(bytes));
      this.#upgraded = true;
      bytes = bytes.subarray(end + 4);
      this.#options.onOpen();
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      const first = (bytes[at + 1] ?? 0) & 0x7f;
      const head = first < 126 ? 2 : first === 126 ? 4 : 10;
      if (bytes.length - at < head) break;
      const size = first < 126 ? first : first === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes.length - at < head + size) break;
      if (((bytes[at] ?? 0) & 0x0f) === PING) this.#frame(PONG, Buffer.from(bytes.subarray(at + head, at + head + size)));
      else this.#options.onMessage(bytes, at + head, at + head + size);
      at += head + size;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }
}

/** What Engine.IO (4) and Socket.IO (5) begin their messages with. */
export const SOCKET_IO = {
  path: '/socket.io/?EIO=4&transport=websocket',
  open: '0',
  ping: '2',
  pong: '3',
  connected: '40',
  acknowledged: '43',
};
