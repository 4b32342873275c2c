import type { Definition } from '../../machines/machine.ts';
import { ActorHandle, type ActorParts } from './actor-handle.ts';
import { lookAt } from './aftermath.ts';
import { Api } from './api.ts';
import { systemClock, type Clock } from './clock.ts';
import { toLine, type Result } from './command.ts';
import { Connection } from './connection.ts';
import { Foresight } from './foresight.ts';
import type { Http } from './http.ts';
import { ListHandle } from './list-handle.ts';
import type { InputOf, MachineMap, Machines, StateOf } from './machine-types.ts';
import { newId } from './new-id.ts';
import { Outbox } from './outbox.ts';
import type { Kept } from './outbox-lane.ts';
import { memoryStorage, type OutboxStorage } from './outbox-storage.ts';
import type { Predict } from './prediction.ts';
import { memoryTokens, Session, type TokenStore, type Who } from './session.ts';
import type { ActorCopy } from './store.ts';
import { browserTabs, loneTab, type Tabs } from './tabs.ts';
import { toListTopic, type ListQuery } from './topic.ts';
import { toTrayItem, type TrayItem } from './tray.ts';
import { Turns } from './turns.ts';

export type HubOptions = {
  /** Where the hub is; `''` for the origin that the page came from. */
  readonly url: string;
  /** Where the sign-in is kept. In memory unless something else is given: see `browserTokens()`. */
  readonly tokens?: TokenStore;
  /** Where commands are kept that wait. IndexedDB where there is one, else in memory: see `textStorage()`. */
  readonly storage?: OutboxStorage;
  /** The machines that predict; the hub's own unless others are given. Called when they are first needed. */
  readonly machines?: () => Promise<readonly Definition[]>;
  /** How many commands one person may have kept on this device, the tray included: 1000. */
  readonly most?: number;
  readonly clock?: Clock;
  readonly fetch?: typeof globalThis.fetch;
  readonly tabs?: Tabs;
};

/** PROTOCOL_VERSION of hub/protocol/messages.ts, whose module brings zod along. A test holds the two together. */
export const PROTOCOL = 1;
const MOST_KEPT = 1_000;

/** A list of one kind of actor. */
export type ListOf<M extends MachineMap, Type extends keyof M & string> = Omit<ListQuery, 'type' | 'state'> & {
  readonly type: Type;
  readonly state?: StateOf<M[Type]>;
};

export type SignOut =
  | { readonly signedOut: true }
  /** Something is kept that the hub has not done. It stays on this device until the same person signs in again. */
  | { readonly signedOut: false; readonly waiting: number; readonly tray: number };

/** A hub, as one person uses it from one device. `Machines` are its machines: `createHub<Machines & { parcel: typeof parcel }>(…)`. */
export function createHub<M extends MachineMap = Machines>(options: HubOptions): Hub<M> {
  return new Hub<M>(options);
}

export class Hub<M extends MachineMap = Machines> {
  readonly session: Session;
  readonly connection: Connection;
  readonly api: Api;
  readonly http: Http;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly #parts: ActorParts;
  readonly #ends: (() => void)[] = [];
  #bearer: string | undefined;
  /** Ends what is being asked for one person. */
  #visit = new AbortController();
  #tray: { readonly inputs: readonly unknown[]; readonly items: readonly TrayItem[] } = { inputs: [], items: [] };

  constructor(options: HubOptions) {
    const { url, tokens = memoryTokens(), clock = systemClock, most = MOST_KEPT } = options;
    this.clock = clock;
    this.http = { fetch: options.fetch ?? globalThis.fetch.bind(globalThis), base: url };
    this.session = new Session({ http: this.http, store: tokens, clock });
    const home = url === '' ? location.origin : url;
    this.connection = new Connection({ home, session: this.session, clock, protocol: PROTOCOL });
    this.api = new Api(this.http, this.session, clock);
    const line = toLine(this.connection, this.session);
    const now = (): number => this.now();
    this.outbox = new Outbox({
      line,
      clock,
      now,
      most,
      wake: () => this.connection.nudge(),
      newId: () => newId('c'),
      name: `green-lines-outbox ${home}`,
      storage: options.storage ?? usualStorage(),
      tabs: options.tabs ?? usualTabs(clock),
      standsAt: (to) => this.#copyOf(to),
      lookAt: (kept) => lookAt(this.api, kept, this.#copyOf(kept.to), this.#visit.signal),
    });
    const foresight = new Foresight({
      clock,
      load: () => loadPrediction(options.machines),
      laneOf: (to) => this.outbox.of(to),
      who: () => this.session.who,
      isLive: () => line.isUp(),
    });
    this.#parts = {
      connection: this.connection,
      outbox: this.outbox,
      foresight,
      line,
      clock,
      now,
      turns: new Turns(),
      newId: () => newId('c'),
    };
    this.#attach(tokens);
  }

  /** Who is signed in, if anybody. */
  get who(): Who | undefined {
    return this.session.who;
  }

  /** The hub's time in epoch milliseconds, also where this device's clock is wrong. */
  now(): number {
    return this.connection.time.now();
  }

  /** Throws a Problem: `bad_credentials`, `rate_limited`, `unreachable`, … */
  signIn(username: string, password: string): Promise<void> {
    return this.session.signIn(username, password);
  }

  /**
   * Signs out, unless something is kept that the hub has not done: with `keep`, that stays on this device for the person's return.
   * Throws the Problem `not_kept` where it cannot be read whether there is.
   */
  async signOut({ keep = false }: { readonly keep?: boolean } = {}): Promise<SignOut> {
    await this.outbox.read();
    if (!keep && this.outbox.trouble !== undefined) throw this.outbox.trouble;
    const tray = this.tray.length;
    const waiting = this.outbox.all.length - tray;
    if (!keep && waiting + tray > 0) return { signedOut: false, waiting, tray };
    this.session.signOut();
    return { signedOut: true };
  }

  actor<Type extends keyof M & string>(type: Type, id: string): ActorHandle<M[Type]> {
    return new ActorHandle(`${type}/${id}`, this.#parts);
  }

  list<Type extends keyof M & string>(query: ListOf<M, Type>): ListHandle<M[Type]> {
    return new ListHandle(toListTopic(query), this.connection);
  }

  /** Creates an actor, now. Keep the id and give it again to repeat one that went unanswered. */
  async create<Type extends keyof M & string>(
    type: Type,
    input: InputOf<M[Type]>,
    { id = newId(type) }: { readonly id?: string } = {},
  ): Promise<{ readonly actor: ActorHandle<M[Type]>; readonly result: Result }> {
    const actor = this.actor(type, id);
    // The command is named after what it creates, so that a repeat is the same command.
    return { actor, result: await actor.create(input, { id: `create-${id}` }) };
  }

  /** What the hub would not do, in the order in which it was meant. The same array as long as nothing changes. */
  get tray(): readonly TrayItem[] {
    const found = this.outbox.all.flatMap((kept) => (kept.standing.kind === 'tray' ? [{ kept, refusal: kept.standing.refusal }] : []));
    const copies = found.map(({ kept }) => this.#copyOf(kept.to));
    const inputs = [...found.map(({ kept }) => kept), ...copies];
    const same = inputs.length === this.#tray.inputs.length && inputs.every((input, i) => input === this.#tray.inputs[i]);
    if (!same) this.#tray = { inputs, items: found.map(({ kept, refusal }, i) => toTrayItem(kept, refusal, copies[i])) };
    return this.#tray.items;
  }

  /** Ends everything. Nobody is signed out by it. */
  close(): void {
    this.#bearer = undefined;
    for (const end of this.#ends.splice(0)) end();
    this.#leave();
  }

  #leave(): void {
    this.#visit.abort();
    this.#visit = new AbortController();
    this.outbox.close();
    this.connection.close();
    this.#parts.foresight.clear();
  }

  #copyOf(to: string): ActorCopy | undefined {
    const copy = this.connection.entry(to)?.copy;
    return copy?.kind === 'actor' ? copy : undefined;
  }

  #attach(tokens: TokenStore): void {
    const { session, outbox, connection } = this;
    this.#ends.push(
      session.onChange(() => this.#follow()),
      outbox.onSettled((kept: Kept, settled) => {
        if (settled.outcome !== 'applied' && settled.outcome !== 'duplicate') return;
        this.#parts.foresight.done(kept, settled.version);
        // Whoever watches it may have been told that there is no such thing, which was so until now.
        connection.retry(kept.to);
      }),
    );
    const unheard = tokens.onChange?.(() => session.reload());
    if (unheard !== undefined) this.#ends.push(unheard);
    if (typeof document !== 'undefined') this.#ends.push(nudgeOnReturn(connection));
    this.#follow();
  }

  /** The connection and the outbox are open exactly while somebody is signed in, and never carry over to the next person. */
  #follow(): void {
    const { who, bearer } = this.session;
    if (bearer === this.#bearer) return;
    this.#bearer = bearer;
    this.#leave();
    if (who === undefined) return;
    this.outbox.open(`${who.username} ${this.http.base}`);
    this.connection.open();
  }
}

/** Whoever comes back to the page, or to the network, should not wait for the next attempt. */
function nudgeOnReturn(connection: Connection): () => void {
  const nudge = (): void => connection.nudge();
  const look = (): void => {
    if (document.visibilityState === 'visible') connection.nudge();
  };
  addEventListener('online', nudge);
  document.addEventListener('visibilitychange', look);
  return () => {
    removeEventListener('online', nudge);
    document.removeEventListener('visibilitychange', look);
  };
}

function usualTabs(clock: Clock): Tabs {
  return typeof document === 'undefined' ? loneTab : browserTabs(clock);
}

/** The database and what works with it are loaded when something is first read or kept. */
function usualStorage(): OutboxStorage {
  if (typeof indexedDB === 'undefined') return memoryStorage();
  let opened: Promise<OutboxStorage> | undefined;
  const open = (): Promise<OutboxStorage> => {
    opened ??= import('./outbox-indexeddb.ts').then(({ indexedDbStorage }) => indexedDbStorage('green-lines-outbox'));
    opened.catch(() => (opened = undefined));
    return opened;
  };
  return {
    load: async (person) => (await open()).load(person),
    change: async (person, to, decide) => (await open()).change(person, to, decide),
  };
}

/** zod is set up by the one before a machine is made by the other. */
async function loadPrediction(machines: HubOptions['machines']): Promise<Predict> {
  const { predictWith } = await import('./prediction.ts');
  return predictWith(machines === undefined ? (await import('../../machines/machines.ts')).machines : await machines());
}
