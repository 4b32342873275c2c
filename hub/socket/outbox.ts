import type { Ports } from '../../actors/ports/ports.ts';
import { EndOfTurn } from './end-of-turn.ts';
import type { Wired } from './shared-frame.ts';

/** The way to one client. */
export type Line = {
  /** `sent` is called when the operating system has taken it. */
  write(frames: string, sent: () => void): void;
  /** The same with a message that is encoded already; false where it cannot go past what the transport does, and was not written. */
  writeWire?(wire: Buffer, sent: () => void): boolean;
  /** Bytes that were written and that the operating system has not taken. */
  queued(): number;
};

/** Something that a slow client is owed: nothing more of it is sent but what brings it up to date, when there is room. */
export type Owed = { catchUp(): string | undefined };

/** With one more message of a large actor that is at most a quarter of a megabyte that the hub keeps for a client that does not read. */
export const PARK_BYTES = 160 * 1024;
const RESUME_BYTES = 40 * 1024;
const CUT_BYTES = 1024 * 1024;
const STALL_MS = 10_000;
/** A client credits in lots, so as many of the newest frames may be consumed without our knowing. */
const CREDIT_SLACK = 128;

type Sent = { readonly frames: number; readonly bytes: number };

/**
 * What goes to one socket: all frames of one turn of the loop as one message. A client that does not keep up is parked:
 * it is sent nothing more, only what it is owed is remembered, so that it costs the hub no memory.
 */
export class Outbox {
  readonly #line: Line;
  readonly #ports: Ports;
  readonly #turn: EndOfTurn;
  readonly #sent = (): void => this.#progress();
  readonly #end = (): void => {
    this.#scheduled = false;
    this.flush();
  };
  #frames: (string | Wired)[] = [];
  #bytes = 0;
  #scheduled = false;
  #parked = false;
  #held = false;
  #closed = false;
  readonly #owed = new Set<Owed>();
  #progressAt = 0;
  #lastMessage = 0;
  // What was sent and not credited, oldest first; kept from the first credit on.
  #crediting = false;
  #uncredited: Sent[] = [];
  #uncreditedFrames = 0;
  #uncreditedBytes = 0;

  /** `turn` is shared by all the sockets of a node. */
  constructor(line: Line, ports: Ports, turn = new EndOfTurn(ports)) {
    this.#line = line;
    this.#ports = ports;
    this.#turn = turn;
  }

  /** Whether frames may be sent as they come; otherwise they are owed. */
  get open(): boolean {
    return !this.#parked && !this.#held && !this.#closed && this.#bytes < PARK_BYTES;
  }

  get parked(): boolean {
    return this.#parked;
  }

  get owing(): number {
    return this.#owed.size;
  }

  /** Sends one frame, as JSON. */
  push(frame: string | Wired): void {
    if (this.#closed) return;
    this.#frames.push(frame);
    this.#bytes += textOf(frame).length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.later(this.#end);
  }

  owe(what: Owed): void {
    if (!this.#closed) this.#owed.add(what);
  }

  forgive(what: Owed): void {
    this.#owed.delete(what);
  }

  /** Sends what is owed, as far as there is room. */
  pump(): void {
    for (const what of this.#owed) {
      if (!this.open) return;
      this.#owed.delete(what);
      const frame = what.catchUp();
      if (frame !== undefined) this.push(frame);
    }
  }

  /** Keeps everything back until `release`: the client's rights are being asked for. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.pump();
  }

  /** The client has consumed so many frames. */
  credit(frames: number): void {
    if (!this.#crediting) {
      this.#crediting = true;
      return;
    }
    let left = frames;
    while (left > 0) {
      const oldest = this.#uncredited[0];
      if (oldest === undefined) break;
      const taken = Math.min(left, oldest.frames);
      const bytes = taken === oldest.frames ? oldest.bytes : Math.round((oldest.bytes * taken) / oldest.frames);
      left -= taken;
      this.#uncreditedFrames -= taken;
      this.#uncreditedBytes -= bytes;
      if (taken === oldest.frames) this.#uncredited.shift();
      else this.#uncredited[0] = { frames: oldest.frames - taken, bytes: oldest.bytes - bytes };
    }
    this.#progress();
  }

  /** Why the client has to be cut off; undefined while it need not. */
  trouble(now: number): 'slow' | undefined {
    if (!this.#parked) return undefined;
    // One message may be larger than the bound without the client being slow; what was added since may not.
    if (this.outstanding() - this.#lastMessage > CUT_BYTES) return 'slow';
    return now - this.#progressAt > STALL_MS ? 'slow' : undefined;
  }

  /** Bytes on their way, as far as is known. */
  outstanding(): number {
    const unread = this.#uncreditedFrames > CREDIT_SLACK ? this.#uncreditedBytes * (1 - CREDIT_SLACK / this.#uncreditedFrames) : 0;
    return this.#bytes + Math.max(this.#line.queued(), unread);
  }

  flush(): void {
    if (this.#frames.length === 0 || this.#closed) return;
    const frames = this.#frames;
    const bytes = this.#bytes;
    this.#frames = [];
    this.#bytes = 0;
    this.#lastMessage = bytes;
    if (this.#crediting) {
      this.#uncredited.push({ frames: frames.length, bytes });
      this.#uncreditedFrames += frames.length;
      this.#uncreditedBytes += bytes;
    }
    this.#write(frames);
    if (!this.#parked && this.outstanding() > PARK_BYTES) {
      this.#parked = true;
      this.#progressAt = this.#ports.clock.monotonic();
    }
    if (this.#owed.size > 0) this.pump();
  }

  /** What many are sent in this turn goes as it was encoded for the first of them. */
  #write(frames: readonly (string | Wired)[]): void {
    const [first, ...rest] = frames;
    let all = typeof first === 'object' ? first : undefined;
    for (const next of rest) all = typeof next === 'object' ? all?.with(next) : undefined;
    if (all !== undefined && this.#line.writeWire?.(all.wire, this.#sent) === true) return;
    this.#line.write(all?.text ?? frames.map(textOf).join(','), this.#sent);
  }

  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#bytes = 0;
    this.#owed.clear();
    this.#uncredited = [];
  }

  #progress(): void {
    if (this.#closed || !this.#parked) return;
    this.#progressAt = this.#ports.clock.monotonic();
    if (this.outstanding() > RESUME_BYTES) return;
    this.#parked = false;
    this.pump();
  }
}

function textOf(frame: string | Wired): string {
  return typeof frame === 'string' ? frame : frame.text;
}
