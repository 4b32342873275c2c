import type { WebSocket } from 'ws';
import type { Caller } from '../../actors/caller.ts';
import type { Committed } from '../../actors/delivery.ts';
import type { Cancel } from '../../actors/ports/ports.ts';
import type { People } from '../auth/people.ts';
import type { Hub } from '../hub.ts';
import { INSPECT_CLOSED, INSPECT_PROTOCOL } from '../protocol/inspection.ts';
import type { SessionMessage } from '../protocol/inspection.ts';
import { Inspector } from './inspector.ts';
import { openLine } from './line.ts';
import { Lineage } from './lineage.ts';
import type { Visit } from './tickets.ts';

/** Who may look through the inspector. */
export const INSPECTOR_ROLE = 'developer';

const TICK_MS = 1000;
/** How often a connection is asked whether it is still there, and its person looked up, in case nobody said that he changed. */
const ALIVE_MS = 15_000;
const MOST_CONNECTIONS = 64;
const MOST_EACH = 16;

type Connection = {
  readonly visit: Visit;
  readonly socket: WebSocket;
  readonly inspector: Inspector;
  /** From now on the ticket of the next connection is good for a minute only. */
  release?: () => void;
  askedAt: number;
  answered: boolean;
};

/** Everybody who inspects at this node. */
export class Inspection {
  readonly #hub: Hub;
  readonly #people: Pick<People, 'callerOf' | 'onChange'>;
  readonly #lineage: Lineage;
  readonly #connections = new Set<Connection>();
  readonly #closing: Cancel[] = [];
  #stopping = false;

  constructor(hub: Hub, people: Pick<People, 'callerOf' | 'onChange'>) {
    this.#hub = hub;
    this.#people = people;
    this.#lineage = new Lineage(hub.store);
    hub.runtime.onChange({ hear: (rows) => this.#hear(rows), wants: (address) => this.#wants(address) });
    this.#closing.push(people.onChange((username) => this.#changed(username)));
    this.#closing.push(hub.ports.timers.every(TICK_MS, () => this.#tick()));
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  figures(): { inspectors: number; queued: number } {
    let queued = 0;
    for (const { socket } of this.#connections) queued += socket.bufferedAmount;
    return { inspectors: this.#connections.size, queued };
  }

  /** Whether one more may come to this visit. The connection that it takes the place of does not count. */
  hasRoomFor(visit: Visit): boolean {
    const others = [...this.#connections].filter((connection) => connection.visit !== visit);
    return others.length < MOST_CONNECTIONS && others.filter((connection) => connection.visit.person === visit.person).length < MOST_EACH;
  }

  /** Shows somebody what his ticket is for, once it is certain that he may still see it. */
  async welcome(socket: WebSocket, visit: Visit): Promise<void> {
    const { runtime, store, ports, log, tickets } = this.#hub;
    socket.on('error', () => undefined); // `close` follows
    for (const connection of this.#connections)
      if (connection.visit === visit) connection.socket.close(INSPECT_CLOSED.replaced, 'This view was opened again elsewhere.');
    const { definitions } = runtime;
    const cut = (code: number, reason: string): void => end(socket, code, reason);
    const isPage = socket.protocol === INSPECT_PROTOCOL;
    const about = { aim: visit.aim, charts: isPage, line: openLine(socket), lineage: this.#lineage };
    const inspector = new Inspector({ ...about, definitions, store, ports, cut });
    const connection: Connection = { visit, socket, inspector, askedAt: ports.clock.monotonic(), answered: true };
    this.#connections.add(connection);
    socket.on('pong', () => (connection.answered = true));
    socket.on('close', () => this.#left(connection));
    this.#lookUp(visit.person, [connection]);
    if (!(await inspector.ready())) return;
    const { ticket, release } = tickets.next(visit);
    if (!this.#connections.has(connection)) return release();
    connection.release = release;
    if (isPage) socket.send(JSON.stringify(this.#toSession(visit, ticket)));
    log.info({ person: visit.person, target: visit.aim.text, sample: visit.aim.sample }, 'Somebody inspects');
    inspector.begin();
  }

  /** Sends everybody away; whoever comes back comes to another node or a minute later to this one. */
  close(): void {
    this.#stopping = true;
    for (const cancel of this.#closing.splice(0)) cancel();
    for (const { socket } of this.#connections) socket.close(1001, 'The hub is stopping.');
  }

  terminate(): void {
    for (const { socket } of this.#connections) socket.terminate();
  }

  /** Undefined for somebody who may not inspect now. */
  async #callerOf(person: string): Promise<Caller | undefined> {
    const caller = await this.#people.callerOf(person);
    return caller?.roles.includes(INSPECTOR_ROLE) === true ? caller : undefined;
  }

  #hear(rows: readonly Committed[]): void {
    for (const { inspector } of this.#connections) inspector.hear(rows);
  }

  #wants(address: string): boolean {
    for (const { inspector } of this.#connections) if (inspector.wants(address)) return true;
    return false;
  }

  #changed(person: string): void {
    this.#lookUp(
      person,
      [...this.#connections].filter(({ visit }) => visit.person === person),
    );
  }

  /** Nothing more goes out to them before it is known what the person may do now. */
  #lookUp(person: string, his: readonly Connection[]): void {
    const known = this.#callerOf(person);
    known.then(
      (caller) => {
        if (caller === undefined) this.#hub.tickets.revoke(person);
      },
      () => {
        // Nothing is known to be withdrawn, and nothing more is shown: they come again.
        for (const { socket } of his) end(socket, 1013, 'The hub cannot look you up right now; come again in a moment.');
      },
    );
    for (const { inspector } of his) inspector.hold(known.catch(() => undefined));
  }

  #tick(): void {
    const now = this.#hub.ports.clock.monotonic();
    const people = new Set<string>();
    for (const connection of this.#connections) {
      const { visit, socket, inspector } = connection;
      if (now >= visit.until) {
        socket.close(INSPECT_CLOSED.over, 'The session is over; open the inspector again.');
        continue;
      }
      inspector.tick();
      if (now - connection.askedAt < ALIVE_MS) continue;
      // Who has not answered for so long is gone, or does not read.
      if (!connection.answered) socket.terminate();
      connection.askedAt = now;
      connection.answered = false;
      if (socket.readyState === socket.OPEN) socket.ping();
      people.add(visit.person);
    }
    for (const person of people) this.#changed(person);
  }

  #left(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    connection.inspector.close();
    connection.release?.();
  }

  #toSession(visit: Visit, resume: string): SessionMessage {
    const { node, ports, config } = this.#hub;
    const { text, sample, rate } = visit.aim;
    const endsAt = Math.round(ports.clock.now() + visit.until - ports.clock.monotonic());
    const about = { node, person: visit.person, target: text, sample, rate, resume, endsAt, stately: config.inspectStately };
    return { type: '@green-lines.session', ...about };
  }
}

/** What has not been taken yet is not for somebody whom nothing more may be shown to, and not worth a wait for anybody else. */
function end(socket: WebSocket, code: number, reason: string): void {
  const waits = socket.bufferedAmount > 0;
  socket.close(code, reason);
  if (waits) socket.terminate();
}
