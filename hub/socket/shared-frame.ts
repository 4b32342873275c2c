/** Frames that more than one socket is sent, as JSON, and as the message that they are when nothing else goes with them. */
export class Wired {
  readonly text: string;
  #wire: Buffer | undefined;
  readonly #followed = new Map<Wired, Wired>();

  constructor(text: string) {
    this.text = text;
  }

  /** The whole message; made once. */
  get wire(): Buffer {
    return (this.#wire ??= toWire(toMessage(this.text)));
  }

  /** These and then those, which is the same for every socket that is sent the same in one turn. */
  with(next: Wired): Wired {
    const known = this.#followed.get(next);
    if (known !== undefined) return known;
    const both = new Wired(`${this.text},${next.text}`);
    this.#followed.set(next, both);
    return both;
  }
}

/** A frame that many sockets are sent: for all whose subscriptions bear the same number it is made and encoded once. */
export class SharedFrame {
  readonly #kind: string;
  readonly #rest: string;
  readonly #wired = new Map<number, Wired>();
  #last: Wired | undefined;
  #lastSub = 0;

  /** `rest` is what stands behind `kind` and `sub`, with the closing brace. */
  constructor(kind: string, rest: string) {
    this.#kind = kind;
    this.#rest = rest;
  }

  of(sub: number): Wired {
    // Most clients number their first subscriptions alike.
    if (this.#last !== undefined && this.#lastSub === sub) return this.#last;
    let wired = this.#wired.get(sub);
    if (wired === undefined) {
      wired = new Wired(`{"kind":"${this.#kind}","sub":${sub},${this.#rest}`);
      this.#wired.set(sub, wired);
    }
    this.#last = wired;
    this.#lastSub = sub;
    return wired;
  }
}

/** Frames as Socket.IO sends them: an event (2) of the default namespace, protocol 5. */
export function toMessage(frames: string): string {
  return `2["frames",[${frames}]]`;
}

/** The whole WebSocket message (RFC 6455 §5.2: final, text, not masked) of an Engine.IO packet; 4 is a message. */
export function toWire(message: string, packet = '4'): Buffer {
  const bytes = 1 + Buffer.byteLength(message);
  const head = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
  const wire = Buffer.allocUnsafe(head + bytes);
  wire[0] = 0x81;
  if (head === 2) wire[1] = bytes;
  else if (head === 4) {
    wire[1] = 126;
    wire.writeUInt16BE(bytes, 2);
  } else {
    wire[1] = 127;
    wire.writeBigUInt64BE(BigInt(bytes), 2);
  }
  wire.write(packet + message, head);
  return wire;
}
