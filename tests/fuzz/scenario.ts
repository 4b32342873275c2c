import { Chance } from '../simulate/chance.ts';
import { eventually, sleep } from '../support/process-hub.ts';
import type { FuzzClient } from './client.ts';
import { findDifference } from './judge.ts';
import type { FuzzWorld, Table } from './world.ts';

export type Verdict = {
  readonly seed: number;
  readonly acts: number;
  readonly lost: number;
  readonly commands: number;
  readonly wrongs: readonly string[];
};

const ACTS = 60;
const SHELVES = 6;
/** A lost last message is found by the heads, which are told every 25 s. */
const SETTLE_MS = 60_000;

type Act = (chance: Chance) => void;

/** So many things that happen in an order that the seed gives, on real sockets; then all is healed, and everybody must see what is so. */
export async function play(world: FuzzWorld, table: Table, seed: number): Promise<Verdict> {
  const chance = new Chance(seed, 'acts');
  const scenario = new Scenario(world, table, seed);
  const before = table.clients.flatMap(({ links }) => links).reduce((sum, { lost }) => sum + lost, 0);
  await scenario.begin(chance);
  for (let i = 0; i < ACTS; i++) {
    scenario.act(chance);
    await sleep(chance.below(70));
  }
  const commands = await scenario.heal();
  const wrongs = [...scenario.wrongs, ...table.clients.flatMap((client) => client.wrongs.splice(0))];
  const lost = table.clients.flatMap(({ links }) => links).reduce((sum, link) => sum + link.lost, 0) - before;
  for (const client of table.clients) {
    for (const topic of client.watched) client.unwatch(topic);
    client.results.clear();
  }
  return { seed, acts: ACTS, lost, commands, wrongs };
}

class Scenario {
  readonly wrongs: string[] = [];
  readonly #world: FuzzWorld;
  readonly #table: Table;
  readonly #shelves: readonly string[];
  readonly #under: Promise<unknown>[] = [];
  readonly #acts: readonly (readonly [weight: number, Act])[];

  constructor(world: FuzzWorld, table: Table, seed: number) {
    this.#world = world;
    this.#table = table;
    this.#shelves = Array.from({ length: SHELVES }, (_, index) => `shelf/${table.name}_${seed}_${index}`);
    this.#acts = [
      [40, (chance) => this.#send(chance)],
      [8, (chance) => this.#follow(chance)],
      [2, (chance) => this.#unfollow(chance)],
      [6, (chance) => this.#link(chance).lose(1 + chance.below(3))],
      [4, (chance) => this.#link(chance).cut()],
      [3, (chance) => this.#freeze(chance)],
      [3, (chance) => this.#change(chance)],
      [2, (chance) => this.#renew(chance)],
      [1, (chance) => this.#leave(chance)],
      [0.4, (chance) => this.#shake(chance)],
    ];
  }

  async begin(chance: Chance): Promise<void> {
    for (const [index, shelf] of this.#shelves.entries()) this.#create(shelf, this.#owner(chance), index % 2 === 0 ? 0 : 1);
    for (const client of this.#table.clients) {
      for (let i = 0; i < 3; i++) client.watch(this.#topic(chance));
    }
    await sleep(50);
  }

  act(chance: Chance): void {
    const all = this.#acts.reduce((sum, [weight]) => sum + weight, 0);
    let drawn = chance.next() * all;
    for (const [weight, run] of this.#acts) {
      drawn -= weight;
      if (drawn < 0) return run(chance);
    }
  }

  /** Heals everything and waits until every client sees what the hub says; what it does not is a wrong. How many commands were answered. */
  async heal(): Promise<number> {
    const { clients, rights } = this.#table;
    for (const link of clients.flatMap(({ links }) => links)) link.heal();
    await Promise.allSettled(this.#under);
    for (const client of clients) {
      const given = rights.get(client.username);
      if (given !== undefined) await this.#world.allow(client.username, given);
      await this.#comeBack(client);
    }
    for (const client of clients) await client.settled();
    let differences: readonly string[] = [];
    await eventually('everybody sees what is so', SETTLE_MS, async () => {
      // A session can end a moment after its person may come in again, of what was withdrawn before.
      for (const client of clients) if (client.session.who === undefined) await this.#comeBack(client);
      // A node that cannot answer just now, because others are still shaken, is asked again.
      const found = await Promise.all(clients.map((client) => findDifference(client).catch((error: unknown) => [String(error)])));
      differences = found.flat();
      return differences.length === 0;
    }).catch(() => void this.wrongs.push(...differences.slice(0, 3)));
    let commands = 0;
    for (const client of clients) commands += await this.#judge(client);
    return commands;
  }

  /** What was answered as done is in the journal once, what was refused is not, whatever the connection did meanwhile. */
  async #judge(client: FuzzClient): Promise<number> {
    const rows = await this.#world.rowsOf(client.username, [...client.results.keys()]);
    for (const [id, { to, result }] of client.results) {
      const done = result.outcome === 'applied' || result.outcome === 'duplicate';
      const count = rows.get(id) ?? 0;
      if (count > 1 || (done && count === 0) || (result.outcome === 'rejected' && count > 0))
        this.wrongs.push(`${client.username} ${to} ${id}: answered ${JSON.stringify(result).slice(0, 200)}, ${count} rows`);
    }
    return client.results.size;
  }

  async #comeBack(client: FuzzClient): Promise<void> {
    await eventually(`${client.username} is signed in again`, SETTLE_MS, () =>
      client.signIn().then(
        () => true,
        () => false,
      ),
    ).catch((error: unknown) => void this.wrongs.push(String(error)));
    client.again();
    client.connection.nudge();
  }

  #client(chance: Chance): FuzzClient {
    return chance.pick(this.#table.clients);
  }

  #link(chance: Chance) {
    return chance.pick(this.#client(chance).links);
  }

  #owner(chance: Chance): string {
    return `${this.#table.name}_${chance.is(0.5) ? 'acme' : 'globex'}`;
  }

  #clerk(n: number): FuzzClient {
    const clerk = this.#table.clients[n];
    if (clerk === undefined) throw new Error('A table has two clerks');
    return clerk;
  }

  #create(shelf: string, owner: string, clerk: number): void {
    this.#clerk(clerk).send(shelf, { type: '@create', input: { client: owner, label: 'new', secret: 'SECRET-0' } });
  }

  #send(chance: Chance): void {
    const shelf = chance.pick(this.#shelves);
    if (chance.is(0.1)) return this.#client(chance).send(shelf, { type: 'LABEL', label: chance.pick(['red', 'reed', 'blue']) });
    const clerk = this.#clerk(chance.below(2));
    const draws: readonly (() => { type: string; [field: string]: unknown })[] = [
      () => ({ type: chance.pick(['WORK', 'HEAT', 'REST', 'AJAR', 'SHUT', 'NOTHING', 'OWN']) }),
      () => ({ type: 'SET', n: chance.below(9), list: Array.from({ length: chance.below(4) }, () => chance.pick(['x', 'y', 'z~/', ''])) }),
      () => ({ type: 'SET', n: chance.below(9), list: [], note: `NOTE-${chance.id().repeat(1 + chance.below(3))}` }),
      () => ({ type: 'HIDE', secret: `SECRET-${chance.id()}` }),
      () => ({ type: 'MOVE', client: this.#owner(chance) }),
    ];
    clerk.send(shelf, chance.pick(draws)());
  }

  #topic(chance: Chance): string {
    if (chance.is(0.7)) return chance.pick(this.#shelves);
    return chance.pick([
      'shelf?limit=5&sort=-updatedAt',
      'shelf?limit=3&sort=-createdAt&state=work.busy',
      'shelf?limit=4&sort=-createdAt&tag=hot',
      'shelf?limit=3&q=re&sort=-createdAt',
      'shelf?limit=5&sort=title',
    ]);
  }

  #follow(chance: Chance): void {
    this.#client(chance).watch(this.#topic(chance));
  }

  #unfollow(chance: Chance): void {
    const client = this.#client(chance);
    if (client.watched.length > 1) client.unwatch(chance.pick(client.watched));
  }

  #freeze(chance: Chance): void {
    const link = this.#link(chance);
    link.freeze(true);
    this.#under.push(sleep(100 + chance.below(900)).then(() => link.freeze(false)));
  }

  /** A customer becomes one of the other client, or of none, or may not come in for a while; a clerk only looks. */
  #change(chance: Chance): void {
    const client = this.#client(chance);
    const given = this.#table.rights.get(client.username);
    if (given === undefined) return;
    const customer = given.client !== undefined;
    const rights = customer
      ? chance.pick([{ ...given, client: this.#owner(chance) }, { roles: [] }, { ...given, disabled: true }, given])
      : chance.pick([{ roles: ['auditor'] }, given]);
    this.#under.push(this.#world.allow(client.username, rights));
  }

  #renew(chance: Chance): void {
    this.#under.push(
      this.#client(chance)
        .session.renew()
        .catch(() => undefined),
    );
  }

  /** Signs out, and a moment later in again. */
  #leave(chance: Chance): void {
    const client = this.#client(chance);
    client.session.signOut();
    this.#under.push(
      sleep(chance.below(300))
        .then(() => client.signIn())
        .then(() => client.again())
        .catch(() => undefined),
    );
  }

  #shake(chance: Chance): void {
    this.#under.push(this.#world.shake(chance.below(2), chance.pick(['kill', 'kill', 'drain', 'freeze']), chance.below(1500)));
  }
}
