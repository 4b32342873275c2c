import { z } from 'zod';
import type { Definition } from '../../machines/machine.ts';
import { machines } from '../../machines/machines.ts';
import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import type { BusFaults } from '../../actors/bus/memory.ts';
import { HUB } from '../../actors/caller.ts';
import type { Caller } from '../../actors/caller.ts';
import { toOwnDelivery } from '../../actors/delivery.ts';
import type { Outcome } from '../../actors/delivery.ts';
import type { Open } from '../../actors/effects.ts';
import { defineIntegration } from '../../actors/integrations/integration.ts';
import type { Call, CallResult, IntegrationKind } from '../../actors/integrations/integration.ts';
import type { Cancel, Ports } from '../../actors/ports/ports.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { Runtime } from '../../actors/runtime.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { MemoryFaults } from '../../actors/store/memory.ts';
import type { StoredEnvelope } from '../../actors/envelope.ts';
import { toStates } from '../../actors/envelope.ts';
import { counter } from './toy-machines.ts';

export const CLERK: Caller = { kind: 'person', id: 'clara', roles: ['clerk'] };
export const APPROVER: Caller = { kind: 'person', id: 'abel', roles: ['approver'] };
export const OPERATOR: Caller = { kind: 'person', id: 'olga', roles: ['operator'] };

/** An integration that answers what the test says, and writes down what it was asked. */
export class Desk {
  readonly calls: Call[] = [];
  readonly kind: IntegrationKind;
  answer: (call: Call) => CallResult | Promise<CallResult> = ({ key }) => ({ kind: 'done', output: { mark: key } });

  constructor(given: Partial<IntegrationKind> = {}) {
    const input = z.looseObject({ integration: z.string() });
    const operations = {
      stamp: { input, output: z.object({ mark: z.string() }) },
      peek: { input, output: z.object({ mark: z.string() }), reads: true },
    };
    this.kind = defineIntegration({
      name: 'desk',
      title: 'Desk',
      provides: 'desk',
      honours_keys: true,
      concurrency: 8,
      timeout_ms: 5_000,
      operations,
      config: z.object({}),
      open: () => Promise.reject(new Error('It is open')),
      ...given,
    });
  }

  get open(): Open {
    return {
      kind: this.kind,
      integration: {
        perform: async (call) => {
          this.calls.push(call);
          return this.answer(call);
        },
        close: () => Promise.resolve(),
      },
    };
  }
}

export type StageOptions = {
  readonly integrations?: readonly Open[];
  readonly storeFaults?: MemoryFaults;
  readonly busFaults?: BusFaults;
  readonly extra?: readonly Definition[];
  /** Of machines, by their type. */
  readonly settings?: Readonly<Record<string, object>>;
};

/** A hub of one process after another over a database and a message server that outlive them; time moves when it is told to. */
export class RuntimeStage {
  readonly ports = new VirtualPorts();
  readonly database = new MemoryDatabase(this.ports.clock);
  readonly server = new MemoryServer(this.ports);
  readonly #options: StageOptions;
  /** The machines that the next process brings beside those of the list; another release has others. */
  extra: readonly Definition[];
  #process: Process | undefined;
  /** What is called; set anew, as by somebody who gives an integration other credentials. */
  readonly opened = new Map<string, Open>();
  store!: MemoryStore;
  bus!: MemoryBus;
  runtime!: Runtime;

  constructor(options: StageOptions = {}) {
    this.#options = options;
    this.extra = options.extra ?? [counter];
  }

  async start(): Promise<this> {
    this.#process = new Process(this.ports);
    const { ports } = this.#process;
    const { storeFaults, busFaults, integrations = [], settings = {} } = this.#options;
    for (const open of integrations) this.opened.set(open.kind.name, open);
    this.store = new MemoryStore({ ports, database: this.database, ...(storeFaults === undefined ? {} : { faults: storeFaults }) });
    this.bus = new MemoryBus(this.server, ports, busFaults);
    this.runtime = new Runtime({
      store: this.store,
      bus: this.bus,
      ports,
      machines: [...machines, ...this.extra],
      integrations: this.opened,
      node: 'one',
      url: () => '',
      hub_id: 'hub1',
      node_secret: 'of this hub',
      lease_ms: 5_000,
      memory_bytes: 32 << 20,
      scale: 1,
      settings,
    });
    await this.hear(this.runtime.start());
    for (const { kind } of integrations.filter((open) => open.kind.own !== true))
      await this.send(`integration/${kind.name}`, 'ENABLE', {}, { caller: OPERATOR });
    return this;
  }

  /** The process is gone at once: no timer of it rings, no call of it is answered. */
  async crash(): Promise<void> {
    this.#process?.end();
    this.store.crash();
    await this.bus.close();
  }

  async restart(): Promise<void> {
    await this.crash();
    await this.start();
  }

  async hear<Answer>(answer: Promise<Answer>): Promise<Answer> {
    let heard = false;
    const end = (): void => void (heard = true);
    answer.then(end, end);
    await this.ports.until(() => heard, 120_000, 20);
    return answer;
  }

  send(
    address: string,
    type: string,
    payload: unknown = {},
    given: { caller?: Caller; id?: string; repeat?: boolean } = {},
  ): Promise<Outcome> {
    return this.hear(this.runtime.command({ address, type, payload, caller: CLERK, ...given }));
  }

  /** What an operator does when a parked actor has been looked at. */
  resume(address: string): Promise<Outcome> {
    const own = {
      event_id: `own:operator#${this.ports.random.id()}`,
      happening: { kind: 'resume' },
      event: { type: '@resume' },
      causation: '',
    } as const;
    const definition = this.runtime.definitions.get(address.slice(0, address.indexOf('/'))) ?? counter;
    return this.hear(new Promise((settle) => this.runtime.lanes.deliver(toOwnDelivery(address, definition, own, HUB, settle))));
  }

  envelope(address: string): StoredEnvelope | undefined {
    const { envelope } = this.database.load(address);
    return envelope === undefined ? undefined : (JSON.parse(envelope) as StoredEnvelope);
  }

  state(address: string): string {
    return toStates(this.envelope(address)?.snapshot.value).join();
  }

  context(address: string): Record<string, unknown> {
    return this.envelope(address)?.snapshot.context ?? {};
  }

  events(address: string): string[] {
    return this.database.journalOf(address).map(({ event }) => (JSON.parse(event) as { type: string }).type);
  }
}

/** The clock and the timers of one process, which end with it. */
export class Process {
  readonly ports: Ports;
  readonly #periods = new Set<Cancel>();
  #ended = false;

  constructor({ clock, random, log, reach, timers }: VirtualPorts) {
    const only = (run: () => void) => () => {
      if (!this.#ended) run();
    };
    const every = (period_ms: number, run: () => void): Cancel => {
      const cancel = timers.every(period_ms, only(run));
      this.#periods.add(cancel);
      return cancel;
    };
    const after = (delay_ms: number, run: () => void): Cancel => timers.after(delay_ms, only(run));
    this.ports = { clock, random, log, reach, timers: { ...timers, after, every, soon: (run) => timers.soon(only(run)) } };
  }

  end(): void {
    this.#ended = true;
    for (const cancel of this.#periods) cancel();
  }
}
