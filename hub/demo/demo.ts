import type { Outcome } from '../../actors/delivery.ts';
import type { Caller } from '../../actors/caller.ts';
import { isSandbox } from '../../actors/integrations/sandbox/sandbox.ts';
import { idFromKey } from '../../actors/id-from-key.ts';
import type { Role } from '../../machines/machine.ts';
import type { Hub } from '../hub.ts';
import { DEMO_CLIENTS, DEMO_CURRENCIES, DEMO_NEWCOMER, DEMO_PAYEES } from './cast.ts';

export type Demo = { readonly opened: Promise<void>; stop(): void };

const EVERY_MS = 5_000;
const FIRST = 6;
/** Of so many payments one meets a gateway that does its work and does not answer, and one is declined. */
const UNANSWERED_EVERY = 17;
const DECLINED_EVERY = 9;
const APPROVE_AFTER_MS = 25_000;

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
    for (const name of this.#hub.integrations.keys()) await this.#once(OPERATOR, `integration/${name}`, 'ENABLE', {}, `enable-${name}`);
    for (const client of DEMO_CLIENTS) await this.#admit(client, true);
    await this.#admit(DEMO_NEWCOMER, false);
    await this.#untilActive();
    for (let n = 0; n < FIRST && !this.#stopped; n++) await this.#pay();
    if (this.#stopped) return;
    this.#cancel = this.#hub.ports.timers.every(EVERY_MS, () => {
      this.#pay().catch((error: unknown) => this.#hub.log.warn({ err: error }, 'The demo could not make a payment'));
    });
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
    await this.#send(CLERK, address, '@create', { client, payee, amount_minor, currency, reference, capture }, key);
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
