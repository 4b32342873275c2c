import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import type { BusFaults } from '../../actors/bus/memory.ts';
import type { Command } from '../../actors/door.ts';
import type { Committed, Outcome } from '../../actors/delivery.ts';
import type { Open } from '../../actors/effects.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { Runtime } from '../../actors/runtime.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import { PARTITIONS, partitionOf } from '../../machines/ids.ts';
import { machines } from '../../machines/machines.ts';
import { must } from '../../machines/must.ts';
import { CLERK, Process } from './runtime-stage.ts';
import { counter } from './toy-machines.ts';

export const LEASE_MS = 5_000;

export type NodeOptions = {
  readonly release?: string;
  /** By how much its wall clock is off. */
  readonly skew_ms?: () => number;
  readonly busFaults?: BusFaults;
  readonly secret?: string;
};

/** One node of a cluster, on parts in memory. */
export type StageNode = {
  readonly name: string;
  readonly runtime: Runtime;
  readonly store: MemoryStore;
  readonly bus: MemoryBus;
  /** What it heard of, in order: its own commits and other nodes'. */
  readonly heard: Committed[];
  crash(): Promise<void>;
};

/** Several nodes of one hub over one database and one message server; time moves when it is told to. */
export class ClusterStage {
  readonly ports = new VirtualPorts();
  readonly database = new MemoryDatabase(this.ports.clock);
  readonly server = new MemoryServer(this.ports);
  readonly integrations: readonly Open[];
  readonly nodes = new Map<string, StageNode>();

  constructor(integrations: readonly Open[] = []) {
    this.integrations = integrations;
  }

  async start(name: string, options: NodeOptions = {}): Promise<StageNode> {
    const node = this.#open(name, options);
    this.nodes.set(name, node);
    await this.hear(node.runtime.start());
    return node;
  }

  #open(name: string, { release = '1.0.0', skew_ms, busFaults, secret }: NodeOptions): StageNode {
    const process = new Process(this.ports);
    const { clock } = process.ports;
    const ports: Ports =
      skew_ms === undefined ? process.ports : { ...process.ports, clock: { ...clock, now: () => clock.now() + skew_ms() } };
    const store = new MemoryStore({ ports, database: this.database, release });
    const bus = new MemoryBus(this.server, ports, busFaults);
    const runtime = new Runtime({
      store,
      bus,
      ports,
      machines: [...machines, counter],
      integrations: new Map(this.integrations.map((open) => [open.kind.name, open])),
      node: name,
      url: () => name,
      release,
      hub_id: 'hub1',
      node_secret: secret ?? 'of this hub',
      lease_ms: LEASE_MS,
      memory_bytes: 32 << 20,
      scale: 1,
      settings: {},
    });
    const heard: Committed[] = [];
    runtime.onChange({ hear: (rows) => void heard.push(...rows), wants: () => true });
    runtime.forwarding.use({
      direct: (url, text, signature) => must(this.nodes.get(url), url).runtime.forwarding.receive(text, signature),
    });
    const crash = async (): Promise<void> => {
      process.end();
      store.crash();
      await bus.close();
      this.nodes.delete(name);
    };
    return { name, runtime, store, bus, heard, crash };
  }

  node(name: string): StageNode {
    return must(this.nodes.get(name), name);
  }

  /** How many partitions each living node believes to own. */
  shares(): Record<string, number> {
    return Object.fromEntries([...this.nodes].map(([name, { runtime }]) => [name, runtime.lanes.partitions.length]));
  }

  /** Waits until every partition is with one node, and no node waits for more. */
  async settled(): Promise<void> {
    const all = (): number => Object.values(this.shares()).reduce((sum, share) => sum + share, 0);
    await this.ports.until(
      () => all() === PARTITIONS && [...this.nodes.values()].every(({ runtime }) => runtime.trouble() === undefined),
      60_000,
      20,
    );
  }

  /** A counter whose partition this node owns. */
  ownedBy(name: string, prefix = 'c'): string {
    const { lanes } = this.node(name).runtime;
    for (let i = 0; ; i++) if (lanes.owns(partitionOf(`counter/${prefix}${i}`))) return `counter/${prefix}${i}`;
  }

  send(name: string, address: string, type: string, payload: unknown = {}, given: Partial<Command> = {}): Promise<Outcome> {
    return this.hear(this.node(name).runtime.command({ address, type, payload, caller: CLERK, ...given }));
  }

  async hear<Answer>(answer: Promise<Answer>): Promise<Answer> {
    let heard = false;
    const end = (): void => void (heard = true);
    answer.then(end, end);
    await this.ports.until(() => heard, 120_000, 20);
    return answer;
  }
}
