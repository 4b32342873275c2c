import { must } from '../../machines/must.ts';
import { sleep } from '../support/process-hub.ts';
import { RestCaller } from './callers.ts';
import type { Doorman } from './callers.ts';
import type { Operation } from './history.ts';
import { Publisher } from './publisher.ts';
import { CLIENTS } from './stage.ts';
import type { Client } from './stage.ts';
import { Watcher } from './watcher.ts';
import type { World } from './world.ts';

export const LIST = 'payment?sort=-updatedAt&limit=20';

/** What stands in everything of a client, so that it would be noticed elsewhere. */
export function markerOf(client: Client): string {
  return `mark-${client}-only`;
}

/** Must be refused wherever it is put, and be written down nowhere. The number is no card's, but looks like one to whoever checks. */
export const CANARIES = ['4929007381460029', 'canary-password-58213', 'eyJjYW5hcnkiOiJib2R5LTU4MjEzIn0'] as const;

const REST_WORKERS = 4;
const MOST_WATCHED = 12;

/** The people and systems that use the hub while it is being broken. They stay; what they do belongs to one schedule at a time. */
export class Workload {
  readonly watchers: readonly Watcher[];
  readonly #world: World;
  readonly #doorman: Doorman;
  readonly #random: () => number;
  readonly #publishers: readonly Publisher[];
  readonly #callers: readonly RestCaller[];
  readonly #approver: RestCaller;
  readonly #operator: RestCaller;
  #watched = 0;
  /** Topics of the other client that a customer asked for, to be refused. */
  readonly foreign = new Map<Watcher, string>();
  readonly heard: { readonly who: string; readonly text: string; readonly foreign: readonly string[] }[] = [];

  private constructor(world: World, doorman: Doorman, random: () => number, publishers: readonly Publisher[]) {
    this.#world = world;
    this.#doorman = doorman;
    this.#random = random;
    this.#publishers = publishers;
    const caller = (username: string): RestCaller => new RestCaller(username, world.nodes, doorman, random);
    this.#callers = Array.from({ length: REST_WORKERS }, () => caller('clerk'));
    this.#approver = caller('approver');
    this.#operator = caller('operator');
    const watcher = (username: string, first: number, markers: readonly string[] = []): Watcher =>
      new Watcher(username, world.nodes, doorman, { random, first, markers });
    const others = (client: Client): readonly string[] => CLIENTS.filter((other) => other !== client).map(markerOf);
    this.watchers = [watcher('clerk', 0), watcher('auditor', 1), ...CLIENTS.map((client, index) => watcher(client, index, others(client)))];
  }

  static async open(world: World, doorman: Doorman, random: () => number): Promise<Workload> {
    const publishers = await Promise.all(['chaos_one', 'chaos_two'].map((source) => Publisher.open(world.natsUrl, source)));
    const workload = new Workload(world, doorman, random, publishers);
    for (const watcher of workload.watchers) watcher.open();
    return workload;
  }

  /** How many messages had to be published again. */
  get again(): number {
    return this.#publishers.reduce((sum, { again }) => sum + again, 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.watchers.map((watcher) => watcher.close()), ...this.#publishers.map((publisher) => publisher.close())]);
  }

  dropSockets(): void {
    for (const watcher of this.watchers) watcher.drop();
  }

  /** Forgets what was done and seen, and begins to watch anew. */
  begin(): void {
    for (const { operations } of [...this.#callers, this.#approver, this.#operator, ...this.#publishers, ...this.watchers])
      operations.length = 0;
    for (const watcher of this.watchers) {
      watcher.leave();
      watcher.wrongs.length = 0;
    }
    this.foreign.clear();
    this.heard.length = 0;
    this.#watched = 0;
    this.watchers[0]?.follow(LIST);
  }

  operations(): readonly Operation[] {
    return [...this.#callers, this.#approver, this.#publishers, this.watchers].flat().flatMap(({ operations }) => operations);
  }

  /** Everybody works until `stop`, and goes on asking for what is not answered until `late`. */
  async run(prefix: string, stop: number, late: number): Promise<void> {
    let made = 0;
    const next = (): string => `${prefix}_${made++}`;
    const loop = async (work: (id: string) => Promise<void>): Promise<void> => {
      while (performance.now() < stop) await work(next());
    };
    await Promise.all([
      ...this.#callers.map((caller) => loop((id) => this.#payByRest(caller, id, late))),
      ...this.#publishers.map((publisher) => loop((id) => this.#payByNats(publisher, id, late))),
      loop((id) => this.#payBySocket(must(this.watchers[0], 'a watcher'), id, late)),
    ]);
  }

  /** Has the gateway fail in some way a few times. */
  async troubleGateway(until: number): Promise<string | undefined> {
    const chance = this.#random();
    if (chance > 0.5) return undefined;
    const faults = ['http_502', 'http_502', 'decline', 'webhook_twice', 'webhook_late', 'webhook_reordered'] as const;
    // Each that is never answered takes the gateway's whole time limit of ten seconds.
    const fault = chance < 0.015 ? 'timeout_after' : (faults[Math.floor(this.#random() * faults.length)] ?? 'decline');
    const times = fault === 'timeout_after' ? 1 : 1 + Math.floor(this.#random() * 6);
    await this.#operator.ask('POST', '/v1/sandbox/faults', until, { fault, times });
    return `gateway ${fault} ${times} times`;
  }

  /** Secrets where they must be refused. */
  async misbehave(prefix: string, until: number): Promise<void> {
    const [card, password, body] = CANARIES;
    const caller = must(this.#callers[0], 'a caller');
    const event = { type: 'SUBMIT', card_number: card };
    const { reply } = await caller.ask('POST', `/v1/actors/payment/${prefix}_0/events`, until, event, `canary-${prefix}`);
    if (reply !== undefined && reply.status < 300) throw new Error('A field that no event has was taken');
    for (const node of this.#world.nodes) {
      const signal = AbortSignal.timeout(1500);
      const headers = { 'content-type': 'application/json' };
      const wrong = JSON.stringify({ username: 'operator', password });
      await fetch(`${node.url}/v1/auth/token`, { method: 'POST', headers, body: wrong, signal }).catch(() => undefined);
      await fetch(`${node.url}/v1/nodes`, { headers: { authorization: `Bearer ${body}.${body}.${body}` }, signal }).catch(() => undefined);
    }
  }

  async #payByRest(caller: RestCaller, id: string, late: number): Promise<void> {
    const chance = this.#random();
    const client = this.#client();
    const large = chance > 0.55 && chance < 0.75;
    const manual = chance >= 0.75 && chance < 0.9;
    const created = await caller.create('payment', id, this.#input(id, client, large ? 250_000 : 2_500, manual), `c-${id}`, late);
    const { address } = created;
    this.#watch(address, client);
    if (chance < 0.08)
      return void (await Promise.all([this.#send(caller, address, 'SUBMIT', {}, late), this.#send(caller, address, 'CANCEL', {}, late)]));
    if (chance > 0.95) await this.#send(caller, address, 'AMEND', { reference: `${markerOf(client)} again` }, late);
    await this.#send(caller, address, 'SUBMIT', {}, late);
    if (large && chance < 0.7) await this.#approve(address, late);
    if (manual) {
      await this.#until(caller, address, ['authorized.holding'], late);
      await this.#send(caller, address, chance < 0.85 ? 'CAPTURE' : 'CANCEL', {}, late);
    }
    if (chance >= 0.9) {
      await this.#until(caller, address, ['settled.idle'], late);
      await this.#send(caller, address, 'REFUND', { refund: `r-${id}`, amount_minor: 700 }, late);
    }
  }

  async #payByNats(publisher: Publisher, id: string, late: number): Promise<void> {
    const client = this.#client();
    const address = `payment/${id}`;
    await publisher.send(address, '@create', this.#input(id, client, 2_500, false), `c-${id}`, late);
    this.#watch(address, client);
    await publisher.send(address, 'SUBMIT', {}, `s-${id}`, late);
  }

  /** Creates over the socket, and has another door submit at the same time: one of the two is refused. */
  async #payBySocket(watcher: Watcher, id: string, late: number): Promise<void> {
    const client = this.#client();
    const address = `payment/${id}`;
    const input = this.#input(id, client, 2_500, false);
    const create = { type: '@create', input };
    const created = await watcher.command(address, create, `c-${id}`, late);
    if (created.type !== 'ok') return;
    this.#watch(address, client);
    const caller = must(this.#callers[0], 'a caller');
    const both = [watcher.command(address, { type: 'SUBMIT' }, `s-${id}`, late)];
    if (this.#random() < 0.3) both.push(this.#send(caller, address, 'SUBMIT', {}, late));
    await Promise.all(both);
  }

  async #approve(address: string, late: number): Promise<void> {
    const { reply } = await this.#approver.ask('GET', `/v1/actors/${address}`, late);
    const context = reply?.body['context'] as { payload_hash?: string } | undefined;
    const hash = context?.payload_hash ?? 'nothing that anybody saw';
    await this.#approver.send(address, { type: 'APPROVE', hash } as { type: string }, `a-${address.slice(8)}`, late);
  }

  #send(caller: RestCaller, address: string, type: string, payload: object, late: number): Promise<Operation> {
    return caller.send(address, { type, ...payload }, `${type.toLowerCase()}-${address.slice(8)}`, late);
  }

  /** Looks until the payment is there, for a while. */
  async #until(caller: RestCaller, address: string, states: readonly string[], late: number): Promise<void> {
    for (let looks = 0; looks < 15 && performance.now() < late; looks++) {
      const { reply } = await caller.ask('GET', `/v1/actors/${address}`, late);
      const state = reply?.body['state'] as string[] | undefined;
      if (state?.some((each) => states.includes(each)) === true) return;
      await sleep(50);
    }
  }

  #input(id: string, client: Client, amount_minor: number, manual: boolean): object {
    const mark = markerOf(client);
    return {
      client,
      payee: `${mark} Supplies`,
      amount_minor,
      currency: 'EUR',
      reference: `${mark} ${id}`,
      capture: manual ? 'manual' : 'automatic',
    };
  }

  #client(): Client {
    return CLIENTS[Math.floor(this.#random() * CLIENTS.length)] ?? 'acme';
  }

  /** The clerk, the auditor and the client's own person look at some; another client's person tries to, once. */
  #watch(address: string, client: Client): void {
    if (this.#watched++ >= MOST_WATCHED) return;
    for (const watcher of this.watchers) {
      const isCustomer = (CLIENTS as readonly string[]).includes(watcher.username);
      if (!isCustomer || watcher.username === client) watcher.follow(address);
      else if (!this.foreign.has(watcher)) {
        this.foreign.set(watcher, address);
        watcher.follow(address);
      }
    }
  }

  /** What the hub shows the owner of a copy, in the shape of the copy. */
  async shown(watcher: Watcher, topic: string, until: number): Promise<object | undefined> {
    const caller = new RestCaller(watcher.username, this.#world.nodes, this.#doorman, this.#random);
    const { reply } = await caller.ask('GET', `/v1/actors/${topic}`, until);
    if (reply?.status !== 200) return undefined;
    const { version, state, tags, context, items } = reply.body;
    this.heard.push({ who: watcher.username, text: JSON.stringify(reply.body), foreign: this.#foreignOf(watcher) });
    return items === undefined ? { version, state, tags, context } : { items: toPlaces(items as { address: string; version: number }[]) };
  }

  #foreignOf(watcher: Watcher): readonly string[] {
    return CLIENTS.filter((client) => (CLIENTS as readonly string[]).includes(watcher.username) && client !== watcher.username).map(
      markerOf,
    );
  }
}

export function toPlaces(items: readonly { readonly address: string; readonly version: number }[]): readonly string[] {
  return items.map(({ address, version }) => `${address}@${version}`);
}
