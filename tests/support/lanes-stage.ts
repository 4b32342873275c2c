import { partitionOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Committed, Delivery, Outcome } from '../../actors/delivery.ts';
import { Lanes } from '../../actors/lanes.ts';
import type { LanesOptions } from '../../actors/lanes.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import type { Happening } from '../../actors/step.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { MemoryFaults } from '../../actors/store/memory.ts';
import type { Batch } from '../../actors/store/store.ts';
import { counter } from './toy-machines.ts';

export const ANN: Caller = { kind: 'person', id: 'ann', roles: ['clerk'] };
const ALL = Array.from({ length: 32 }, (_, index) => index);

export type Given = Partial<Omit<Delivery, 'settle'>> & { readonly id?: string };

/** One node's lanes over a database in memory, with time that stands still until it is told to move. */
export class LanesStage {
  readonly ports: VirtualPorts;
  readonly database: MemoryDatabase;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly rows: Committed[] = [];
  readonly batches: Batch[] = [];
  readonly lost: number[] = [];
  readonly #options: Partial<LanesOptions>;
  readonly #faults: MemoryFaults;
  node = 'one';
  store: MemoryStore;
  lanes: Lanes;

  constructor(
    given: {
      ports?: VirtualPorts;
      database?: MemoryDatabase;
      faults?: MemoryFaults;
      machines?: readonly Definition[];
      options?: Partial<LanesOptions>;
    } = {},
  ) {
    this.ports = given.ports ?? new VirtualPorts();
    this.database = given.database ?? new MemoryDatabase(this.ports.clock);
    this.definitions = new Map((given.machines ?? [counter]).map((definition) => [definition.type, definition]));
    this.#options = given.options ?? {};
    this.#faults = {
      ...given.faults,
      onCommit: (batch, lane) => {
        this.batches.push(batch);
        return given.faults?.onCommit?.(batch, lane) ?? 'none';
      },
    };
    this.store = this.#openStore();
    this.lanes = this.#openLanes();
  }

  /** The process starts: it claims all partitions and remembers nothing. */
  async start(): Promise<this> {
    this.store.crash();
    this.store = this.#openStore();
    this.lanes = this.#openLanes();
    await this.claim();
    return this;
  }

  async claim(): Promise<void> {
    await this.hear(this.store.renew(this.node, '', 60_000));
    this.lanes.own(new Map((await this.hear(this.store.claim(this.node, ALL))).map(({ partition, ...head }) => [partition, head])));
  }

  #openStore(): MemoryStore {
    return new MemoryStore({ ports: this.ports, database: this.database, faults: this.#faults });
  }

  #openLanes(): Lanes {
    const store = this.store;
    const lanes = new Lanes({
      store,
      ports: this.ports,
      definitions: this.definitions,
      lanes: 2,
      batch: 256,
      crowd: 64,
      memory_bytes: 64 << 20,
      scale: 1,
      reclaim: async (partitions) => new Map((await store.claim(this.node, partitions)).map(({ partition, ...head }) => [partition, head])),
      onLost: (partitions) => void this.lost.push(...partitions),
      ...this.#options,
    });
    lanes.onCommit((rows) => void this.rows.push(...rows));
    return lanes;
  }

  /** Hands an event in; the answer comes when time moves or stands long enough. */
  offer(address: string, happening: Happening, given: Given = {}): Promise<Outcome> {
    const definition = this.definitions.get(address.slice(0, address.indexOf('/'))) ?? counter;
    const { id, ...rest } = given;
    const body =
      happening.kind === 'event'
        ? happening.event
        : happening.kind === 'create'
          ? { type: '@create', ...happening.input }
          : { type: `@${happening.kind}` };
    return new Promise((settle) => {
      this.lanes.deliver({
        address,
        partition: partitionOf(address),
        definition,
        event_id: `caller:ann:${id ?? this.ports.random.id()}`,
        happening,
        event: JSON.stringify(body),
        caller: ANN,
        causation: '',
        correlation: '',
        traceparent: '',
        repeat: false,
        fresh: false,
        outside: true,
        ...rest,
        settle,
      });
    });
  }

  async create(address: string, given: Given & { input?: Record<string, unknown> } = {}): Promise<Outcome> {
    const { input = {}, ...rest } = given;
    const answer = this.offer(address, { kind: 'create', id: address.slice(address.indexOf('/') + 1), input, settings: {} }, rest);
    return this.hear(answer);
  }

  event(address: string, type: string, payload: object = {}, given: Given = {}): Promise<Outcome> {
    return this.offer(address, { kind: 'event', event: { ...payload, type } }, given);
  }

  /** The answer, letting as much time pass as it takes. */
  async hear<Answer>(answer: Promise<Answer>): Promise<Answer> {
    let heard = false;
    const end = (): void => void (heard = true);
    answer.then(end, end);
    await this.ports.until(() => heard, 120_000, 100);
    return answer;
  }

  send(address: string, type: string, payload: object = {}, given: Given = {}): Promise<Outcome> {
    return this.hear(this.event(address, type, payload, given));
  }

  /** What the journal holds of an actor's context now. */
  stored(address: string): { version: number; context: Record<string, unknown>; parked: unknown } | undefined {
    const { envelope } = this.database.load(address);
    if (envelope === undefined) return undefined;
    const { version, snapshot, parked } = JSON.parse(envelope) as {
      version: number;
      snapshot: { context: Record<string, unknown> };
      parked?: unknown;
    };
    return { version, context: snapshot.context, parked };
  }
}
