import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import type { Caller } from '../../actors/caller.ts';
import type { StoredEnvelope } from '../../actors/envelope.ts';
import { toStates } from '../../actors/envelope.ts';
import type { IntegrationKind } from '../../actors/integrations/integration.ts';
import { sandboxChecks } from '../../actors/integrations/sandbox-checks/sandbox-checks.ts';
import { sandboxRates } from '../../actors/integrations/sandbox-rates/sandbox-rates.ts';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { Runtime } from '../../actors/runtime.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import { machines } from '../../machines/machines.ts';
import type { Role } from '../../machines/machine.ts';
import type { AccountContext } from '../../machines/account-terms.ts';
import type { PaymentContext } from '../../machines/payment-terms.ts';
import { Chance } from '../simulate/chance.ts';
import { HostileGateway } from './hostile-gateway.ts';

export type UnknownsRun = {
  readonly payments: number;
  readonly seed: number;
  /** How often each webhook comes. */
  readonly repeats: number;
  readonly tell: (line: string) => void;
};

export type UnknownsResult = {
  readonly held: boolean;
  readonly payments: number;
  readonly settled: number;
  readonly ended: number;
  readonly webhooks: number;
  readonly operations: number;
  /** How often the gateway did what. */
  readonly gateway: Readonly<Record<string, number>>;
  readonly wrongs: readonly string[];
};

/** Machines wait so many times faster; calls do not. */
const SCALE = 500;
const DAY_MS = 86_400_000 / SCALE;
const ACCOUNTS = 40;
const CURRENCIES = ['EUR', 'USD', 'JPY'] as const;
const STEP_MS = 2_000;
const SCHEDULE_MS = 14 * DAY_MS;
/** What the gateway would not take back is asked about again when it has been held for seven days; one time in twenty it refuses again. */
const LONGEST_MS = 70 * DAY_MS;

/**
 * Payments, from accounts and from none, over a gateway that does what it is asked and hides it in every way that it can; then everything that it owes
 * has come, and the plan of looks is over: nothing was charged twice, nobody is left not knowing, and the ledger says what the gateway did.
 */
export async function runUnknowns({ payments, seed, repeats, tell }: UnknownsRun): Promise<UnknownsResult> {
  const world = new World(new Chance(seed, 'unknowns'), repeats);
  await world.furnish();
  await world.pay(payments, tell);
  const wrongs = world.judge();
  for (const wrong of wrongs.slice(0, 20)) tell(wrong);
  const { settled, ended, webhooks, gateway } = world;
  const held = wrongs.length === 0 && settled + ended === payments;
  return { held, payments, settled, ended, webhooks, operations: gateway.done.size, gateway: gateway.counts, wrongs: wrongs.slice(0, 20) };
}

class World {
  readonly ports = new VirtualPorts();
  readonly database = new MemoryDatabase(this.ports.clock);
  readonly gateway: HostileGateway;
  webhooks = 0;
  settled = 0;
  ended = 0;
  readonly #runtime: Runtime;
  readonly #chance: Chance;
  readonly #ids: string[] = [];

  constructor(chance: Chance, repeats: number) {
    this.#chance = chance;
    const { ports } = this;
    this.gateway = new HostileGateway({
      chance,
      after: (delay_ms, run) => void ports.timers.after(delay_ms, run),
      notify: (id, payment, operation_id) => this.#notify(id, payment, operation_id),
      three_days_ms: 3 * DAY_MS,
      repeats,
    });
    const open = (kind: IntegrationKind) => ({ kind, integration: opened(kind, ports) });
    this.#runtime = new Runtime({
      store: new MemoryStore({ ports, database: this.database }),
      bus: new MemoryBus(new MemoryServer(ports), ports),
      ports,
      machines: [...machines],
      integrations: new Map([
        ['sandbox', this.gateway.open()],
        ['sandbox_checks', open(sandboxChecks)],
        ['sandbox_rates', open(sandboxRates)],
      ]),
      node: 'one',
      url: () => '',
      hub_id: 'hub1',
      node_secret: 'of this hub',
      lease_ms: 60_000,
      memory_bytes: 512 << 20,
      scale: SCALE,
      settings: { payment: { approval_from_major: 1_000_000, rates: 'ecb', spread_basis_points: 30 } },
    });
  }

  /** An active client, rates, and accounts with money on them. */
  async furnish(): Promise<void> {
    await this.#run(this.#runtime.start());
    for (const name of ['sandbox', 'sandbox_checks', 'sandbox_rates']) await this.#act('operator', `integration/${name}`, 'ENABLE');
    await this.#act('operator', 'rates/ecb', '@create', { integration: 'sandbox_rates' });
    await this.#act('clerk', 'client/acme', '@create', { name: 'Globe GmbH', country: 'DE', email: 'globe@example.org', kind: 'company' });
    await this.#act('clerk', 'client/acme', 'SUBMIT', { documents: ['register'], bank_account: 'DE89370400440532013000' });
    await this.#act('approver', 'client/acme', 'VERIFY');
    await this.#until(() => this.#stateOf('client/acme') === 'active' && this.#stateOf('rates/ecb').includes('age.fresh'));
    for (let n = 0; n < ACCOUNTS; n++) {
      const address = `account/a${n}`;
      await this.#act('clerk', address, '@create', { client: 'acme', name: `Account ${n}`, currency: CURRENCIES[n % CURRENCIES.length] });
      await this.#act('approver', address, 'ACTIVATE');
      await this.#until(() => this.#stateOf(address).includes('life.active'));
      await this.#act('clerk', address, 'DEPOSIT', { deposit: 'd1', amount_minor: 1_000_000_000, reference: 'opening' });
      await this.#act('approver', address, 'CONFIRM', { deposit: 'd1' });
    }
  }

  /** Some at a time, and then so long as the whole plan of looks and the latest webhook take, and until nothing is held any more. */
  async pay(count: number, tell: (line: string) => void): Promise<void> {
    const chance = this.#chance;
    for (let n = 0; n < count; n++) {
      const id = `p${n}`;
      this.#ids.push(id);
      const account = chance.is(0.6) ? { account: `a${chance.below(ACCOUNTS)}` } : {};
      const input = {
        client: 'acme',
        payee: 'Bar Ltd',
        amount_minor: 100 + chance.below(50_000),
        currency: chance.pick(CURRENCIES),
        reference: id,
      };
      await this.#act('clerk', `payment/${id}`, '@create', { ...input, ...account });
      await this.#act('clerk', `payment/${id}`, 'SUBMIT');
      if (n % 500 === 499) tell(`${n + 1} of ${count} payments`);
      if (n % 25 === 24) await this.ports.advance(STEP_MS);
    }
    await this.#pass(SCHEDULE_MS);
    for (let passed = SCHEDULE_MS; passed < LONGEST_MS && this.#areHeld(); passed += DAY_MS) await this.#pass(DAY_MS);
  }

  async #pass(time_ms: number): Promise<void> {
    for (let passed = 0; passed < time_ms; passed += STEP_MS) {
      await this.ports.advance(STEP_MS);
      await this.ports.settle();
    }
  }

  #areHeld(): boolean {
    return this.#ids.some((id) => this.#stateOf(`payment/${id}`) === 'authorized.holding');
  }

  judge(): readonly string[] {
    const wrongs: string[] = [];
    const byPayment = new Map<string, { authorized: number; captured: number; charges: number }>();
    for (const { operation, payment, amount_minor } of this.gateway.done.values()) {
      const one = byPayment.get(payment) ?? { authorized: 0, captured: 0, charges: 0 };
      if (operation === 'authorize') one.authorized++;
      if (operation === 'capture') [one.captured, one.charges] = [one.captured + amount_minor, one.charges + 1];
      byPayment.set(payment, one);
    }
    for (const id of this.#ids) {
      const state = this.#stateOf(`payment/${id}`);
      const { captured_minor } = this.#contextOf<PaymentContext>(`payment/${id}`);
      const really = byPayment.get(id) ?? { authorized: 0, captured: 0, charges: 0 };
      if (state.startsWith('settled')) this.settled++;
      else if (['declined', 'failed', 'canceled'].includes(state)) this.ended++;
      else wrongs.push(`${id} is left ${state}: ${this.#contextOf<PaymentContext>(`payment/${id}`).reason}`);
      if (really.charges > 1 || really.authorized > 1)
        wrongs.push(`${id} was charged ${really.charges} times, authorized ${really.authorized}`);
      if (captured_minor !== really.captured) wrongs.push(`${id} says ${captured_minor}, the gateway took ${really.captured}`);
    }
    return [...wrongs, ...this.#judgeLedger()];
  }

  /** Every currency adds up, nothing is in transit or set aside any more, and the accounts say what is posted on them. */
  #judgeLedger(): readonly string[] {
    const sums = new Map<string, number>();
    const add = (key: string, amount: number): unknown => sums.set(key, (sums.get(key) ?? 0) + amount);
    for (const { account, currency, amount_minor, pending } of this.database.postings) {
      const layer = pending === true ? 'pending' : 'posted';
      add(`all ${layer} ${currency}`, Number(amount_minor));
      add(`${account} ${layer} ${currency}`, Number(amount_minor));
    }
    const wrongs = [...sums].flatMap(([key, sum]) => {
      const isZero = key.startsWith('all ') || key.startsWith('transit/') || key.includes(' pending ');
      return isZero && sum !== 0 ? [`${key} is ${sum}`] : [];
    });
    for (let n = 0; n < ACCOUNTS; n++) {
      const { posted_minor, held_minor, currency } = this.#contextOf<AccountContext>(`account/a${n}`);
      const posted = sums.get(`account/a${n} posted ${currency}`) ?? 0;
      if (posted !== -posted_minor || held_minor !== 0)
        wrongs.push(`account/a${n} has ${posted_minor}, holds ${held_minor}; the ledger says ${posted}`);
    }
    return wrongs;
  }

  #notify(id: string, payment: string, operation_id: string): void {
    this.webhooks++;
    const event = { type: 'GATEWAY_NOTIFIED', operation_id, outcome: 'done' };
    this.#runtime.notify('sandbox', id, `payment/${payment}`, event).catch(() => undefined);
  }

  async #act(role: Role, address: string, type: string, payload: object = {}): Promise<void> {
    const caller: Caller = { kind: 'person', id: role, roles: [role] };
    const id = `${address}-${type}`;
    const creation = type === '@create' ? { creation: { key: id, body_hash: JSON.stringify(payload) } } : {};
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#run(this.#runtime.command({ address, type, payload, caller, id, repeat: attempt > 0, ...creation }));
      if (outcome.outcome === 'applied') return;
      if (outcome.outcome !== 'retry') throw new Error(`${address} ${type}: ${JSON.stringify(outcome)}`);
      await this.ports.advance(100);
    }
  }

  async #run<T>(what: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => void (over = true);
    what.then(end, end);
    await this.#until(() => over);
    return what;
  }

  async #until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 20_000; i++) {
      await this.ports.settle();
      if (isSo()) return;
      await this.ports.advance(5);
    }
    throw new Error('It did not come about');
  }

  #envelope(address: string): StoredEnvelope | undefined {
    const { envelope } = this.database.load(address);
    return envelope === undefined ? undefined : (JSON.parse(envelope) as StoredEnvelope);
  }

  #stateOf(address: string): string {
    return toStates(this.#envelope(address)?.snapshot.value).join();
  }

  #contextOf<Context>(address: string): Context {
    return this.#envelope(address)?.snapshot.context as Context;
  }
}

function opened(kind: IntegrationKind, ports: VirtualPorts): { perform: (call: never) => Promise<never>; close: () => Promise<void> } {
  const integration = kind.open({ ports } as never);
  return { perform: async (call) => (await integration).perform(call) as Promise<never>, close: () => Promise.resolve() };
}
