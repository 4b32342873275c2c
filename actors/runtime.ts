import type { Definition } from '../machines/machine.ts';
import { Fault } from '../machines/fault.ts';
import { PARTITIONS, idOf, isId, partitionOf, readAddress, toAddress, typeOf } from '../machines/ids.ts';
import type { Head, Live } from './batch.ts';
import type { Bus } from './bus/bus.ts';
import { deadSubject } from './bus/subjects.ts';
import { HUB } from './caller.ts';
import type { Caller } from './caller.ts';
import { Circuits } from './circuits.ts';
import type { CommitListener, Outcome, Own } from './delivery.ts';
import { toOwnDelivery } from './delivery.ts';
import { DueTimers } from './timers.ts';
import { Effects } from './effects.ts';
import type { Open } from './effects.ts';
import { admit } from './gate.ts';
import { isFromKey } from './id-from-key.ts';
import { Intake } from './intake.ts';
import type { Submission } from './intake.ts';
import { Lanes } from './lanes.ts';
import { Outlet } from './outlet.ts';
import { Ownership } from './ownership.ts';
import type { Cancel, Ports } from './ports/ports.ts';
import { SearchIndex } from './search-index.ts';
import type { Happening } from './step.ts';
import type { Store } from './store/store.ts';
import { Tells } from './tells.ts';

export type RuntimeOptions = {
  readonly store: Store;
  readonly bus: Bus;
  readonly ports: Ports;
  readonly machines: readonly Definition[];
  readonly integrations: ReadonlyMap<string, Open>;
  readonly node: string;
  readonly url: () => string;
  readonly hub_id: string;
  readonly lease_ms: number;
  readonly memory_bytes: number;
  readonly scale: number;
  /** Settings of machines, by type; what is absent takes its default. */
  readonly settings: Readonly<Record<string, unknown>>;
};

/** A creation as a door hands it in. `key` is the caller's Idempotency-Key. */
export type Creation = { readonly key?: string; readonly body_hash?: string };

export type Command = {
  readonly address: string;
  readonly type: string;
  readonly payload: unknown;
  readonly caller: Caller;
  /** The caller's own id of this event; without it a repeat cannot be told from a new one. */
  readonly id?: string;
  readonly ifVersion?: number;
  readonly creation?: Creation;
  readonly traceparent?: string;
  /** It is sent again by somebody who did not hear the answer. */
  readonly repeat?: boolean;
};

const LANES = 2;
const ALL = Array.from({ length: PARTITIONS }, (_, index) => index);
const PROGRESS_MS = 500;
const COMMAND_ID = /^[\x21-\x7e]{1,128}$/;
/** W3C Trace Context; anything else is no trace. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The runtime of one node, put together: doors hand in commands, lanes commit them, and what was committed goes to timers,
 * effects, other actors, other systems and whoever listens.
 */
export class Runtime {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly lanes: Lanes;
  readonly #options: RuntimeOptions;
  readonly #ownership: Ownership;
  readonly #timers: DueTimers;
  readonly #effects: Effects;
  readonly #circuits: Circuits;
  readonly #outlet: Outlet;
  readonly #intake: Intake;
  readonly #search: SearchIndex;
  readonly #settings = new Map<string, unknown>();
  readonly #moved = new Set<number>();
  #progress: Cancel | undefined;
  #saving: Promise<void> | undefined;
  #taking_over: Promise<void> = Promise.resolve();
  #up = false;

  constructor(options: RuntimeOptions) {
    const { store, ports, bus, integrations } = options;
    this.#options = options;
    this.definitions = new Map(options.machines.map((definition) => [definition.type, definition]));
    for (const definition of options.machines) {
      this.#settings.set(definition.type, definition.settings.parse(options.settings[definition.type] ?? {}));
    }
    this.lanes = new Lanes({
      store,
      ports,
      definitions: this.definitions,
      lanes: LANES,
      batch: 256,
      crowd: 64,
      memory_bytes: options.memory_bytes,
      scale: options.scale,
      reclaim: (partitions) => this.#ownership.reclaim(partitions),
      onLost: (partitions) => this.#lost(partitions),
    });
    const read = (address: string): Promise<Live | undefined> => this.lanes.read(address);
    const peek = (address: string): Live | undefined => this.lanes.peek(address);
    const partitions = (): readonly number[] => this.lanes.partitions;
    const deliver = (address: string, own: Own): Promise<Outcome> => this.#deliverOwn(address, own);
    const { lease_ms, node, url, hub_id } = options;
    this.#ownership = new Ownership({ store, ports, node, url, lease_ms, partitions: ALL, onOwned: (heads) => this.#owned(heads) });
    this.#timers = new DueTimers({ store, ports, partitions, read, deliver });
    this.#circuits = new Circuits({ ports, names: [...integrations.keys()], read, report: (name, counts) => this.#report(name, counts) });
    this.#effects = new Effects({
      store,
      ports,
      definitions: this.definitions,
      integrations,
      circuits: this.#circuits,
      hub_id,
      partitions,
      read,
      peek,
      deliver,
    });
    const tells = new Tells({
      ports,
      definitions: this.definitions,
      settings: this.#settings,
      deliver: (delivery) => this.lanes.deliver(delivery),
      up: () => this.#up,
    });
    this.#outlet = new Outlet({
      store,
      ports,
      bus,
      hub_id,
      send: (from, origin, send) => tells.carry(from, origin, send),
      headOf: (partition) => this.lanes.headOf(partition)?.seq,
      onPublished: (partition) => void this.#moved.add(partition),
    });
    this.#intake = new Intake({
      ports,
      bus,
      owns: (partition) => this.lanes.owns(partition),
      submit: (submission) => this.#submit(submission),
    });
    this.#search = new SearchIndex({ store, ports, read });
    this.lanes.onCommit((rows) => this.#timers.committed(rows));
    this.lanes.onCommit((rows) => this.#circuits.committed(rows));
    this.lanes.onCommit((rows) => this.#effects.committed(rows));
    this.lanes.onCommit((rows) => this.#outlet.committed(rows));
    this.lanes.onCommit((rows) => this.#search.committed(rows));
  }

  /** Owns its partitions and carries on with what was under way. */
  async start(): Promise<void> {
    await this.#ownership.start();
    await this.#taking_over;
    await this.#ensureIntegrations();
    await this.#circuits.start();
    this.#up = true;
    this.#timers.start();
    this.#outlet.start();
    this.#intake.start();
    this.#search.start();
    this.#progress = this.#options.ports.timers.every(PROGRESS_MS, () => void this.#saveProgress());
    await this.#effects.resume();
  }

  /** Why an event could not be committed now; undefined when it could. */
  trouble(): string | undefined {
    if (!this.#up) return 'starting';
    return this.#ownership.trouble() ?? this.#options.bus.trouble();
  }

  onCommit(listener: CommitListener): void {
    this.lanes.onCommit(listener);
  }

  figures(): { waiting: number; effects: number; actors: number; bytes: number; commits: number } {
    const { actors, bytes } = this.lanes.resident;
    return { waiting: this.lanes.mailbox.waiting, effects: this.#effects.underWay, actors, bytes, commits: this.lanes.commits };
  }

  /** Finishes what was taken, writes down how far it came, and lets go of its partitions. */
  async stop(): Promise<void> {
    this.#up = false;
    this.#intake.stop();
    this.#timers.stop();
    this.#effects.stop();
    this.#circuits.stop();
    await this.lanes.drain();
    this.#outlet.flush();
    await this.#options.bus.flush().catch(() => undefined);
    this.#outlet.stop();
    this.#progress?.();
    await this.#search.stop();
    await this.#saving;
    for (const partition of this.lanes.partitions) this.#moved.add(partition);
    await this.#saveProgress();
    await this.#ownership.stop();
  }

  /** Sends a caller's event through the gate to its actor. Throws a Fault for what the gate refuses. */
  async command(command: Command): Promise<Outcome> {
    const { address, caller } = command;
    const named = readAddress(address);
    if (named === undefined) throw new Fault('bad_id', 'An address is <type>/<id>; an id is 1 to 64 of A-Z a-z 0-9 _ -.');
    if (command.id !== undefined && !COMMAND_ID.test(command.id))
      throw new Fault('bad_request', 'The id of an event is 1 to 128 visible ASCII characters.');
    const made = command.id ?? `hub-${this.#options.ports.random.id()}`;
    return this.#deliver({
      type: named.type,
      id: named.id,
      event: command.type,
      payload: command.payload,
      caller,
      event_id: `caller:${caller.id}:${made}`,
      repeat: command.repeat ?? false,
      traceparent: command.traceparent ?? '',
      ...(command.ifVersion === undefined ? {} : { ifVersion: command.ifVersion }),
      ...(command.creation === undefined ? {} : { creation: command.creation }),
      // Under a name that somebody chose events may have been refused before there was an actor.
      fresh: command.creation?.key !== undefined && isFromKey(named.id, this.#options.hub_id, caller.id, command.creation.key),
    });
  }

  /** An event from an integration's webhook; the provider's id of the notification makes it one. */
  async notify(integration: string, id: string, to: string, event: { readonly type: string }): Promise<Outcome> {
    const named = readAddress(to);
    if (named === undefined) throw new Fault('bad_id', `${to} is no address`);
    const { type, ...payload } = event;
    const event_id = `source:webhook-${integration}:${id}`;
    const caller: Caller = { ...HUB, id: `integration/${integration}` };
    return this.#deliver({
      type: named.type,
      id: named.id,
      event: type,
      payload,
      caller,
      event_id,
      repeat: true,
      traceparent: '',
      fresh: false,
    });
  }

  #submit(submission: Submission): Promise<Outcome> {
    return this.#deliver({ ...submission, fresh: false });
  }

  #deliver(asked: Submission & { readonly ifVersion?: number; readonly creation?: Creation; readonly fresh: boolean }): Promise<Outcome> {
    const definition = this.definitions.get(asked.type);
    if (definition === undefined) throw new Fault('not_found', `There is no kind of actor named ${asked.type.slice(0, 32)}.`);
    if (!isId(asked.id)) throw new Fault('bad_id');
    const { type, payload } = admit(definition, asked.event, asked.payload, asked.caller);
    const address = toAddress(asked.type, asked.id);
    const happening: Happening =
      type === '@create'
        ? { kind: 'create', id: asked.id, input: payload, settings: this.#settings.get(definition.type) }
        : { kind: 'event', event: { ...payload, type } };
    const { key, body_hash } = asked.creation ?? {};
    const creation = key === undefined || body_hash === undefined ? {} : { creation: { caller: asked.caller.id, key, body_hash } };
    return new Promise((settle) => {
      this.lanes.deliver({
        address,
        partition: partitionOf(address),
        definition,
        event_id: asked.event_id,
        happening,
        event: JSON.stringify({ type, ...payload }),
        caller: asked.caller,
        ...(asked.ifVersion === undefined ? {} : { ifVersion: asked.ifVersion }),
        ...creation,
        causation: '',
        correlation: '', // it begins a chain of its own: the id says so
        traceparent: TRACEPARENT.test(asked.traceparent) ? asked.traceparent : '',
        repeat: asked.repeat,
        fresh: asked.fresh,
        outside: true,
        settle: (outcome) => {
          if (outcome.outcome === 'parked') this.#publishDead(address, asked.event_id, outcome.reason);
          settle(outcome);
        },
      });
    });
  }

  #publishDead(address: string, event_id: string, reason: string): void {
    this.#options.bus.publish(deadSubject(typeOf(address), idOf(address)), JSON.stringify({ address, id: event_id, reason }));
  }

  /** A timer or a result of the actor's own asking: it has no caller to refuse and finds room in every mailbox. */
  #deliverOwn(address: string, own: Own): Promise<Outcome> {
    const definition = this.definitions.get(typeOf(address));
    if (definition === undefined) return Promise.reject(new Error(`No machine is known for ${address}`));
    return new Promise((settle) => {
      this.lanes.deliver(toOwnDelivery(address, definition, own, HUB, settle));
    });
  }

  async #report(name: string, counts: { succeeded: number; failed: number; unauthorized: number }): Promise<void> {
    const event = { type: 'CALLS', ...counts };
    const address = toAddress('integration', name);
    await this.#deliverOwn(address, {
      event_id: `own:${this.#options.node}#calls-${this.#options.ports.random.id()}`,
      happening: { kind: 'event', event },
      event,
      causation: '',
    });
  }

  /** Every configured integration has its actor. */
  async #ensureIntegrations(): Promise<void> {
    const definition = this.definitions.get('integration');
    if (definition === undefined) return;
    for (const { kind } of this.#options.integrations.values()) {
      const address = toAddress('integration', kind.name);
      if ((await this.lanes.read(address)) !== undefined) continue;
      const input = definition.input.parse({ title: kind.title, provides: kind.provides });
      const happening: Happening = { kind: 'create', id: kind.name, input, settings: this.#settings.get('integration') };
      await this.#deliverOwn(address, {
        event_id: `own:hub@0#${kind.name}`,
        happening,
        event: { type: '@create', ...input },
        causation: '',
      });
    }
  }

  #owned(heads: ReadonlyMap<number, Head>): void {
    this.#taking_over = this.#taking_over.catch(() => undefined).then(() => this.#takeOver(heads));
    this.#taking_over.catch((error: unknown) => {
      this.#options.ports.log.error({ err: error }, 'Partitions could not be taken over; they are claimed again');
      this.#ownership.lost([...heads.keys()]);
    });
  }

  async #takeOver(heads: ReadonlyMap<number, Head>): Promise<void> {
    const progress = await this.#options.store.progress([...heads.keys()]);
    this.lanes.own(heads);
    for (const row of progress) {
      this.#outlet.own(row.partition, row.published);
      this.#intake.own(row);
    }
    this.#options.ports.reach('owned');
    if (!this.#up) return;
    this.#timers.rescan();
    this.#resumeEffects();
  }

  #resumeEffects(): void {
    this.#effects.resume().catch((error: unknown) => {
      this.#options.ports.log.warn({ err: error }, 'Effects under way could not be read; they are looked for again');
      this.#options.ports.timers.after(1000, () => this.#resumeEffects());
    });
  }

  #lost(partitions: readonly number[]): void {
    this.#ownership.lost(partitions);
    for (const partition of partitions) {
      this.#outlet.lose(partition);
      this.#intake.lose(partition);
    }
  }

  async #saveProgress(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  readonly #saved = new Map<number, string>();

  async #save(): Promise<void> {
    const rows = this.lanes.partitions.flatMap((partition) => {
      const head = this.lanes.headOf(partition);
      if (head === undefined) return [];
      const row = { partition, epoch: head.epoch, published: this.#outlet.publishedOf(partition), ...this.#intake.progressOf(partition) };
      const text = JSON.stringify(row);
      if (this.#saved.get(partition) === text) return [];
      this.#saved.set(partition, text);
      return [row];
    });
    if (rows.length === 0) return;
    // Receipts are on their way to NATS before a cursor says so.
    await this.#options.bus.flush().catch(() => undefined);
    await this.#options.store.saveProgress(rows).catch((error: unknown) => {
      this.#saved.clear();
      this.#options.ports.log.warn({ err: error }, 'Progress could not be written down; it is written again');
    });
    this.#options.ports.reach('progress.saved');
  }
}
