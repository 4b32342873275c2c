import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { toWire } from '../../hub/socket/shared-frame.ts';

/** What a link tells of what goes over it to the client. */
export type LinkOptions = {
  /** The port that it leads to. */
  readonly to: number;
  /** Every message of the hub, before anything else is done with it. */
  readonly onMessage: (text: string) => void;
  /** Changes a message on its way. */
  readonly rewrite: (text: string) => string;
};

type Pair = { readonly near: Socket; readonly far: Socket };

const FRAMES = '42["frames"';

/**
 * The line between one client and one node. It reads the WebSocket messages that the hub sends, and can lose one, stand still, or
 * break: what a TCP proxy cannot do, lose a message in the middle of a connection that goes on, is what a bug of a server would.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #port = 0;
  #frozen = false;
  #closed = false;
  #losing = 0;
  /** How many messages were lost on purpose. */
  lost = 0;

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.#server = createServer((near) => this.#accept(near));
  }

  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options);
    await new Promise<void>((resolve, reject) => {
      link.#server.once('error', reject);
      link.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = link.#server.address();
    link.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resets whatever goes over it now. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Nothing arrives, nothing is lost. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    for (const pair of this.#pairs) flow(pair, frozen);
  }

  /** The next so many messages with frames never arrive, though the connection goes on. */
  lose(messages: number): void {
    this.#losing += messages;
  }

  /** Loses nothing from now on. */
  heal(): void {
    this.#losing = 0;
    this.freeze(false);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#closed) return void near.resetAndDestroy();
    near.setNoDelay(true);
    const far = connect({ host: '127.0.0.1', port: this.#options.to });
    far.setNoDelay(true);
    far.on('error', () => near.resetAndDestroy());
    const pair = { near, far };
    this.#pairs.add(pair);
    const reader = new MessageReader((text) => this.#pass(text));
    near.on('data', (data: Buffer) => void far.write(data));
    far.on('data', (data: Buffer) => {
      for (const piece of reader.take(data)) near.write(piece);
    });
    const part = (): void => {
      this.#pairs.delete(pair);
      near.destroySoon();
      far.destroySoon();
    };
    near.on('close', part);
    far.on('close', part);
    flow(pair, this.#frozen);
  }

  /** The message as it goes on; undefined where it is lost. */
  #pass(text: string): string | undefined {
    this.#options.onMessage(text);
    if (this.#losing > 0 && text.startsWith(FRAMES) && !text.includes('"kind":"hello"')) {
      this.#losing--;
      this.lost++;
      return undefined;
    }
    return this.#options.rewrite(text);
  }
}

function flow({ near, far }: Pair, frozen: boolean): void {
  if (frozen) {
    near.pause();
    far.pause();
  } else {
    near.resume();
    far.resume();
  }
}

/** Takes what a server sends apart: the answer to the upgrade as it is, then WebSocket messages (RFC 6455), of which text goes to `pass`. */
export class MessageReader {
  readonly #pass: (text: string) => string | undefined;
  #rest = Buffer.alloc(0);
  #upgraded = false;

  constructor(pass: (text: string) => string | undefined) {
    this.#pass = pass;
  }

  /** What of it goes on, now that these bytes have come too. */
  take(data: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, data]);
    const out: Buffer[] = [];
    if (!this.#upgraded) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return out;
      out.push(this.#rest.subarray(0, end + 4));
      this.#rest = this.#rest.subarray(end + 4);
      this.#upgraded = true;
    }
    for (let frame = readFrame(this.#rest); frame !== undefined; frame = readFrame(this.#rest)) {
      const whole = this.#rest.subarray(0, frame.length);
      this.#rest = this.#rest.subarray(frame.length);
      if (frame.opcode !== 1) {
        out.push(whole);
        continue;
      }
      const text = this.#pass(frame.payload.toString());
      // `toWire` puts Engine.IO's number in front, which stands in the text already.
      if (text !== undefined) out.push(toWire(text.slice(1), text.slice(0, 1)));
    }
    return out;
  }
}

type WebSocketFrame = { readonly opcode: number; readonly payload: Buffer; readonly length: number };

/** A frame of a server is never masked, and the hub sends none in parts. */
function readFrame(bytes: Buffer): WebSocketFrame | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes[1] ?? 0;
  const head = first < 126 ? 2 : first === 126 ? 4 : 10;
  if (bytes.length < head) return undefined;
  const size = first < 126 ? first : first === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < head + size) return undefined;
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(head, head + size), length: head + size };
}
