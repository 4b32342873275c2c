import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import type { Caller } from '../../actors/caller.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { Runtime } from '../../actors/runtime.ts';
import { toLive } from '../../actors/step.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { ListQuery } from '../../actors/store/store.ts';
import { answered, asked, disconnected, EMPTY, forget, isBehind, lost, receive, want, wanted } from '../../clients/core/store.ts';
import type { Store } from '../../clients/core/store.ts';
import type { Session } from '../../hub/auth/people.ts';
import type { Frame, SubscribeAck } from '../../hub/protocol/messages.ts';
import { Peer } from '../../hub/socket/peer.ts';
import type { Ending } from '../../hub/socket/ending.ts';
import type { Guard } from '../../hub/socket/standing.ts';
import { Topics } from '../../hub/socket/topics.ts';
import type { Subject } from '../../hub/view.ts';
import { Fault } from '../../machines/fault.ts';
import type { Definition, Role } from '../../machines/machine.ts';
import { shelf } from './shelf.ts';

const HOUR = 3_600_000;

/** The real runtime and the real topics on a database in memory and a clock that the test moves; reads take a while, before and after. */
export class SocketWorld {
  readonly ports: VirtualPorts;
  readonly store: MemoryStore;
  readonly runtime: Runtime;
  readonly topics: Topics;
  readonly people: TestPeople;
  readonly clients: VirtualClient[] = [];
  /** Every read fails. */
  broken = false;
  #ids = 0;

  constructor(seed: number) {
    this.ports = new VirtualPorts({ seed });
    const { ports } = this;
    const onRead = (call: string): Error | undefined => (this.broken && call !== 'renew' ? new Error('Connection terminated') : undefined);
    this.store = new MemoryStore({ ports, faults: { delay_ms: (call) => this.#some(call === 'commit' ? 4 : 15), onRead } });
    this.runtime = new Runtime({
      store: this.store,
      bus: new MemoryBus(new MemoryServer(ports), ports),
      ports,
      machines: [shelf],
      integrations: new Map(),
      node: 'node_1',
      url: () => 'http://node.example',
      hub_id: 'hub_1',
      node_secret: 'of this hub',
      lease_ms: 5000,
      // So little that actors are put out of memory and read again all the time.
      memory_bytes: 20_000,
      scale: 1,
      settings: {},
    });
    const store = {
      list: async (query: ListQuery) => {
        const rows = await this.store.list(query);
        await this.#wait();
        // As with PostgreSQL the envelopes are a second read, and may be newer than the rows.
        const loaded = new Map(
          (await this.store.load(rows.map(({ address }) => address))).map(({ address, envelope }) => [address, envelope]),
        );
        await this.#wait();
        return rows.map((row) => ({ ...row, envelope: loaded.get(row.address) ?? row.envelope }));
      },
      count: async (query: ListQuery) => {
        const count = await this.store.count(query);
        await this.#wait();
        return count;
      },
      at: async (address: string, moment: { version: number } | { at: number }) => {
        const row = await this.store.at(address, moment);
        await this.#wait();
        return row;
      },
    };
    this.topics = new Topics({
      runtime: this.runtime,
      store,
      ports,
      history: 'h1',
      spare: 1,
      read: (definition, address) => this.#read(definition, address),
    });
    this.people = new TestPeople(this);
  }

  async start(): Promise<void> {
    await this.run(this.runtime.start());
    this.ports.timers.every(1000, () => {
      for (const client of this.clients) client.tick();
    });
    this.ports.timers.every(5000, () => this.topics.sweep());
  }

  async #read(definition: Definition, address: string): Promise<Subject | undefined> {
    const live = await this.runtime.lanes.read(address);
    await this.#wait();
    return live === undefined ? undefined : { address, definition, envelope: live.envelope };
  }

  #some(most: number): number {
    return Math.floor(this.ports.random.next() * most);
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => void this.ports.timers.after(this.#some(15), resolve));
  }

  /** Lets time pass until there is an answer. */
  async run<T>(asked: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => void (over = true);
    asked.then(end, end);
    while (!over) await this.ports.advance(1);
    return asked;
  }

  /** Sends an event, whatever becomes of it. */
  send(address: string, type: string, payload: object = {}, caller: Caller = CLERK): void {
    this.runtime.command({ address, type, payload, caller, id: `e${this.#ids++}` }).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
    });
  }

  client(username: string): VirtualClient {
    const client = new VirtualClient(this, username);
    this.clients.push(client);
    return client;
  }

  /** The newest committed state, from the database. */
  async truth(address: string): Promise<Subject | undefined> {
    const [loaded] = await this.store.load([address]);
    return loaded?.envelope === undefined ? undefined : { address, definition: shelf, envelope: toLive(shelf, loaded.envelope) };
  }
}

export const CLERK: Caller = { kind: 'person', id: 'clerk', roles: ['clerk'] };

/** Tokens are names; rights change when a test says so, and everybody is told. */
class TestPeople implements Pick<Guard, 'verify' | 'onChange'> {
  readonly #world: SocketWorld;
  readonly #rights = new Map<string, { roles: readonly Role[]; client?: string }>([
    ['clerk', { roles: ['clerk'] }],
    ['clerk2', { roles: ['clerk'] }],
    ['acme', { roles: ['customer'], client: 'acme' }],
    ['globex', { roles: ['customer'], client: 'globex' }],
  ]);
  readonly #listeners = new Set<(username: string) => void>();
  #generation = 1;
  /** Their database does not answer. */
  unreachable = false;

  constructor(world: SocketWorld) {
    this.#world = world;
  }

  callerOf(username: string): Caller | undefined {
    const rights = this.#rights.get(username);
    return rights && { kind: 'person', id: username, ...rights };
  }

  async verify(token: string): Promise<Session> {
    await new Promise<void>((resolve) => void this.#world.ports.timers.after(3, resolve));
    if (this.unreachable) throw new Error('Connection terminated unexpectedly');
    const caller = this.callerOf(token);
    if (caller === undefined) throw new Fault('unauthenticated');
    return { caller, expiresAt: this.#world.ports.clock.now() + HOUR, generation: this.#generation };
  }

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  onChange(listener: (username: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Undefined rights are no rights: the person may not come in any more. */
  change(username: string, rights: { roles: readonly Role[]; client?: string } | undefined): void {
    this.#generation++;
    if (rights === undefined) this.#rights.delete(username);
    else this.#rights.set(username, rights);
    for (const listener of this.#listeners) listener(username);
  }
}

/**
 * A client as the console has it, with the console's own store, on a line that is as slow as the test says. What is on its
 * way when the connection breaks is lost.
 */
export class VirtualClient {
  readonly username: string;
  store: Store = EMPTY;
  /** Everything that ever reached it. */
  readonly heard: string[] = [];
  readonly frames: Frame[] = [];
  /** How its subscriptions were answered. */
  readonly hows = { current: 0, replay: 0, snapshot: 0 };
  /** How often something had to be asked again because it did not continue what was there. */
  misfits = 0;
  /** In how many seconds it was found parked. */
  parkings = 0;
  readonly #world: SocketWorld;
  #peer: Peer | undefined;
  #era = 0;
  #way: { bytes: number; arrive: () => void; sent: () => void }[] = [];
  #moving = false;
  /** A line that stands still takes nothing. */
  #stopped = false;
  #losing = false;

  constructor(world: SocketWorld, username: string) {
    this.#world = world;
    this.username = username;
    world.people.onChange((changed) => {
      if (changed === username) this.#peer?.reverify();
    });
  }

  get connected(): boolean {
    return this.#peer !== undefined;
  }

  async connect(): Promise<void> {
    const era = ++this.#era;
    const session = await this.#world.people.verify(this.username).catch(() => undefined);
    if (session === undefined || era !== this.#era) return;
    const mine = (task: () => void) => () => {
      if (era === this.#era) task();
    };
    const line = {
      write: (frames: string, sent: () => void): void => {
        const arrive = mine(() => this.#hear(frames));
        this.#put(frames.length, arrive, mine(sent));
      },
      queued: () => this.#way.reduce((sum, { bytes }) => sum + bytes, 0),
    };
    const { ports, topics } = this.#world;
    const people = this.#world.people as unknown as Guard;
    const end = mine(() => this.disconnect());
    const disconnect = (how: Ending): void => (how === 'hard' || how === 'reset' ? end() : this.#put(0, end, () => undefined));
    this.#peer = new Peer({ line, ports, topics, people, session, token: this.username, disconnect });
    this.#flush();
  }

  disconnect(): void {
    this.#era++;
    this.#peer?.close();
    this.#peer = undefined;
    this.#way = [];
    this.#stopped = false;
    this.store = disconnected(this.store);
  }

  /** The next message that is on its way never arrives, though the line says that it did. */
  lose(): void {
    this.#losing = true;
  }

  async authenticate(): Promise<void> {
    await this.#peer?.authenticate(this.username);
  }

  stop(): void {
    this.#stopped = true;
  }

  go(): void {
    this.#stopped = false;
    this.#move();
  }

  follow(topic: string): void {
    this.store = want(this.store, topic);
    this.#flush();
  }

  unfollow(topic: string): void {
    const entry = this.store.entries.get(topic);
    if (entry?.standing.kind === 'following') this.#peer?.unsubscribe([entry.standing.sub]);
    this.store = forget(this.store, topic);
  }

  tick(): void {
    if (this.#peer?.outbox.parked === true) this.parkings++;
    this.#peer?.tick();
  }

  get behind(): boolean {
    return [...this.store.entries.values()].some((entry) => entry.standing.kind === 'asked' || isBehind(entry));
  }

  #flush(): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    const topics = wanted(this.store);
    if (topics.length === 0) return;
    const olds = topics.flatMap(({ was }) => (was === undefined ? [] : [was]));
    peer.unsubscribe(olds);
    this.store = asked(
      this.store,
      topics.map(({ topic }) => topic),
    );
    const era = this.#era;
    const asking = topics.map((one) => ('at' in one && one.at !== undefined ? { topic: one.topic, at: one.at } : { topic: one.topic }));
    void peer.subscribe(asking, (acks) => {
      const text = JSON.stringify(acks);
      this.#put(
        text.length,
        () =>
          era === this.#era &&
          this.#answer(
            asking.map(({ topic }) => topic),
            JSON.parse(text) as SubscribeAck[],
          ),
        () => undefined,
      );
    });
  }

  #answer(topics: readonly string[], acks: readonly SubscribeAck[]): void {
    topics.forEach((topic, index) => {
      const ack = acks[index];
      if (ack === undefined) return;
      if (ack.ok && !this.store.entries.has(topic)) this.#peer?.unsubscribe([ack.sub]);
      if (ack.ok) this.hows[ack.how]++;
      this.store = answered(this.store, topic, ack);
    });
    this.#flush();
  }

  #hear(frames: string): void {
    this.heard.push(frames);
    for (const frame of JSON.parse(`[${frames}]`) as Frame[]) {
      this.frames.push(frame);
      const asking = wanted(this.store).length;
      this.store = receive(this.store, frame);
      if (frame.kind !== 'resync' && wanted(this.store).length > asking) this.misfits++;
      if (frame.kind === 'heads') this.#world.ports.timers.after(1000, () => this.#lost());
      if (frame.kind === 'bye') this.disconnect();
    }
    this.#flush();
  }

  #lost(): void {
    this.store = lost(this.store);
    if (wanted(this.store).length > 0) this.misfits++;
    this.#flush();
  }

  /** In order, each a little later than the one before. */
  #put(bytes: number, arrive: () => void, sent: () => void): void {
    this.#way.push({ bytes, arrive, sent });
    this.#move();
  }

  #move(): void {
    if (this.#moving || this.#stopped || this.#way.length === 0) return;
    this.#moving = true;
    this.#world.ports.timers.after(Math.floor(this.#world.ports.random.next() * 20), () => {
      this.#moving = false;
      if (this.#stopped) return;
      const first = this.#way.shift();
      first?.sent();
      if (!this.#losing) first?.arrive();
      this.#losing = false;
      this.#move();
    });
  }
}
