import type { Ports } from '../../actors/ports/ports.ts';
import { EndOfTurn } from './end-of-turn.ts';
import type { Wired } from './shared-frame.ts';

/** The way to one client. */
export type Line = {
  /** `sent` is called when the operating system has taken it. */
  write(frames: string, sent: () => void): void;
  /** The same with a message that is encoded already; false where it cannot go past what the transport does, and was not written. */
  writeWire?(wire: Buffer, sent: () => void): boolean;
  /**
   * Asks the other side to say when it has read all that was written so far, which is named by its number of bytes: a WebSocket answers a
   * ping by itself (RFC 6455 §5.5.3). False where that cannot be asked now.
   */
  mark?(bytes: number): boolean;
  /** Calls back with the number that was named. */
  onRead?(listener: (bytes: number) => void): void;
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
/** How much may go out before the other side is asked how far it has read. */
const MARK_BYTES = 64 * 1024;
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
  /** What goes with the next message, and how many frames that is. */
  #next: string | Wired | undefined;
  #frames = 0;
  #bytes = 0;
  #scheduled = false;
  #parked = false;
  #held = false;
  #closed = false;
  readonly #owed = new Set<Owed>();
  #progressAt = 0;
  /** What waited when it was looked at last. */
  #waited = 0;
  #sentBytes = 0;
  /** Up to where it was asked how far the other side has read, and its answer; undefined before the first one. */
  #marked = 0;
  #read: number | undefined;
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
    line.onRead?.((bytes) => this.#hasRead(bytes));
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
    this.#next = joined(this.#next, frame);
    this.#frames++;
    this.#bytes += textOf(frame).length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turn.later(this);
  }

  /** Sends one frame and whatever waits with it, where nothing else is to be expected in this turn. */
  pushOut(frame: Wired): void {
    if (this.#closed) return;
    try {
      // Not even noted where it goes at once: noting a young object in an old one is what the collector of garbage has to be told.
      if (this.#next === undefined) return this.#send(frame, 1, frame.text.length);
      this.#next = joined(this.#next, frame);
      this.#frames++;
      this.#bytes += frame.text.length;
      this.flush();
    } catch (error) {
      // One socket that fails keeps no other waiting.
      this.#ports.log.error({ err: error }, 'A frame could not be sent');
    }
  }

  /** Reads what a write is going to read, and says nothing. */
  approach(): number {
    return this.#sentBytes + this.#owed.size + this.#line.queued();
  }

  endTurn(): void {
    this.#scheduled = false;
    this.flush();
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

  /**
   * Looks at what waits, which is also what others have written, as the answers to commands; from time to time. Why the client has
   * to be cut off; undefined while it need not.
   */
  trouble(now: number): 'slow' | undefined {
    const waiting = this.outstanding();
    if (this.#parked ? waiting <= RESUME_BYTES : waiting <= PARK_BYTES) {
      if (this.#parked) this.#resume();
      return undefined;
    }
    if (!this.#parked) this.#park();
    else if (waiting < this.#waited) this.#progressAt = now;
    // It could not be asked while something was held back below; unasked, nobody answers.
    if (this.#marked < this.#sentBytes) this.#mark();
    this.#waited = waiting;
    // One message may be larger than the bound without the client being slow; what was added since may not.
    if (waiting - this.#lastMessage > CUT_BYTES) return 'slow';
    return now - this.#progressAt > STALL_MS ? 'slow' : undefined;
  }

  /** Asks about all that has been sent so far; what comes back says whether by now it has arrived, as far as can be known. */
  askAboutAll(): () => boolean {
    const sent = this.#sentBytes;
    if (this.#marked < sent) this.#mark();
    return () => this.#sentBytes - this.#line.queued() >= sent && (this.#read ?? sent) >= sent;
  }

  /** Bytes on their way, as far as is known. */
  outstanding(): number {
    const unread = this.#uncreditedFrames > CREDIT_SLACK ? this.#uncreditedBytes * (1 - CREDIT_SLACK / this.#uncreditedFrames) : 0;
    const onItsWay = this.#read === undefined ? 0 : this.#sentBytes - this.#read;
    return this.#bytes + Math.max(this.#line.queued(), unread, onItsWay);
  }

  #mark(): void {
    if (this.#line.mark?.(this.#sentBytes) === true) this.#marked = this.#sentBytes;
  }

  #hasRead(bytes: number): void {
    // Nobody has read what was not asked about.
    if (!(bytes <= this.#marked) || bytes < (this.#read ?? 0)) return;
    this.#read = bytes;
    this.#progress();
  }

  flush(): void {
    const next = this.#next;
    if (next === undefined || this.#closed) return;
    const bytes = this.#bytes;
    const frames = this.#frames;
    this.#next = undefined;
    this.#frames = 0;
    this.#bytes = 0;
    this.#send(next, frames, bytes);
  }

  #send(message: string | Wired, frames: number, bytes: number): void {
    this.#lastMessage = bytes;
    this.#sentBytes += bytes;
    if (this.#crediting) {
      this.#uncredited.push({ frames, bytes });
      this.#uncreditedFrames += frames;
      this.#uncreditedBytes += bytes;
    }
    // What many are sent in this turn goes as it was encoded for the first of them.
    if (typeof message === 'string') this.#line.write(message, this.#sent);
    else if (this.#line.writeWire?.(message.wire, this.#sent) !== true) this.#line.write(message.text, this.#sent);
    if (this.#marked === 0 || this.#sentBytes - this.#marked >= MARK_BYTES) this.#mark();
    if (!this.#parked && this.outstanding() > PARK_BYTES) this.#park();
    if (this.#owed.size > 0) this.pump();
  }

  close(): void {
    this.#closed = true;
    this.#next = undefined;
    this.#frames = 0;
    this.#bytes = 0;
    this.#owed.clear();
    this.#uncredited = [];
  }

  #progress(): void {
    if (this.#closed || !this.#parked) return;
    this.#progressAt = this.#ports.clock.monotonic();
    if (this.outstanding() <= RESUME_BYTES) this.#resume();
  }

  #park(): void {
    this.#parked = true;
    // Its end is asked about too, so that the answer says when all of it has been read.
    if (this.#marked < this.#sentBytes) this.#mark();
    this.#waited = this.outstanding();
    this.#progressAt = this.#ports.clock.monotonic();
  }

  #resume(): void {
    this.#parked = false;
    this.pump();
  }
}

/** Both, one after the other; as one that others share where both are. */
function joined(before: string | Wired | undefined, next: string | Wired): string | Wired {
  if (before === undefined) return next;
  return typeof before === 'object' && typeof next === 'object' ? before.with(next) : `${textOf(before)},${textOf(next)}`;
}

function textOf(frame: string | Wired): string {
  return typeof frame === 'string' ? frame : frame.text;
}
