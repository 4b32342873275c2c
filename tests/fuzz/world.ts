import { fileURLToPath } from 'node:url';
import { systemClock } from '../../clients/core/clock.ts';
import { ask } from '../../clients/core/http.ts';
import { Session } from '../../clients/core/session.ts';
import { PASSWORD, World } from '../chaos/world.ts';
import type { ChaosNode } from '../chaos/node.ts';
import { sleep } from '../support/process-hub.ts';
import { FuzzClient } from './client.ts';
import { httpOf, tokensInMemory } from './people.ts';

const MACHINES = fileURLToPath(new URL('machines.ts', import.meta.url));
const LEASE_MS = 2000;

export type Rights = { readonly roles: readonly string[]; readonly client?: string; readonly disabled?: boolean };

/** Two nodes that are killed, drained and frozen under everybody, and whoever says what people may do. */
export class FuzzWorld {
  readonly world: World;
  readonly #admin: Session;
  readonly #busy = new Set<ChaosNode>();
  kills = 0;
  drains = 0;
  freezes = 0;

  private constructor(world: World, admin: Session) {
    this.world = world;
    this.#admin = admin;
  }

  static async open(): Promise<FuzzWorld> {
    const world = await World.open({ nodes: 2, lease_ms: LEASE_MS, machines: MACHINES });
    const admin = new Session({ http: httpOf(world.nodes, 0), store: tokensInMemory(), clock: systemClock });
    await admin.signIn('admin', PASSWORD);
    return new FuzzWorld(world, admin);
  }

  get nodes(): readonly ChaosNode[] {
    return this.world.nodes;
  }

  /** Resolves when it is so. */
  async allow(username: string, rights: Rights, password?: string): Promise<void> {
    const body = { ...rights, ...(password === undefined ? {} : { password }) };
    const headers = { authorization: `Bearer ${await this.#admin.token()}` };
    await ask(httpOf(this.nodes, 0), { method: 'PUT', path: `/v1/people/${username}`, body, headers });
  }

  /** A node is ended, or stands still, and comes back; one at a time, so that somebody always serves. */
  async shake(index: number, how: 'kill' | 'drain' | 'freeze', for_ms: number): Promise<void> {
    const node = this.nodes[index % this.nodes.length];
    if (node === undefined || this.#busy.size > 0) return;
    this.#busy.add(node);
    try {
      if (how === 'freeze') {
        this.freezes++;
        node.freeze();
        await sleep(for_ms);
        node.thaw();
        return;
      }
      if (how === 'kill') this.kills++;
      else this.drains++;
      await (how === 'kill' ? node.kill() : node.stop());
      await sleep(for_ms);
    } finally {
      while (!(await node.start())) await sleep(100);
      this.#busy.delete(node);
    }
  }

  /** Which of these commands' rows there are, by the ids that their senders gave them. */
  async rowsOf(username: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const names = ids.map((id) => `caller:${username}:${id}`);
    const rows = await this.world.ask<{ event_id: string; n: number }>(
      `select event_id, count(*)::int as n from journal where event_id = any($1) group by event_id`,
      [names],
    );
    return new Map(rows.map(({ event_id, n }) => [event_id.slice(`caller:${username}:`.length), n]));
  }

  async close(): Promise<void> {
    await this.world.stop();
    await this.world.forget();
  }
}

/** The people of one table: everything that one scenario changes is theirs alone. */
export type Table = { readonly name: string; readonly clients: readonly FuzzClient[]; readonly rights: ReadonlyMap<string, Rights> };

/** Two of the house and a customer of each of two clients, each with a device. */
export async function setTable(world: FuzzWorld, n: number): Promise<Table> {
  const rights = new Map<string, Rights>([
    [`t${n}_clerk`, { roles: ['clerk'] }],
    [`t${n}_clerk2`, { roles: ['clerk'] }],
    [`t${n}_acme`, { roles: ['customer'], client: `t${n}_acme` }],
    [`t${n}_globex`, { roles: ['customer'], client: `t${n}_globex` }],
  ]);
  const clients: FuzzClient[] = [];
  for (const [username, given] of rights) {
    await world.allow(username, given, PASSWORD);
    const client = await FuzzClient.open(username, world.nodes, clients.length + n, given.client !== undefined);
    await client.signIn();
    clients.push(client);
  }
  return { name: `t${n}`, clients, rights };
}
