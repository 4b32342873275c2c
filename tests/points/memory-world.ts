import type { Point } from '../../actors/ports/points.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Open } from '../../actors/effects.ts';
import type { Outcome } from '../../actors/delivery.ts';
import { toStates } from '../../actors/envelope.ts';
import type { StoredEnvelope } from '../../actors/envelope.ts';
import type { Call, CallResult, Gate, Integration, IntegrationKind } from '../../actors/integrations/integration.ts';
import { imports } from '../../actors/integrations/imports/imports.ts';
import { ledger } from '../../actors/integrations/ledger/ledger.ts';
import { records } from '../../actors/integrations/records/records.ts';
import { sandboxChecks } from '../../actors/integrations/sandbox-checks/sandbox-checks.ts';
import { sandboxRates } from '../../actors/integrations/sandbox-rates/sandbox-rates.ts';
import { Runtime } from '../../actors/runtime.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { Mishap } from '../../actors/store/memory.ts';
import type { Batch } from '../../actors/store/store.ts';
import { machines } from '../../machines/machines.ts';
import type { Role } from '../../machines/machine.ts';
import { Watch } from './failpoint.ts';
import type { Failpoint } from './failpoint.ts';
import { memoryRecords } from '../support/memory-records.ts';
import { MemoryErp } from '../erp/memory-erp.ts';
import { MemoryGateway } from './memory-gateway.ts';
import { memoryImports } from './memory-imports.ts';
import { memoryLedger } from './memory-ledger.ts';
import { messenger } from './messenger.ts';
import { CLIENT, DOCUMENTS, Scene } from './scene.ts';
import type { Answer, Ask, Event } from './scene.ts';
import type { Remains } from './trace.ts';

/** What happens to one process: where it dies, and what becomes of the first commit about that actor. */
export type Fate = { readonly die?: Failpoint; readonly watch?: Omit<Failpoint, 'point'>; readonly lose?: Mishap } & {
  readonly onDeath?: () => void;
};

const TICK_MS = 20;
const GIVE_UP_MS = 120_000;
const AGAIN_MS = 1_500;
/** One after another, so that a process may die between them. */
const CHECK_MS: Readonly<Record<string, number>> = { identity: 10, bank_account: 60, sanctions: 110 };

/** One process of the hub in this process: from its death on nothing of it reaches anybody. */
class Mortal {
  readonly runtime: Runtime;
  readonly reached = new Set<Point>();
  readonly #world: MemoryWorld;
  readonly #store: MemoryStore;
  readonly #bus: MemoryBus;
  #fate: Fate;
  #watch: Watch;
  #dead = false;
  #up = false;

  constructor(world: MemoryWorld, fate: Fate) {
    this.#world = world;
    const ports = this.#portsOf(world.ports);
    this.#fate = fate;
    this.#watch = new Watch(fate.die ?? fate.watch ?? {});
    this.#store = new MemoryStore({ ports, database: world.database, faults: { onCommit: (batch) => this.#mishap(batch) } });
    this.#bus = new MemoryBus(world.server, ports);
    const open = (kind: IntegrationKind) => ({ kind, integration: world.open(kind, () => this.#dead) });
    this.runtime = new Runtime({
      store: this.#store,
      bus: this.#bus,
      ports,
      machines: [...machines, messenger],
      integrations: new Map([
        [
          'sandbox',
          world.gateway.openFor(
            () => this.#dead,
            (delay_ms) => world.pause(delay_ms),
          ),
        ],
        ['sandbox_checks', open(sandboxChecks)],
        ['sandbox_rates', open(sandboxRates)],
        ['sandbox_erp', world.erp.sandboxFor(() => this.#dead)],
        ['ledger', { kind: ledger, integration: memoryLedger(world.database, () => this.#dead) }],
        ['records', this.#records()],
        ['imports', { kind: imports, integration: memoryImports(world.database, this.#toGate(), ports, () => this.#dead) }],
      ]),
      node: 'one',
      url: () => '',
      hub_id: 'hub1',
      node_secret: 'of this hub',
      lease_ms: 5_000,
      memory_bytes: 32 << 20,
      scale: world.scale,
      settings: {},
    });
    this.runtime.start().then(
      () => (this.#up = true),
      () => this.die(),
    );
  }

  /** It is open a moment later. */
  #records(): Open {
    const opened = memoryRecords(this.#world.database, this.#world.ports);
    const perform = async (call: Call): Promise<CallResult> => {
      const { integration } = await opened;
      return this.#dead ? new Promise<never>(() => undefined) : integration.perform(call);
    };
    return { kind: records, integration: { perform, close: () => Promise.resolve() } };
  }

  #toGate(): Gate {
    return {
      hub_id: 'hub1',
      definition: (type) => this.runtime.definitions.get(type),
      settings: (type) => this.runtime.definitions.get(type)?.settings.parse({}),
      caller: (username) => Promise.resolve(callerOf(username)),
      submit: (submission) => this.runtime.submit(submission),
    };
  }

  get dead(): boolean {
    return this.#dead;
  }

  get up(): boolean {
    return this.#up && !this.#dead;
  }

  meet(fate: Fate): void {
    this.#fate = fate;
    this.#watch = new Watch(fate.die ?? fate.watch ?? {});
    this.reached.clear();
  }

  die(): void {
    this.#dead = true;
    this.#store.crash();
    this.#bus.close().catch(() => undefined);
  }

  #reach(...[point, about]: Parameters<Ports['reach']>): void {
    if (this.#dead || !this.#watch.sees(point, about)) return;
    this.reached.add(point);
    this.#world.reached.add(point);
    if (this.#fate.die?.point !== point) return;
    this.#fate.onDeath?.();
    this.die();
  }

  #mishap({ journal }: Batch): Mishap {
    const { lose, die, watch } = this.#fate;
    const { address } = die ?? watch ?? {};
    if (lose === undefined || !this.#watch.begun || !journal.some(({ actor }) => actor === address)) return 'none';
    this.#fate = { ...this.#fate, lose: 'none' };
    return lose;
  }

  #portsOf({ clock, random, log, timers }: VirtualPorts): Ports {
    const only = (run: () => void) => () => {
      if (!this.#dead) run();
    };
    return {
      clock,
      random,
      log,
      reach: (point, about) => this.#reach(point, about),
      timers: {
        ...timers,
        after: (delay_ms, run) => timers.after(delay_ms, only(run)),
        every: (period_ms, run) => {
          const cancel = timers.every(period_ms, () => (this.#dead ? cancel() : run()));
          return cancel;
        },
        soon: (run) => timers.soon(only(run)),
      },
    };
  }
}

/** A database, a message server and a gateway that live on, one process after another on them, and time that flies. */
export class MemoryWorld {
  readonly ports = new VirtualPorts();
  readonly database = new MemoryDatabase(this.ports.clock);
  readonly server = new MemoryServer(this.ports);
  readonly gateway = new MemoryGateway();
  readonly erp = new MemoryErp(() => this.ports.clock.now());
  /** The points that any of its processes came by. */
  readonly reached = new Set<Point>();
  readonly scale: number;
  #node: Mortal;
  /** What befalls the processes that come up after this one. */
  #fates: Fate[] = [];

  constructor(scale: number) {
    this.scale = scale;
    this.#node = new Mortal(this, {});
  }

  get node(): Mortal {
    return this.#node;
  }

  /** Lets time pass until it has come about; whoever dies meanwhile is followed by the next. */
  async run<Result>(what: Promise<Result>): Promise<Result> {
    let over = false;
    const end = (): void => void (over = true);
    what.then(end, end);
    await this.until(() => over);
    return what;
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (let passed = 0; passed < GIVE_UP_MS; passed += TICK_MS) {
      await this.ports.settle();
      if (await isSo()) return;
      if (this.#node.dead) this.#node = new Mortal(this, this.#fates.shift() ?? {});
      await this.ports.advance(TICK_MS);
    }
    throw new Error('It did not come about');
  }

  async restart(): Promise<void> {
    this.#node.die();
    this.#node = new Mortal(this, {});
    await this.until(() => this.#node.up);
  }

  meet(first: Fate, ...next: readonly Fate[]): void {
    this.#fates = [...next];
    this.#node.meet(first);
  }

  /** Asks whatever process there is, by the same id, until there is an answer. */
  async command(address: string, event: Event, caller: Caller, id: string): Promise<Answer> {
    const { type, ...payload } = event;
    for (;;) {
      while (!this.#node.up) await this.pause(TICK_MS);
      const node = this.#node;
      const creation = type === '@create' ? { creation: { key: id, body_hash: JSON.stringify(payload) } } : {};
      const asked = node.runtime.command({ address, type, payload, caller, id, ...creation });
      const gone = this.#gone(node);
      const outcome = await Promise.race([asked, gone]);
      // What a dead process says nobody hears.
      if (outcome !== undefined && !node.dead && outcome.outcome !== 'retry') return toAnswer(outcome);
      await this.pause(50);
    }
  }

  pause(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.ports.timers.after(delay_ms, resolve));
  }

  /** The checks of clients and the sandbox's rates keep nothing, so only whether the caller lives matters. */
  open(kind: IntegrationKind, dead: () => boolean): Integration {
    const opened = kind.open({ ports: this.ports } as never);
    return {
      perform: async (call) => {
        const integration = await opened;
        await this.pause(CHECK_MS[call.operation] ?? 0);
        return dead() ? new Promise<never>(() => undefined) : integration.perform(call);
      },
      close: () => Promise.resolve(),
    };
  }

  events(): ReadonlyMap<string, readonly string[]> {
    const seen = new Map<string, string[]>();
    for (const { headers, data } of this.server.messagesTo('greenlines.event.')) {
      const id = headers['nats-msg-id'] ?? headers['Nats-Msg-Id'] ?? '';
      seen.set(id, [...(seen.get(id) ?? []), data]);
    }
    return seen;
  }

  remains(id: string, addresses: readonly string[], answer: Answer): Remains {
    const { database, gateway } = this;
    return {
      answer,
      rows: addresses.toSorted().flatMap((address) => database.journalOf(address)),
      refusals: database.refusals.filter(({ actor }) => addresses.includes(actor)),
      charges: gateway.journal
        .filter(({ payment, key }) => payment === id || key.includes(`/payment/${id}@`))
        .map(({ key, operation, amount_minor, outcome }) => ({ key, what: `${operation} ${amount_minor} ${outcome}` })),
      postings: database.postings
        .filter(({ actor }) => addresses.includes(actor))
        .map(
          ({ actor, version, leg, account, amount_minor, currency }) => `${actor}@${version} ${leg} ${account} ${amount_minor} ${currency}`,
        )
        .sort(),
      doubts: [...gateway.keys].filter(([, keys]) => keys.size > 1).map(([operation, keys]) => `${operation} had ${keys.size} keys`),
    };
  }

  async #gone(node: Mortal): Promise<undefined> {
    while (!node.dead) await this.pause(TICK_MS);
    return undefined;
  }
}

/** A case in such a world. */
export class MemoryScene extends Scene {
  readonly #world: MemoryWorld;

  constructor(world: MemoryWorld, id: string) {
    super(id);
    this.#world = world;
  }

  /** Enabled integrations and an active client, which every story expects to find. */
  async furnish(): Promise<void> {
    for (const name of ['sandbox', 'sandbox_checks', 'sandbox_rates', 'sandbox_erp'])
      await this.#world.command(`integration/${name}`, { type: 'ENABLE' }, callerOf('operator'), `enable-${name}`);
    for (const id of ['acme', 'globex']) {
      await this.#world.command(`client/${id}`, { ...CLIENT, type: '@create' }, callerOf('clerk'), `create-${id}`);
      await this.#world.command(`client/${id}`, DOCUMENTS, callerOf('clerk'), `submit-${id}`);
      await this.#world.command(`client/${id}`, { type: 'VERIFY' }, callerOf('approver'), `verify-${id}`);
      await this.eventually(async () => (await this.envelope(`client/${id}`))?.snapshot.value === 'active');
    }
    await this.#world.command('limit/globex', { type: '@create', client: 'globex' }, callerOf('clerk'), 'create-limit');
    const rates = { type: '@create', integration: 'sandbox_rates' };
    await this.#world.command('rates/ecb', rates, callerOf('operator'), 'create-rates');
    await this.eventually(async () => toStates((await this.envelope('rates/ecb'))?.snapshot.value).includes('age.fresh'));
  }

  /** Every import of this world has it. */
  file(): Promise<void> {
    return Promise.resolve();
  }

  fault(operation: string, fault: 'http_502' | 'timeout_before', times = 1_000): Promise<void> {
    this.#world.gateway.fault({ payment: this.id, operation, fault, times });
    return Promise.resolve();
  }

  protected ask({ address, as, key }: Ask, event: Event): Promise<Answer> {
    return this.#world.command(address, event, callerOf(as), key);
  }

  protected async tellByNats(address: string, id: string, event: Event): Promise<Record<string, unknown>> {
    const { server } = this.#world;
    for (;;) {
      server.publishFrom(`greenlines.in.${address.replace('/', '.')}`, JSON.stringify(event), { 'Nats-Msg-Id': id, 'ce-source': 'points' });
      await this.#world.pause(AGAIN_MS);
      const [receipt] = server.messagesTo(`greenlines.receipt.points.${id}`);
      if (receipt !== undefined) return JSON.parse(receipt.data) as Record<string, unknown>;
    }
  }

  protected envelope(address: string): Promise<StoredEnvelope | undefined> {
    const { envelope } = this.#world.database.load(address);
    return Promise.resolve(envelope === undefined ? undefined : (JSON.parse(envelope) as StoredEnvelope));
  }

  protected async eventually(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await this.#world.pause(TICK_MS);
  }
}

function callerOf(role: string): Caller {
  return { kind: 'person', id: role, roles: [role as Role] };
}

function toAnswer(outcome: Exclude<Outcome, { outcome: 'retry' }>): Answer {
  switch (outcome.outcome) {
    case 'applied':
    case 'duplicate':
      return { status: 200, body: { version: outcome.version } };
    case 'rejected':
      return { status: 409, body: { version: outcome.version, code: outcome.code } };
    default:
      return { status: 423, body: { code: outcome.outcome } };
  }
}
