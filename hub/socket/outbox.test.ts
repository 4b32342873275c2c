import { expect, test } from 'vitest';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { EndOfTurn } from './end-of-turn.ts';
import { Outbox, PARK_BYTES } from './outbox.ts';
import type { Owed } from './outbox.ts';
import { Follower, shareWith } from './follower.ts';
import { SharedFrame, Wired } from './shared-frame.ts';

/** A line that takes what it is told to take. */
class TestLine {
  readonly written: string[] = [];
  readonly #waiting: { bytes: number; sent: () => void }[] = [];

  write(frames: string, sent: () => void): void {
    this.written.push(frames);
    this.#waiting.push({ bytes: frames.length, sent });
  }

  queued(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  take(messages = this.#waiting.length): void {
    for (const { sent } of this.#waiting.splice(0, messages)) sent();
  }
}

function open() {
  const ports = new VirtualPorts();
  const line = new TestLine();
  return { ports, line, outbox: new Outbox(line, ports) };
}

const BIG = 'x'.repeat(100_000);

function owing(frame: string | undefined): Owed & { asked: number } {
  const owed = {
    asked: 0,
    catchUp: () => {
      owed.asked++;
      return frame;
    },
  };
  return owed;
}

test('[SYNC-42] all frames of one turn of the loop go out as one message', async () => {
  const { ports, line, outbox } = open();
  for (const frame of ['1', '2', '3']) outbox.push(frame);
  expect(line.written).toEqual([]);
  await ports.settle();
  outbox.push('4');
  await ports.settle();
  expect(line.written).toEqual(['1,2,3', '4']);
});

test('[SYNC-43] a client that does not keep up is parked, owed each topic once, and served again when it has read', async () => {
  const { ports, line, outbox } = open();
  for (let i = 0; i < 3; i++) outbox.push(BIG);
  expect(outbox.open).toBe(false);
  await ports.settle();
  expect(outbox.parked).toBe(true);
  const [a, b] = [owing('a'), owing(undefined)];
  for (let i = 0; i < 100; i++) {
    outbox.owe(a);
    outbox.owe(b);
  }
  outbox.pump();
  expect([a.asked, b.asked, outbox.owing]).toEqual([0, 0, 2]);
  line.take();
  await ports.settle();
  expect(outbox.parked).toBe(false);
  expect([a.asked, b.asked, outbox.owing]).toEqual([1, 1, 0]);
  expect(line.written.slice(1)).toEqual(['a']);
});

test('[SYNC-43] what many topics owe is sent in portions, never all at once', async () => {
  const { ports, line, outbox } = open();
  for (let i = 0; i < 50; i++) outbox.owe(owing(BIG));
  outbox.pump();
  let most = 0;
  for (let round = 0; round < 40; round++) {
    await ports.settle();
    most = Math.max(most, outbox.outstanding());
    line.take();
  }
  expect(outbox.owing).toBe(0);
  expect(line.written.join().length).toBeGreaterThan(50 * BIG.length);
  expect(most).toBeLessThan(PARK_BYTES + 2 * BIG.length);
});

test('[SYNC-44] a parked client that takes nothing for ten seconds, or lets a megabyte more pile up, is to be cut off', async () => {
  const { ports, line, outbox } = open();
  for (let i = 0; i < 3; i++) outbox.push(BIG);
  await ports.advance(9_000);
  expect(outbox.trouble(ports.clock.monotonic())).toBeUndefined();
  await ports.advance(2_000);
  expect(outbox.trouble(ports.clock.monotonic())).toBe('slow');
  const other = open();
  for (let i = 0; i < 3; i++) other.outbox.push(BIG);
  await other.ports.settle();
  for (let i = 0; i < 11; i++) other.line.write(BIG, () => undefined); // answers to commands go past the frames
  expect(other.outbox.trouble(other.ports.clock.monotonic())).toBe('slow');
  expect(line.written.length).toBe(1);
});

test('[SYNC-44] one large message is no reason to cut anybody off', async () => {
  const { ports, outbox } = open();
  outbox.push('x'.repeat(3_000_000));
  await ports.settle();
  expect(outbox.parked).toBe(true);
  expect(outbox.trouble(ports.clock.monotonic())).toBeUndefined();
});

test('[SYNC-45] credit shows a reader that is slow behind a transport that takes everything', async () => {
  const { ports, line, outbox } = open();
  outbox.push('first');
  await ports.settle();
  line.take();
  outbox.credit(1);
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 64; i++) outbox.push('x'.repeat(1000));
    await ports.settle();
    line.take();
  };
  for (let i = 0; i < 20 && outbox.open; i++) await turn();
  expect(line.queued()).toBe(0);
  expect(outbox.parked).toBe(true);
  for (let i = 0; i < 20; i++) outbox.credit(64);
  expect(outbox.parked).toBe(false);
  outbox.credit(1_000_000); // more than was ever sent
  expect(outbox.outstanding()).toBe(0);
});

test('[SYNC-45] a reader who keeps up is never parked for the credit that he has not given yet', async () => {
  const { ports, line, outbox } = open();
  let consumed = 0;
  for (let i = 0; i < 200; i++) {
    outbox.push('x'.repeat(20_000));
    await ports.settle();
    line.take();
    if (++consumed === 64) {
      outbox.credit(64);
      consumed = 0;
    }
    expect(outbox.parked).toBe(false);
  }
});

test('[SYNC-46] while it is held back nothing that is owed goes out, and all of it afterwards', async () => {
  const { ports, line, outbox } = open();
  const owed = owing('owed');
  outbox.hold();
  expect(outbox.open).toBe(false);
  outbox.owe(owed);
  outbox.pump();
  outbox.push('revoked'); // what takes something away does go out
  await ports.settle();
  expect(line.written).toEqual(['revoked']);
  outbox.release();
  await ports.settle();
  expect(line.written).toEqual(['revoked', 'owed']);
  outbox.close();
  outbox.push('late');
  await ports.settle();
  expect(line.written).toHaveLength(2);
});

test('[SYNC-92] frames that many are sent go as they were encoded for the first, unless others go with them or something stands before them', async () => {
  const ports = new VirtualPorts();
  const line = new TestLine();
  const wires: string[] = [];
  let free = true;
  const writeWire = (wire: Buffer, sent: () => void): boolean => {
    if (free) wires.push(wire.toString());
    if (free) sent();
    return free;
  };
  const outbox = new Outbox(Object.assign(line, { writeWire }), ports);
  const shared = new SharedFrame('patch', '"version":2}').of(1);
  outbox.push(shared);
  await ports.settle();
  expect([wires.length, line.written]).toEqual([1, []]);
  const [second, third] = [7, 8].map((version) => new SharedFrame('patch', `"version":${version}}`).of(1));
  for (const each of [shared, second, third]) if (each !== undefined) outbox.push(each);
  await ports.settle();
  expect([wires.length, line.written]).toEqual([2, []]);
  expect(wires[1]).toContain(`[${shared.text},${second?.text},${third?.text}]`);
  outbox.push(shared);
  outbox.push('{"kind":"heads"}');
  await ports.settle();
  free = false;
  outbox.push(shared);
  await ports.settle();
  expect([wires.length, line.written]).toEqual([2, [`${shared.text},{"kind":"heads"}`, shared.text]]);
});

test('[SYNC-93] one socket that fails at the end of a turn keeps no other waiting', async () => {
  const ports = new VirtualPorts();
  const turn = new EndOfTurn(ports);
  const failing = new TestLine();
  failing.write = () => {
    throw new Error('The socket is in a strange state');
  };
  const well = new TestLine();
  for (const line of [failing, well]) new Outbox(line, ports, turn).push('1');
  await ports.settle();
  expect(well.written).toEqual(['1']);
  expect(ports.lines.some(({ message }) => message.startsWith('What was put off'))).toBe(true);
});

test('[SYNC-113] the last frame of a turn takes along what waits, once, and one socket that fails keeps no other waiting', async () => {
  const ports = new VirtualPorts();
  const turn = new EndOfTurn(ports);
  const [failing, well] = [new TestLine(), new TestLine()];
  failing.write = () => {
    throw new Error('The socket is in a strange state');
  };
  const boxes = [failing, well].map((line) => new Outbox(line, ports, turn));
  for (const outbox of boxes) outbox.push('1');
  for (const outbox of boxes) outbox.pushOut(new Wired('2'));
  expect(well.written).toEqual(['1,2']);
  expect(ports.lines.some(({ message }) => message === 'A frame could not be sent')).toBe(true);
  await ports.settle();
  boxes[1]?.pushOut(new Wired('3'));
  boxes[1]?.close();
  boxes[1]?.pushOut(new Wired('4'));
  expect(well.written).toEqual(['1,2', '3']);
});

test('[SYNC-118] a frame that goes at once is credited and parks its client as one that waited does', async () => {
  const { ports, line, outbox } = open();
  outbox.credit(1);
  outbox.pushOut(new Wired('1'));
  expect([line.written, outbox.outstanding(), outbox.parked]).toEqual([['1'], 1, false]);
  outbox.pushOut(new Wired(BIG));
  outbox.pushOut(new Wired(BIG));
  expect([outbox.open, outbox.parked, outbox.outstanding()]).toEqual([false, true, 200_001]);
  line.take();
  await ports.settle();
  expect([outbox.open, outbox.parked, outbox.outstanding()]).toEqual([true, false, 0]);
  expect(line.written).toHaveLength(3);
});

test('[SYNC-118] of many followers each is told once or owed, whoever fails', async () => {
  const ports = new VirtualPorts();
  const lines = Array.from({ length: 200 }, () => new TestLine());
  const boxes = lines.map((line) => new Outbox(line, ports));
  const followers = boxes.map((outbox, index) => new Follower(1 + (index % 3), outbox, () => undefined));
  boxes[70]?.hold();
  boxes[71]?.close();
  const failing = lines[72];
  if (failing !== undefined)
    failing.write = () => {
      throw new Error('The socket is in a strange state');
    };
  shareWith(new Set(followers), new SharedFrame('patch', '"base":1}'), 2, true);
  lines.forEach(({ written }, index) => {
    const told = index === 70 || index === 71 || index === 72 ? [] : [`{"kind":"patch","sub":${1 + (index % 3)},"base":1}`];
    expect([index, ...written]).toEqual([index, ...told]);
  });
  expect([boxes[70]?.owing, boxes[71]?.owing, followers[69]?.version, followers[70]?.version]).toEqual([1, 0, 2, 0]);
  await ports.settle();
  // Whoever is owed something already is not looked at again, and is brought up to date all the same.
  let looks = 0;
  const held = lines[70];
  if (held !== undefined) held.queued = () => (looks++, 0);
  const owed = followers[70];
  if (owed !== undefined) owed.feed = { catchUp: () => ({ frame: 'newest', version: 3 }), leave: () => undefined };
  shareWith(new Set(followers), new SharedFrame('patch', '"base":2}'), 3, true);
  expect(looks).toBe(0);
  boxes[70]?.release();
  await ports.settle();
  expect([held?.written, owed?.version]).toEqual([['newest'], 3]);
});

test('[SYNC-99] answers that nobody reads park a client, and cut it off, as frames do', async () => {
  const { ports, line, outbox } = open();
  outbox.push('1');
  await ports.settle();
  line.write(BIG, () => undefined);
  line.write(BIG, () => undefined);
  expect(outbox.trouble(ports.clock.monotonic())).toBeUndefined();
  expect([outbox.parked, outbox.open]).toEqual([true, false]);
  for (let i = 0; i < 11; i++) line.write(BIG, () => undefined);
  expect(outbox.trouble(ports.clock.monotonic())).toBe('slow');
});

test('[SYNC-100] a client that reads is served again when its last answer has left, whoever was told of that', async () => {
  const { ports, line, outbox } = open();
  outbox.push(BIG + BIG);
  await ports.settle();
  expect(outbox.parked).toBe(true);
  const owed = owing('later');
  outbox.owe(owed);
  line.write(BIG, () => undefined);
  line.take(1);
  expect(outbox.parked).toBe(true);
  line.take();
  expect(outbox.trouble(ports.clock.monotonic() + 30_000)).toBeUndefined();
  await ports.settle();
  expect([outbox.parked, owed.asked]).toEqual([false, 1]);
});

test('[SYNC-111] what the other side has not said that it has read is on its way, however much of it the operating system has taken', async () => {
  const ports = new VirtualPorts();
  const marks: number[] = [];
  let said: (bytes: number) => void = () => undefined;
  const line = {
    written: [] as string[],
    write: (frames: string, sent: () => void) => {
      line.written.push(frames);
      sent();
    },
    mark: (bytes: number) => marks.push(bytes) > 0,
    onRead: (listener: (bytes: number) => void) => void (said = listener),
    queued: () => 0,
  };
  const outbox = new Outbox(line, ports);
  const send = async (frame: string): Promise<void> => {
    outbox.push(frame);
    await ports.settle();
  };
  for (let i = 0; i < 3; i++) await send(BIG);
  // One that never answers is known by what the operating system takes alone.
  expect(outbox.parked).toBe(false);
  said(marks[0] ?? 0);
  await send(BIG);
  expect([outbox.parked, outbox.open]).toEqual([true, false]);
  const owed = owing('newest');
  outbox.owe(owed);
  said(Number.MAX_SAFE_INTEGER);
  said(Number.NaN);
  expect(outbox.parked).toBe(true);
  said(marks.at(-1) ?? 0);
  await ports.settle();
  expect([outbox.parked, owed.asked]).toEqual([false, 1]);
  expect(marks.at(-1)).toBe(400_000);
});

test('[SYNC-112] a client that reads is served again, also where it could not be asked at the moment at which it was parked', async () => {
  const ports = new VirtualPorts();
  let held = false;
  let said: (bytes: number) => void = () => undefined;
  const line = {
    write: (_: string, sent: () => void) => sent(),
    mark: (bytes: number) => {
      if (!held) ports.timers.after(10, () => said(bytes));
      return !held;
    },
    onRead: (listener: (bytes: number) => void) => void (said = listener),
    queued: () => 0,
  };
  const outbox = new Outbox(line, ports);
  outbox.push('hello');
  await ports.advance(100);
  const hasArrived = outbox.askAboutAll();
  held = true;
  outbox.push(BIG + BIG);
  await ports.settle();
  expect([outbox.parked, hasArrived(), outbox.askAboutAll()()]).toEqual([true, true, false]);
  held = false;
  expect(outbox.trouble(ports.clock.monotonic())).toBeUndefined();
  await ports.advance(100);
  expect([outbox.parked, outbox.askAboutAll()()]).toEqual([false, true]);
});
