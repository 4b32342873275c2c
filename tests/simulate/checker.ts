import { PARTITIONS } from '../../machines/ids.ts';
import { chainHash } from '../../actors/chain.ts';
import { eventTypeOf, ownId } from '../../actors/delivery.ts';
import { earliestDue } from '../../actors/envelope.ts';
import type { Asked, PendingEffect, PendingTimer } from '../../actors/envelope.ts';
import type { ActorRow, Batch, Head, JournalRow } from '../../actors/store/store.ts';

/** What must hold and does not. `rule` is a short name, the same for the same kind of breach. */
export type Violation = { readonly rule: string; readonly what: string };

type Waiting = {
  readonly timers: Readonly<Record<string, PendingTimer>>;
  readonly effects: Readonly<Record<string, PendingEffect>>;
  readonly parked?: unknown;
};
type Actor = {
  partition: number;
  version: number;
  at: number;
  text: string;
  waiting: Waiting;
  /** What each event id came to: the version, or the reason of its refusal. */
  readonly ids: Map<string, number | string>;
};
type Send = { readonly to: string; arrived: boolean };

const NOTHING: Waiting = { timers: {}, effects: {} };
const NOTHING_TEXT = ',"timers":{},"effects":{}}';
const OWN = /^own:(.+)@(\d+)#(\d+)(!?.*)$/;

/**
 * Follows the journal as it grows and holds every batch against what must always be so. It keeps its own books and asks neither
 * the runtime nor the tables.
 */
export class Checker {
  rows = 0;
  /** The newest rows, for the story of a failure. */
  readonly newest: JournalRow[] = [];
  readonly sends = new Map<string, Send>();
  /** Actors that wait for timers, effects or an operator now. */
  readonly waiting = new Set<string>();
  /** Actors that are parked now, and all the letters that were kept for such. */
  readonly parked = new Set<string>();
  readonly letters = new Set<string>();
  /** Domain events that were asked for, and whether they have gone out. */
  readonly facts = new Map<string, boolean>();
  readonly byType = new Map<string, number>();
  /** What has been posted to each account. */
  readonly ledger = new Map<string, number>();
  readonly #actors = new Map<string, Actor>();
  readonly #heads = Array.from({ length: PARTITIONS }, () => ({ seq: 0, hash: '', epoch: 0 }));
  readonly #creations = new Set<string>();
  readonly #effects = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #violated: (violation: Violation) => void;
  readonly #onRow: (row: JournalRow) => void;

  constructor(violated: (violation: Violation) => void, onRow: (row: JournalRow) => void) {
    this.#violated = violated;
    this.#onRow = onRow;
  }

  /** What an event id came to: a version, the reason of a refusal, or nothing. */
  outcomeOf(address: string, event_id: string): number | string | undefined {
    return this.#actors.get(address)?.ids.get(event_id);
  }

  waitingOf(address: string): Waiting {
    return this.#actors.get(address)?.waiting ?? NOTHING;
  }

  headOf(partition: number): { readonly seq: number; readonly hash: string; readonly epoch: number } {
    const head = this.#heads[partition];
    if (head === undefined) throw new Error(`There is no partition ${partition}`);
    return head;
  }

  claimed(heads: readonly Head[]): void {
    for (const { partition, epoch, seq, hash } of heads) {
      const head = this.headOf(partition);
      if (epoch < head.epoch) this.#fail('epoch', `The epoch of partition ${partition} went from ${head.epoch} to ${epoch}`);
      if (seq !== head.seq || hash !== head.hash)
        this.#fail('head', `Partition ${partition} was claimed at ${seq}, its journal ends at ${head.seq}`);
      Object.assign(head, { epoch });
    }
  }

  committed(batch: Batch): void {
    for (const { id, epoch } of batch.partitions) {
      const head = this.headOf(id);
      if (epoch !== head.epoch)
        this.#fail('fence', `A batch of epoch ${epoch} was committed to partition ${id}, which is in epoch ${head.epoch}`);
    }
    const named = new Set(batch.partitions.map(({ id }) => id));
    for (const row of batch.journal) {
      if (!named.has(row.partition)) this.#fail('fence', `A row was written to partition ${row.partition}, which its batch does not name`);
      this.#row(row);
    }
    for (const { actor, event_id, reason } of batch.refusals) this.#refused(actor, event_id, reason);
    for (const row of batch.actors) this.#lean(row);
    for (const { caller, key } of batch.creations) {
      const name = `${caller} ${key}`;
      if (this.#creations.has(name)) this.#fail('creation', `The creation key ${name} was used twice`);
      this.#creations.add(name);
    }
    for (const { id } of batch.dead) this.letters.add(id);
    this.#post(batch);
  }

  /** A domain event came to the message server. */
  published(id: string): void {
    if (!this.facts.has(id)) return this.#fail('event', `The domain event ${id} went out and is in no row`);
    this.facts.set(id, true);
  }

  /** A provider was called: the effect is committed, and its key is the same as ever. */
  called(key: string, hub_id: string): void {
    const [, address, v, i] = /^[^/]+\/(.+)@(\d+)#(\d+)\/[0-9a-f]{16}$/.exec(key) ?? [];
    if (address === undefined || !key.startsWith(`${hub_id}/`)) return this.#fail('key', `A provider was called with the key ${key}`);
    const effect = ownId(address, Number(v), Number(i));
    if (!this.#effects.has(effect)) return this.#fail('effect', `${effect} was called and is in no row`);
    const before = this.#keys.get(effect);
    if (before !== undefined && before !== key) this.#fail('key', `The key of ${effect} was ${before} and is ${key}`);
    this.#keys.set(effect, key);
  }

  #row(row: JournalRow): void {
    this.rows++;
    this.newest.push(row);
    if (this.newest.length > 64) this.newest.splice(0, 32);
    const { actor, version, seq, partition, event_id } = row;
    const head = this.headOf(partition);
    if (seq !== head.seq + 1) this.#fail('seq', `Row ${seq} of partition ${partition} follows row ${head.seq}`);
    if (row.hash !== chainHash(head.hash, row))
      this.#fail('chain', `The hash of row ${seq} of partition ${partition} is not that of its contents`);
    Object.assign(head, { seq, hash: row.hash });
    let known = this.#actors.get(actor);
    if (known === undefined) {
      known = { partition, version: 0, at: 0, text: NOTHING_TEXT, waiting: NOTHING, ids: new Map() };
      this.#actors.set(actor, known);
    }
    if (version !== known.version + 1) this.#fail('version', `Version ${version} of ${actor} follows version ${known.version}`);
    if (known.partition < 0) known.partition = partition;
    if (partition !== known.partition) this.#fail('partition', `${actor} moved from partition ${known.partition} to ${partition}`);
    if (row.at < known.at) this.#fail('time', `${actor}@${version} is at ${row.at}, the version before it at ${known.at}`);
    this.#once(actor, known, event_id, version);
    const text = row.envelope.slice(row.envelope.lastIndexOf(',"timers":{'));
    const waiting = text === known.text ? known.waiting : text === NOTHING_TEXT ? NOTHING : (JSON.parse(`{${text.slice(1)}`) as Waiting);
    this.#follows(row, known.waiting, waiting);
    this.#causes(row, known.waiting, waiting);
    if (waiting !== known.waiting) this.#sort(actor, waiting);
    Object.assign(known, { version, at: row.at, text, waiting });
    if (row.asked !== '') this.#asked(row, JSON.parse(row.asked) as Asked);
    const type = `${actor.slice(0, actor.indexOf('/'))} ${eventTypeOf(row.event)}`;
    this.byType.set(type, (this.byType.get(type) ?? 0) + 1);
    this.#onRow(row);
  }

  #sort(address: string, waiting: Waiting): void {
    if (waiting === NOTHING) this.waiting.delete(address);
    else this.waiting.add(address);
    if (waiting.parked === undefined) this.parked.delete(address);
    else this.parked.add(address);
  }

  #once(address: string, actor: Actor, event_id: string, came_to: number | string): void {
    const before = actor.ids.get(event_id);
    if (before !== undefined) this.#fail('twice', `${event_id} of ${address} came to ${before}, and to ${came_to}`);
    actor.ids.set(event_id, came_to);
  }

  #refused(address: string, event_id: string, reason: string): void {
    let actor = this.#actors.get(address);
    if (actor === undefined) {
      actor = { partition: -1, version: 0, at: 0, text: NOTHING_TEXT, waiting: NOTHING, ids: new Map() };
      this.#actors.set(address, actor);
    }
    this.#once(address, actor, event_id, reason);
    this.#arrived(address, event_id);
  }

  /** What is waited for was asked for by this step, or is exactly what was waited for before. */
  #follows(row: JournalRow, before: Waiting, now: Waiting): void {
    if (before === now) return;
    const { actor, version } = row;
    // A migration may call them otherwise; what asked for them stays the same.
    const isMigration = row.event.startsWith('{"type":"@migrate"');
    if (isMigration) return this.#migrated(row, before, now);
    for (const [id, timer] of Object.entries(now.timers)) {
      if (timer.v === version) continue;
      const was = before.timers[id];
      if (was === undefined || was.v !== timer.v || was.i !== timer.i || was.due !== timer.due || was.event !== timer.event)
        this.#fail('timer', `${actor}@${version} waits for timer ${id} of version ${timer.v}, which was not waited for like that before`);
    }
    for (const [id, effect] of Object.entries(now.effects)) {
      if (effect.v === version) {
        this.#effects.set(ownId(actor, effect.v, effect.i), effect.src);
        continue;
      }
      const was = before.effects[id];
      if (
        was === undefined ||
        was.v !== effect.v ||
        was.i !== effect.i ||
        was.src !== effect.src ||
        JSON.stringify(was.input) !== JSON.stringify(effect.input)
      )
        this.#fail(
          'effect',
          `${actor}@${version} waits for effect ${id} of version ${effect.v}, which was not waited for like that before`,
        );
    }
  }

  #migrated({ actor, version }: JournalRow, before: Waiting, now: Waiting): void {
    for (const list of ['timers', 'effects'] as const) {
      const origins = new Set(Object.values<{ v: number; i: number }>(before[list]).map(({ v, i }) => `${v}#${i}`));
      for (const { v, i } of Object.values<{ v: number; i: number }>(now[list])) {
        if (v !== version && !origins.has(`${v}#${i}`))
          this.#fail('migration', `${actor}@${version} waits for ${v}#${i}, which it did not before its migration`);
        if (v === version && list === 'effects') this.#effects.set(ownId(actor, v, i), 'migrated');
      }
    }
  }

  /** Every posting balances, and the ledger's rows are the legs that the journal's rows asked for, each once. */
  #post({ journal, postings }: Batch): void {
    const asked: string[] = [];
    for (const { actor, version, asked: text } of journal) {
      if (!text.includes('"postings":')) continue;
      for (const { i, legs } of (JSON.parse(text) as Asked).postings ?? []) {
        const sums = new Map<string, number>();
        for (const [leg, { account, currency, amount_minor, pending = false }] of legs.entries()) {
          asked.push(`${actor}@${version}#${i}.${leg} ${account} ${currency} ${amount_minor} ${pending}`);
          const layer = pending ? `pending ${currency}` : currency;
          sums.set(layer, (sums.get(layer) ?? 0) + amount_minor);
          if (!pending) this.ledger.set(account, (this.ledger.get(account) ?? 0) + amount_minor);
        }
        for (const [layer, sum] of sums) if (sum !== 0) this.#fail('ledger', `${actor}@${version} posts ${sum} ${layer} too much`);
      }
    }
    const written = postings.map(
      (row) => `${row.actor}@${row.version}#${row.i}.${row.leg} ${row.account} ${row.currency} ${row.amount_minor} ${row.pending}`,
    );
    if (written.length !== asked.length || written.sort().join() !== asked.sort().join())
      this.#fail('ledger', `The journal asks for ${asked.join(', ')}; written was ${written.join(', ')}`);
  }

  /** A timer, a result or a tell has a row that asked for it, and a timer or a result is waited for no more. */
  #causes({ actor, version, event_id, event }: JournalRow, before: Waiting, now: Waiting): void {
    if (!event_id.startsWith('own:') || this.#arrived(actor, event_id)) return;
    const [, from, v, i, suffix] = OWN.exec(event_id) ?? [];
    if (from === undefined || suffix !== '' || from === 'hub' || event_id.includes('#poison-')) return;
    if (from !== actor) return this.#fail('cause', `${event_id} reached ${actor} and nobody sent it`);
    const isWaited = ({ timers, effects }: Waiting): boolean =>
      [...Object.values(timers), ...Object.values(effects)].some((origin) => origin.v === Number(v) && origin.i === Number(i));
    if (!isWaited(before)) this.#fail('cause', `${actor}@${version} took ${event_id} (${eventTypeOf(event)}), which it did not wait for`);
    if (isWaited(now)) this.#fail('cause', `${actor}@${version} took ${event_id} and waits for it still`);
  }

  #arrived(address: string, event_id: string): boolean {
    const send = this.sends.get(event_id);
    if (send === undefined) return false;
    if (send.to !== address) this.#fail('tell', `${event_id} was sent to ${send.to} and reached ${address}`);
    if (send.arrived) this.#fail('tell', `${event_id} reached ${address} twice`);
    send.arrived = true;
    return true;
  }

  #asked({ actor, version }: JournalRow, asked: Asked): void {
    for (const { i, to } of asked.sends) this.sends.set(ownId(actor, version, i), { to, arrived: false });
    for (const { i } of asked.events) this.facts.set(`${actor}@${version}#${i}`, false);
  }

  #lean({ address, version, due_at, pending }: ActorRow): void {
    const actor = this.#actors.get(address);
    if (actor === undefined || actor.version !== version)
      return this.#fail('actor', `The row of ${address} says version ${version}, its journal ${actor?.version ?? 0}`);
    const due = earliestDue(actor.waiting.timers);
    if (due_at !== (due === undefined ? '' : String(due)))
      this.#fail('actor', `The row of ${address}@${version} is due at ${due_at}, its envelope at ${due}`);
    if (pending !== Object.keys(actor.waiting.effects).length)
      this.#fail('actor', `The row of ${address}@${version} has ${pending} effects, its envelope others`);
  }

  #fail(rule: string, what: string): void {
    this.#violated({ rule, what });
  }
}
