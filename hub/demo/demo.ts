import type { Outcome } from '../../actors/delivery.ts';
import type { Caller } from '../../actors/caller.ts';
import type { Envelope } from '../../actors/envelope.ts';
import { isSandbox } from '../../actors/integrations/sandbox/sandbox.ts';
import { idFromKey } from '../../actors/id-from-key.ts';
import type { Role } from '../../machines/machine.ts';
import type { Hub } from '../hub.ts';
import { isSandboxErp } from '../../actors/integrations/sandbox-erp/sandbox-erp.ts';
import { actorOf, bindingOf } from '../../machines/erp.ts';
import { DEMO_CLIENTS, DEMO_CURRENCIES, DEMO_NEWCOMER, DEMO_PARTNERS, DEMO_PAYEES } from './cast.ts';

export type Demo = { readonly opened: Promise<void>; stop(): void };

const EVERY_MS = 5_000;
const FIRST = 6;
const FROM_ACCOUNT_EVERY = 3;
const REFILL_EVERY = 60;
/** Of so many payments one meets a gateway that does its work and does not answer, and one is declined. */
const UNANSWERED_EVERY = 17;
const DECLINED_EVERY = 9;
const APPROVE_AFTER_MS = 25_000;
/** How long there is to answer the dispute. */
const DISPUTE_MS = 9 * 24 * 60 * 60 * 1000;

/**
 * A day in the back office, slowly and for ever: clients, working integrations and plausible payments, some of which need
 * somebody. It sends what its people would send, through the same gate, and touches only what it made itself.
 */
export function startDemo(hub: Hub): Demo {
  const office = new Office(hub);
  return { opened: office.open(), stop: () => office.stop() };
}

const person = (id: string, ...roles: Role[]): Caller => ({ kind: 'person', id, roles });
const OPERATOR = person('operator', 'operator');
const CLERK = person('clerk', 'clerk');
const APPROVER = person('approver', 'approver');
const CFO = person('cfo', 'cfo');

class Office {
  readonly #hub: Hub;
  #made = 0;
  #stopped = false;
  #cancel: (() => void) | undefined;
  readonly #waits = new Set<() => void>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  async open(): Promise<void> {
    // Whatever is no sandbox calls somebody outside: a person enables it.
    for (const name of [...this.#hub.integrations.keys()].filter((one) => one.startsWith('sandbox')))
      await this.#once(OPERATOR, `integration/${name}`, 'ENABLE', {}, `enable-${name}`);
    await this.#once(
      OPERATOR,
      'rates/sandbox',
      '@create',
      { integration: 'sandbox_rates', title: 'Sandbox exchange rates' },
      'create-rates',
    );
    for (const client of DEMO_CLIENTS) await this.#admit(client, true);
    await this.#admit(DEMO_NEWCOMER, false);
    await this.#untilActive();
    for (const { id, name } of DEMO_CLIENTS) await this.#openAccount(id, name);
    await this.#limitNewcomer();
    await this.#dispute();
    for (let n = 0; n < FIRST && !this.#stopped; n++) await this.#pay();
    if (this.#stopped) return;
    this.#cancel = this.#hub.ports.timers.every(EVERY_MS, () => {
      this.#pay().catch((error: unknown) => this.#hub.log.warn({ err: error }, 'The demo could not make a payment'));
    });
    await this.#keepInStep();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    for (const cancel of this.#waits) cancel();
  }

  /** What the demo does only once in the life of a database has the same id at every start. */
  #once(caller: Caller, address: string, type: string, payload: object, id: string): Promise<Outcome> {
    return this.#send(caller, address, type, payload, `demo-${id}`, true);
  }

  async #send(caller: Caller, address: string, type: string, payload: object, id: string, repeat = false): Promise<Outcome> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#hub.runtime.command({ address, type, payload, caller, id, repeat: repeat || attempt > 0 });
      if (outcome.outcome !== 'retry' || attempt === 20 || this.#stopped) return outcome;
      await this.#pause(outcome.after_ms);
    }
  }

  async #admit(client: (typeof DEMO_CLIENTS)[number] | typeof DEMO_NEWCOMER, wholly: boolean): Promise<void> {
    const { id, name, country, email, bank_account } = client;
    const address = `client/${id}`;
    await this.#once(CLERK, address, '@create', { name, country, email, kind: 'company' }, `create-${id}`);
    await this.#once(CLERK, address, 'INVITE', {}, `invite-${id}`);
    await this.#once(
      CLERK,
      address,
      'SUBMIT',
      { documents: ['trade register extract', 'articles of association'], bank_account },
      `submit-${id}`,
    );
    if (wholly) await this.#once(APPROVER, address, 'VERIFY', {}, `verify-${id}`);
  }

  /** With money on it that one person has said has come in and another has confirmed, and some that nobody has confirmed yet. */
  async #openAccount(client: string, name: string): Promise<void> {
    const address = `account/${client}-eur`;
    await this.#once(CLERK, address, '@create', { client, name: `${name}, EUR`, currency: 'EUR' }, `account-${client}`);
    await this.#once(CFO, address, 'ACTIVATE', {}, `activate-${client}`);
    await this.#until(address, ({ snapshot }) => snapshot.tags.has('takes_credits'));
    const [first, second] = [
      { deposit: 'opening', amount_minor: 25_000_00, reference: 'Opening balance' },
      { deposit: 'second', amount_minor: 1_250_50, reference: 'Transfer received' },
    ];
    await this.#once(CLERK, address, 'DEPOSIT', first, `deposit-${client}`);
    await this.#once(APPROVER, address, 'CONFIRM', { deposit: first.deposit }, `confirm-${client}`);
    await this.#once(CLERK, address, 'DEPOSIT', second, `second-${client}`);
  }

  async #refill(client: string, key: string): Promise<void> {
    const deposit = `${key}-refill`;
    const address = `account/${client}-eur`;
    await this.#send(CLERK, address, 'DEPOSIT', { deposit, amount_minor: 15_000_00, reference: 'Transfer received' }, deposit);
    await this.#send(APPROVER, address, 'CONFIRM', { deposit }, `${deposit}-confirm`);
  }

  /** Little to begin with, as for somebody who is not known yet, and more that waits for a second person. */
  async #limitNewcomer(): Promise<void> {
    const { id } = DEMO_NEWCOMER;
    const address = `limit/${id}`;
    await this.#once(CLERK, address, '@create', { client: id }, `limit-${id}`);
    await this.#once(CFO, address, 'SET', { per_payment_major: 5_000, per_day_major: 20_000, per_day_count: 50 }, `lower-${id}`);
    await this.#once(CFO, address, 'SET', { per_day_major: 50_000 }, `raise-${id}`);
  }

  /** A payment that a bank takes back: evidence is due, and nobody has written any. */
  async #dispute(): Promise<void> {
    const [{ id: client }] = DEMO_CLIENTS;
    const payment = 'pay_disputed';
    const bill = { client, amount_minor: 480_00, currency: 'EUR' };
    const [{ payee, what }] = DEMO_PAYEES;
    await this.#once(CLERK, `payment/${payment}`, '@create', { ...bill, payee, reference: `INV-2026-100001 ${what}` }, payment);
    await this.#once(CLERK, `payment/${payment}`, 'SUBMIT', {}, `${payment}-submit`);
    await this.#until(`payment/${payment}`, ({ snapshot }) => JSON.stringify(snapshot.value).includes('settled'));
    // The same at every start, or the second would be another dispute under the same id.
    if ((await this.#hub.runtime.lanes.read('dispute/dp_demo')) !== undefined) return;
    const input = { ...bill, payment, reason: 'product_not_received', gateway: 'sandbox', kind: 'chargeback' };
    const due_by = this.#hub.ports.clock.now() + DISPUTE_MS;
    await this.#once(CLERK, 'dispute/dp_demo', '@create', { ...input, due_by }, 'dispute');
  }

  /** Partners of an ERP that become clients, and two of them changed on both sides, so that somebody has to say which side is right. */
  async #keepInStep(): Promise<void> {
    const name = 'sandbox_erp';
    const erp = this.#hub.integrations.get(name)?.integration;
    if (erp === undefined || !isSandboxErp(erp)) return;
    const { records } = await erp.records.pull({ integration: name, model: 'partner', cursor: null, limit: 1, overlap_ms: 0 });
    if (records.length > 0) return;
    const ids: string[] = [];
    for (const partner of DEMO_PARTNERS) ids.push((await erp.records.write('partner', undefined, partner)).external_id);
    const feed = `feed/${name}-partner`;
    await this.#once(OPERATOR, feed, '@create', { integration: name, model: 'partner' }, 'create-feed');
    const clients = ids.map((id) => actorOf(name, 'partner', id));
    for (const client of clients) await this.#until(bindingOf(name, client), ({ snapshot }) => snapshot.value === 'agreed');
    await this.#once(OPERATOR, feed, 'PAUSE', {}, 'pause-feed');
    // An ERP tells seconds apart, and nothing shorter.
    await this.#pause(1_100);
    for (const [n, client] of clients.slice(0, 2).entries()) {
      await erp.records.write('partner', ids[n], { name: `${DEMO_PARTNERS[n]?.name} & Co.` });
      await this.#once(CLERK, client, 'AMEND', { name: `${DEMO_PARTNERS[n]?.name}, Europe` }, `amend-partner-${n}`);
      await this.#until(bindingOf(name, client), ({ snapshot }) => snapshot.value === 'conflict');
    }
    await this.#once(OPERATOR, feed, 'RESUME', {}, 'resume-feed');
  }

  /** Gives up after a while: what follows is then refused, and nobody is stopped by it. */
  async #until(address: string, isSo: (envelope: Envelope) => boolean): Promise<void> {
    for (let attempt = 0; attempt < 100 && !this.#stopped; attempt++) {
      const live = await this.#hub.runtime.lanes.read(address);
      if (live !== undefined && isSo(live.envelope)) return;
      await this.#pause(100);
    }
  }

  /** A payment of a client that is not active yet would be declined. */
  async #untilActive(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const clients = await Promise.all(DEMO_CLIENTS.map(({ id }) => this.#hub.runtime.lanes.read(`client/${id}`)));
      if (clients.every((live) => live?.envelope.snapshot.value !== undefined && typeof live.envelope.snapshot.value === 'string')) return;
      await this.#pause(100);
    }
  }

  async #pay(): Promise<void> {
    const { random } = this.#hub.ports;
    const n = this.#made++;
    const { payee, what } = pick(DEMO_PAYEES, random.next());
    const client = pick(DEMO_CLIENTS, random.next()).id;
    const currency = pick(DEMO_CURRENCIES, random.next());
    const key = `demo-${random.id()}`;
    const id = idFromKey('pay', this.#hub.hub_id, CLERK.id, key);
    const address = `payment/${id}`;
    const amount_minor = toAmount(random.next(), random.next());
    const declines = n % DECLINED_EVERY === DECLINED_EVERY - 1 ? ' sandbox:decline' : '';
    const reference = `INV-2026-${String(Math.floor(random.next() * 900_000) + 100_000)} ${what}${declines}`;
    const capture = n % 11 === 7 ? 'manual' : 'automatic';
    // What is small is paid from the client's account now and then, whatever its currency.
    const from = n % FROM_ACCOUNT_EVERY === 1 && amount_minor < 80_000 ? { account: `${client}-eur` } : {};
    if (n % REFILL_EVERY === REFILL_EVERY - 1) await this.#refill(client, key);
    await this.#send(CLERK, address, '@create', { client, payee, amount_minor, currency, reference, capture, ...from }, key);
    if (n % UNANSWERED_EVERY === 3) await this.#hang(id);
    await this.#send(CLERK, address, 'SUBMIT', {}, `${key}-submit`);
    // Half of what needs an approval gets it after a while; the rest waits for whoever is watching.
    if (random.next() < 0.5) this.#later(APPROVE_AFTER_MS + random.next() * 60_000, () => this.#approve(address, key));
  }

  async #hang(payment: string): Promise<void> {
    for (const { integration } of this.#hub.integrations.values()) {
      if (isSandbox(integration))
        await integration.faults.add({ match: { payment, operation: 'authorize' }, fault: 'timeout_after', times: 1 });
    }
  }

  async #approve(address: string, key: string): Promise<void> {
    const live = await this.#hub.runtime.lanes.read(address);
    if (live?.envelope.snapshot.value !== 'needs_approval') return;
    const { payload_hash } = live.envelope.snapshot.context as { payload_hash: string };
    await this.#send(APPROVER, address, 'APPROVE', { hash: payload_hash }, `${key}-approve`);
  }

  #later(delay_ms: number, run: () => Promise<void>): void {
    const cancel = this.#hub.ports.timers.after(delay_ms, () => {
      this.#waits.delete(cancel);
      run().catch((error: unknown) => this.#hub.log.warn({ err: error }, 'The demo could not go on with a payment'));
    });
    this.#waits.add(cancel);
  }

  #pause(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.#hub.ports.timers.after(delay_ms, resolve));
  }
}

function pick<T>(from: readonly T[], chance: number): T {
  return from[Math.floor(chance * from.length)] as T;
}

/** Mostly small, sometimes above the limit; in minor units of a currency with two decimals. */
function toAmount(size: number, chance: number): number {
  const most = size < 0.7 ? 80_000 : 900_000;
  return 1_500 + Math.floor(chance * most);
}
