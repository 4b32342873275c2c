import type { Caller } from '../../actors/caller.ts';
import type { Committed } from '../../actors/delivery.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import type { HistoryRow, Store } from '../../actors/store/store.ts';
import { typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { chartOf } from '../machine-chart.ts';
import { INSPECT_CLOSED } from '../protocol/inspection.ts';
import type { ChartMessage } from '../protocol/inspection.ts';
import { rightsOf } from '../socket/rights.ts';
import type { Rights } from '../socket/rights.ts';
import { covers, isSampled } from './aim.ts';
import type { Aim } from './aim.ts';
import { maySee, readStep, toActorFrame, toStep, toStepFrames } from './frames.ts';
import type { Inspected, Kin, Step } from './frames.ts';
import { LeftOut } from './left-out.ts';
import type { Line } from './line.ts';
import { rightsBook } from './lineage.ts';
import type { Lineage } from './lineage.ts';
import { Pace } from './pace.ts';
import { Tail } from './tail.ts';

export type InspectorOptions = {
  readonly aim: Aim;
  readonly line: Line;
  /** Whether it is the hub's own page, which draws charts. */
  readonly charts?: boolean;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly store: Pick<Store, 'history' | 'list'>;
  readonly lineage: Lineage;
  readonly ports: Ports;
  /** Ends the connection: a code of INSPECT_CLOSED or RFC 6455, and a sentence. */
  readonly cut: (code: number, reason: string) => void;
};

const LAST = 2_147_483_647;
/** How many steps of an actor somebody is shown who comes late: of one actor, and of each of many. */
const STEPS = { one: 50, many: 5 } as const;
/** Who has missed more than this is not shown all of it: the actor begins anew with its last steps. */
const MOST_MISSED = { one: 500, many: 50 } as const;
/** With how many actors of each kind a look at many begins, the newest first, and from how many they are chosen. */
const FIRST = 30;
const LOOKED_AT = 200;
const MOST_ACTORS = 500;
const PAGE = 100;

/**
 * One look at one or many actors: introduces each, shows its last steps and then every step as it is committed, in order, without a
 * gap or a repeat. It is told of commits before it reads anything, and what it hears while it reads waits. Everything goes out through
 * one loop, at the pace of the aim and of whoever reads: an actor that falls too far behind begins anew, and the rest is counted.
 */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #reach: 'one' | 'many';
  readonly #tails = new Map<string, Tail>();
  readonly #behind = new Set<Tail>();
  readonly #pace: Pace;
  readonly #leftOut: LeftOut;
  readonly #drawn = new Set<string>();
  #rightsOf: (type: string) => Rights | undefined = () => undefined;
  #held: Promise<void> | undefined;
  #begun = false;
  #running = false;
  #closed = false;

  constructor(options: InspectorOptions) {
    const { aim, ports } = options;
    this.#options = options;
    this.#reach = aim.target.kind === 'actor' ? 'one' : 'many';
    this.#pace = new Pace(aim.rate, ports.clock.monotonic());
    this.#leftOut = new LeftOut(aim);
  }

  /** Looks for what is there already. Commits are told from before this on. */
  begin(): void {
    const { target } = this.#options.aim;
    this.#begun = true;
    if (target.kind === 'actor') this.#follow(target.address);
    else void this.#lookAround(target.kind === 'type' ? [target.type] : [...this.#options.definitions.keys()]);
  }

  wants(address: string): boolean {
    return covers(this.#options.aim, address);
  }

  /** After every commit, of whichever node. */
  hear(rows: readonly Committed[]): void {
    if (this.#closed || !this.#begun) return;
    for (const committed of rows) {
      const address = committed.row.actor;
      if (!this.wants(address)) continue;
      const tail = this.#tailOf(address, committed.definition);
      tail.hear(toStep(committed));
      if (tail.behind) this.#behind.add(tail);
    }
    this.#run();
  }

  /** Nothing more goes out until it is known who is looking; undefined ends it. */
  hold(known: Promise<Caller | undefined>): void {
    const held = known.then((caller) => {
      if (this.#held !== held) return; // asked again since
      this.#held = undefined;
      if (caller === undefined) this.#end(INSPECT_CLOSED.rights, 'You may not inspect any more: your rights have changed.');
      else this.#rightsOf = rightsBook(this.#options.definitions, (definition) => rightsOf(definition, caller));
    });
    this.#held = held;
  }

  /** Waits until it is known who is looking; false where nobody may. */
  async ready(): Promise<boolean> {
    while (this.#held !== undefined) await this.#held;
    return !this.#closed;
  }

  /** Once a second: says what was left out. */
  tick(): void {
    if (this.#closed || this.#held !== undefined || !this.#options.line.hasRoom()) return;
    for (const frame of this.#leftOut.toFrames(this.#options.ports.clock.now())) this.#options.line.send(JSON.stringify(frame));
  }

  close(): void {
    this.#closed = true;
    this.#tails.clear();
    this.#behind.clear();
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.cut(code, reason);
  }

  async #lookAround(types: readonly string[]): Promise<void> {
    try {
      await this.ready();
      for (const type of types) {
        const rights = this.#rightsOf(type);
        // Of a view of some rows alone those are shown that change; each is asked about.
        if (rights?.view.rows !== 'all') continue;
        const rows = await this.#options.store.list({ type, sort: 'updatedAt', descending: true, limit: LOOKED_AT });
        const sampled = rows.filter(({ address }) => isSampled(address, this.#options.aim.sample));
        for (const { address } of sampled.slice(0, FIRST)) this.#follow(address);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #follow(address: string): void {
    const definition = this.#options.definitions.get(typeOf(address));
    if (definition === undefined || this.#closed) return;
    this.#behind.add(this.#tailOf(address, definition));
    this.#run();
  }

  /** Those that nothing has happened to for longest are forgotten first; one that something happens to again is introduced again. */
  #tailOf(address: string, definition: Definition): Tail {
    const tail = this.#tails.get(address) ?? new Tail(address, definition);
    this.#tails.delete(address);
    this.#tails.set(address, tail);
    for (const [oldest, { unshown }] of this.#tails) {
      if (this.#tails.size <= MOST_ACTORS) break;
      this.#leftOut.add(unshown);
      this.#forget(oldest);
    }
    return tail;
  }

  #forget(address: string): void {
    const tail = this.#tails.get(address);
    this.#tails.delete(address);
    if (tail !== undefined) this.#behind.delete(tail);
  }

  #run(): void {
    if (this.#running || this.#closed || this.#behind.size === 0) return;
    this.#running = true;
    this.#showAll()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running = false;
        this.#run();
      });
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#options.ports.log.warn({ err: error }, 'An inspector could not be shown what is committed; it has to come again');
    this.#end(1013, 'The hub cannot read its journal right now; come again in a moment.');
  }

  async #showAll(): Promise<void> {
    // Commits that come in one turn are shown together, and nothing of it keeps the lanes waiting.
    await new Promise<void>((resolve) => this.#options.ports.timers.soon(resolve));
    for (const tail of this.#behind) {
      this.#behind.delete(tail);
      await this.#show(tail);
      if (this.#closed) return;
      if (tail.behind && this.#tails.get(tail.address) === tail) this.#behind.add(tail);
    }
  }

  /** Brings one actor up to what is known of it now. */
  async #show(tail: Tail): Promise<void> {
    const step = tail.kin === undefined ? tail.next() : undefined;
    if (step !== undefined) await this.#introduce(tail, [step]);
    else if (tail.kin === undefined || this.#isLost(tail)) await this.#begin(tail);
    for (let next = tail.next(); next !== undefined; next = tail.next()) await this.#tell(tail, next);
    if (tail.behind && tail.kin !== undefined && !this.#closed && !this.#isLost(tail)) await this.#readOn(tail);
  }

  /** Too far behind to be caught up with. */
  #isLost({ known, sent }: Tail): boolean {
    return known - sent > MOST_MISSED[this.#reach];
  }

  /** What was missed, from the journal. */
  async #readOn(tail: Tail): Promise<void> {
    const to = Math.min(tail.known, tail.sent + PAGE);
    const rows = await this.#options.store.history(tail.address, tail.sent + 1, to, PAGE);
    for (const row of rows.toReversed()) await this.#tellRow(tail, row);
    tail.reach(to);
  }

  async #tellRow(tail: Tail, row: HistoryRow): Promise<void> {
    const step = readStep(tail.definition, row);
    if (step === undefined) tail.reach(row.version);
    else await this.#tell(tail, step);
  }

  /** The actor as it was some steps ago, and those steps. */
  async #begin(tail: Tail): Promise<void> {
    const rows = await this.#options.store.history(tail.address, 1, LAST, STEPS[this.#reach] + 1);
    const steps = rows.toReversed().flatMap((row) => readStep(tail.definition, row) ?? []);
    if (steps.length === 0) return this.#nothing(tail, rows[0]?.version ?? 0);
    const before = rows.length > STEPS[this.#reach] ? steps.shift() : undefined;
    await this.#introduce(tail, steps, before);
  }

  /** Shows the steps of an actor behind the one before them, or from its first one on. */
  async #introduce(tail: Tail, steps: readonly Step[], before?: Step): Promise<void> {
    const [first] = steps;
    const base = before ?? first;
    const newest = steps.at(-1) ?? before;
    if (base === undefined || newest === undefined) return;
    if (first?.version === 1) this.#options.lineage.learn(tail.address, first.caller);
    const kin = await this.#options.lineage.kinOf(tail.address, (type) => this.#rightsOf(type));
    await this.#mayGo(1);
    if (this.#closed) return;
    const seen = this.#inspected(tail, kin);
    if (seen === undefined || !maySee(seen, newest)) return this.#nothing(tail, newest.version);
    const visible = [base, ...steps].find((step) => maySee(seen, step)) ?? newest;
    this.#leftOut.add(tail.missingBefore(before === undefined ? visible.version : visible.version + 1));
    tail.kin = kin;
    this.#draw(tail.definition);
    this.#options.line.send(JSON.stringify(toActorFrame(seen, visible)));
    if (before !== undefined) tail.reach(before.version);
    for (const step of steps) if (step.version > tail.sent) await this.#tell(tail, step);
  }

  #draw(definition: Definition): void {
    if (this.#options.charts !== true || this.#drawn.has(definition.type)) return;
    this.#drawn.add(definition.type);
    const message: ChartMessage = { type: '@green-lines.chart', chart: chartOf(definition) };
    this.#options.line.send(JSON.stringify(message));
  }

  /** There is no such actor, or nothing of it that may be shown. */
  #nothing(tail: Tail, version: number): void {
    tail.kin = undefined;
    tail.reach(version);
    if (this.#reach === 'one') this.#end(INSPECT_CLOSED.gone, 'There is no such actor, or you may not see it.');
    else this.#forget(tail.address);
  }

  async #tell(tail: Tail, step: Step): Promise<void> {
    await this.#mayGo(2);
    if (this.#closed) return;
    tail.reach(step.version);
    const seen = tail.kin === undefined ? undefined : this.#inspected(tail, tail.kin);
    if (seen === undefined || !maySee(seen, step)) return;
    for (const frame of toStepFrames(seen, step)) this.#options.line.send(JSON.stringify(frame));
  }

  /** By the rights of now: asked right before something is sent. */
  #inspected({ address, definition }: Tail, kin: Kin): Inspected | undefined {
    const rights = this.#rightsOf(definition.type);
    return rights === undefined ? undefined : { address, definition, rights, kin };
  }

  /** Waits until it is known who looks, there is room on the line, and it is not too fast. Behind it nothing is waited for. */
  async #mayGo(frames: number): Promise<void> {
    const { line, ports } = this.#options;
    while (!this.#closed) {
      if (this.#held !== undefined) await this.ready();
      else if (!line.hasRoom()) await line.room();
      else {
        const wait_ms = this.#pace.take(frames, ports.clock.monotonic());
        if (wait_ms === 0) return;
        await new Promise<void>((resolve) => void ports.timers.after(wait_ms, resolve));
      }
    }
  }
}
