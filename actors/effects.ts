import { partitionOf, typeOf } from '../machines/ids.ts';
import type { Definition, Question } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import type { Circuits, Pass } from './circuits.ts';
import { bodyHash } from './chain.ts';
import { ownId, toResultOwn } from './delivery.ts';
import type { Committed, Outcome } from './delivery.ts';
import { nameOf } from './envelope.ts';
import type { Envelope, PendingEffect } from './envelope.ts';
import { backlogOf, leave } from './effect-job.ts';
import type { Backlog, Job } from './effect-job.ts';
import { backoff, integrationOf, notDone, toResult } from './effect-result.ts';
import { ITSELF, performItself } from './integration-effects.ts';
import type { CallResult, Integration, IntegrationKind } from './integrations/integration.ts';
import { callOnce } from './one-call.ts';
import type { Ports } from './ports/ports.ts';
import { answerQuestion, refuseQuestion } from './questions.ts';
import type { Happening, Result } from './step.ts';
import { toCommitFault } from './store/store.ts';
import type { Store } from './store/store.ts';

export type Open = {
  readonly kind: IntegrationKind;
  readonly integration: Integration;
  /** Exchanges its credentials: made, kept, seen to work, taken into use; then the old ones are revoked. */
  readonly rotate?: (exchange: { readonly key: string; readonly signal: AbortSignal }) => Promise<CallResult>;
};

export type EffectsOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** By name. */
  readonly integrations: ReadonlyMap<string, Open>;
  readonly circuits: Circuits;
  /** Whether an operator has paused this kind of actor. */
  readonly paused: (type: string) => boolean;
  /** Part of every key that providers see; made once for a database. */
  readonly hub_id: string;
  readonly partitions: () => readonly number[];
  readonly read: (address: string) => Promise<Live | undefined>;
  readonly peek: (address: string) => Live | undefined;
  readonly deliver: (
    address: string,
    own: { event_id: string; happening: Happening; event: object; causation: string },
  ) => Promise<Outcome>;
};

/** How long an effect that certainly did not happen is tried again before the machine is told that it failed. */
const BUDGET_MS = 30_000;
/** Effects that wait for a place beyond this are left in the database and found again. */
const QUEUE = 5_000;
const AGAIN_MS = 1_000;
/** What was asked about is asked about again after it had to wait for so long. */
const STALE_MS = 5_000;
/** A provider that is at work on the same key: an earlier call is under way. */
const KEY_IN_USE = 'key_in_use';
const HELD: Pass = { go: false, reason: 'paused', after_ms: 500, holds: true };

/**
 * Does what committed steps asked for, outside the actors: calls integrations and asks other actors. The result comes back as
 * an event with the id of the asking step. Whatever a crash interrupts is done again with the same key.
 */
export class Effects {
  readonly #options: EffectsOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #queues = new Map<string, Job[]>();
  readonly #running = new Map<string, number>();
  #left = false;
  #stopped = false;

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  /** By the names of those for which something waits. */
  backlog(): ReadonlyMap<string, Backlog> {
    const { ports, circuits } = this.#options;
    return backlogOf(this.#jobs.values(), ports.clock.monotonic(), (name) => circuits.underWay(name));
  }

  get underWay(): number {
    return this.#jobs.size;
  }

  committed(rows: readonly Committed[]): void {
    const firsts = new Map<string, number>();
    for (const { newest, after, before, row } of rows) {
      // The effects object is the same one where a step neither asked for nor gave up anything.
      if (after.effects !== before?.effects) {
        if (!firsts.has(row.actor)) firsts.set(row.actor, row.version);
        this.#giveUp(row.actor, before?.effects, after.effects);
      }
      if (newest !== undefined) this.#ensure(row.actor, after, firsts.get(row.actor));
    }
  }

  /** Finds the effects that were under way when a node stopped. */
  async resume(): Promise<void> {
    const { store, partitions, read } = this.#options;
    let missed = false;
    for (let after = ''; !this.#stopped;) {
      const page = await store.pending(partitions(), after, 500);
      for (const address of page) {
        // One that cannot be read keeps nobody else's effects waiting. Where it was the database, it can be read later.
        const live = await read(address).catch((error: unknown) => {
          this.#options.ports.log.error({ err: error, actor: address }, 'An actor with effects under way could not be read');
          missed ||= toCommitFault(error) !== undefined;
          return undefined;
        });
        if (live !== undefined) this.#ensure(address, live.envelope);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < 500) break;
      after = last;
      while (this.#jobs.size > QUEUE && !this.#stopped) await this.#pause(100);
    }
    if (missed) this.#options.ports.timers.after(AGAIN_MS, () => this.#resumeAgain());
    this.#options.ports.reach('resumed');
  }

  #resumeAgain(): void {
    this.resume().catch((error: unknown) => {
      this.#options.ports.log.warn({ err: error }, 'Effects that were left waiting could not be read; they are looked for again');
      this.#options.ports.timers.after(AGAIN_MS, () => this.#resumeAgain());
    });
  }

  /** Another node does what is asked for in these partitions from now on, with the same keys. */
  lose(partitions: ReadonlySet<number>): void {
    for (const [event_id, job] of this.#jobs) {
      if (!partitions.has(partitionOf(job.address))) continue;
      leave(job);
      this.#jobs.delete(event_id);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const job of this.#jobs.values()) leave(job);
    this.#jobs.clear();
  }

  #giveUp(
    address: string,
    before: Readonly<Record<string, PendingEffect>> | undefined,
    after: Readonly<Record<string, PendingEffect>>,
  ): void {
    for (const id in before) {
      const was = before[id];
      if (was === undefined || nameOf(after, was) !== undefined) continue;
      const job = this.#jobs.get(ownId(address, was.v, was.i));
      if (job !== undefined && !job.ended) leave(job);
    }
  }

  /** `since`: what was asked for from this version on was committed here and now, so that nobody can have called yet. */
  #ensure(address: string, { effects, parked, version }: Envelope, since = Infinity): void {
    const { ports } = this.#options;
    if (parked !== undefined || this.#stopped || this.#options.paused(typeOf(address))) return;
    for (const id in effects) {
      const effect = effects[id];
      // What a migration adds is done when its row is committed.
      if (effect === undefined || effect.v > version) continue;
      const event_id = ownId(address, effect.v, effect.i);
      const here = this.#jobs.get(event_id);
      if (here !== undefined) {
        const { result } = here;
        delete here.result;
        if (result !== undefined) this.#finish(here, result);
        continue;
      }
      if (this.#jobs.size >= QUEUE * 4) {
        this.#left = true;
        continue;
      }
      const job: Job = {
        address,
        id,
        effect,
        perhaps: effect.v < since,
        since: ports.clock.monotonic(),
        gone: false,
        ended: false,
        giveUp: undefined,
      };
      this.#jobs.set(event_id, job);
      this.#begin(job);
    }
  }

  #begin(job: Job): void {
    if (job.effect.src === 'ask') {
      this.#answer(job).catch((error: unknown) => this.#broke(job, error));
      return;
    }
    const name = integrationOf(job.effect.input);
    // It is not a call of the integration's own, and waits for none.
    if (job.effect.src.startsWith(`${ITSELF}.`)) {
      const { integrations, circuits, ports, hub_id } = this.#options;
      const result = performItself(job, { integrations, circuits, ports, hub_id });
      return void result.then((came) => this.#finish(job, came)).catch((error: unknown) => this.#broke(job, error));
    }
    const open = name === undefined ? undefined : this.#options.integrations.get(name);
    const [provides, operation] = job.effect.src.split('.');
    if (open === undefined || open.kind.provides !== provides || operation === undefined || open.kind.operations[operation] === undefined) {
      const detail = `${String(name)} does not provide ${job.effect.src}`;
      return this.#finish(job, notDone(job, false, { code: 'no_such_integration', detail }));
    }
    const running = this.#running.get(open.kind.name) ?? 0;
    if (running >= open.kind.concurrency) {
      const queue = this.#queues.get(open.kind.name) ?? [];
      queue.push(job);
      this.#queues.set(open.kind.name, queue);
      return;
    }
    this.#running.set(open.kind.name, running + 1);
    this.#perform(job, open, operation)
      .catch((error: unknown) => this.#broke(job, error))
      .finally(() => this.#next(open.kind.name));
  }

  #next(name: string): void {
    const running = (this.#running.get(name) ?? 1) - 1;
    this.#running.set(name, running);
    const queue = this.#queues.get(name) ?? [];
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      if (job.gone) {
        this.#forget(job);
        continue;
      }
      this.#begin(job);
      // It has taken the place, unless it came to an end at once.
      if (this.#running.get(name) !== running) return;
    }
    if (this.#left) {
      this.#left = false;
      this.#resumeAgain();
    }
  }

  /** Tries until there is an answer that the machine can act on. */
  async #perform(job: Job, open: Open, operation: string): Promise<void> {
    const { ports, circuits, hub_id } = this.#options;
    const { kind } = open;
    const shape = kind.operations[operation];
    const { effect, address } = job;
    const reads = shape?.reads === true;
    if (effect.started === true && !kind.honours_keys) return this.#finish(job, { kind: 'unknown', code: 'interrupted' });
    // Where keys are not honoured a call is written down before it is made, so there was none.
    if (!kind.honours_keys) job.perhaps = false;
    const input = shape?.input.safeParse(effect.input);
    if (input?.success !== true)
      return this.#finish(job, notDone(job, reads, { code: 'bad_request', detail: input?.error.message.slice(0, 300) ?? '' }));
    const key = `${hub_id}/${address}@${effect.v}#${effect.i}/${bodyHash(JSON.stringify(effect.input)).slice(0, 16)}`;
    let until = ports.clock.monotonic() + BUDGET_MS;
    let why: { code: string; detail?: string } = { code: 'unavailable' };
    let started = kind.honours_keys;
    let held_ms = 0;
    for (let attempt = 1; !job.gone; attempt++) {
      const pass = this.#isHeld(address) ? HELD : circuits.ask(kind.name);
      let wait_ms: number;
      if (pass.go) {
        if (held_ms > STALE_MS && shape?.asked_first === true && !job.perhaps) {
          circuits.release(kind.name);
          return this.#finish(job, { kind: 'failed', code: 'held' });
        }
        if (!started) {
          const start = await this.#writeStart(job);
          if (start !== 'written') circuits.release(kind.name);
          if (start === 'interrupted') return this.#finish(job, { kind: 'unknown', code: 'interrupted' });
          if (start === 'gone') break;
          started = true;
        }
        held_ms = 0;
        ports.reach('effect.before', [job]);
        const result = await this.#once(job, open, operation, input.data, key, attempt);
        ports.reach('effect.answered', [job]);
        // What the hub itself gives up says nothing of the provider.
        if (job.gone) {
          circuits.release(kind.name);
          break;
        }
        circuits.tell(kind.name, result);
        if (result.kind !== 'retry') {
          const told = toResult(result, shape?.output, reads);
          return this.#finish(job, told.kind === 'failed' ? notDone(job, reads, told) : told);
        }
        job.perhaps ||= result.code === KEY_IN_USE;
        why = { code: result.code };
        wait_ms = result.after_ms ?? backoff(attempt, ports.random.next());
      } else {
        why = { code: pass.reason };
        wait_ms = pass.after_ms;
        if (pass.holds) {
          until += wait_ms;
          held_ms += wait_ms;
        }
      }
      if (ports.clock.monotonic() + wait_ms > until) return this.#finish(job, notDone(job, reads, why));
      await this.#pause(wait_ms);
    }
    this.#forget(job);
  }

  /** Where the effect has been lost and found again, there is another job for it. */
  #forget(job: Job): void {
    const event_id = ownId(job.address, job.effect.v, job.effect.i);
    if (this.#jobs.get(event_id) === job) this.#jobs.delete(event_id);
  }

  /** While its actor stands still nothing new is begun for it. */
  #isHeld(address: string): boolean {
    return this.#options.paused(typeOf(address)) || this.#options.peek(address)?.envelope.parked !== undefined;
  }

  /** One call, given up after the integration's time limit; whatever is not an answer is unknown. */
  #once(job: Job, open: Open, operation: string, input: unknown, key: string, attempt: number): Promise<CallResult> {
    const { ports, integrations } = this.#options;
    // What has waited since it was set up anew is called with what holds now: old credentials would be taken for refused ones.
    const { kind, integration } = integrations.get(open.kind.name) ?? open;
    return callOnce({ job, ports, kind, operation }, (signal) =>
      integration.perform({ key, operation, input, actor: job.address, attempt, signal }),
    );
  }

  /**
   * Where the provider does not honour keys, that a call was begun is in the journal before it is. `interrupted`: it was there
   * already, so somebody may have called.
   */
  async #writeStart(job: Job): Promise<'written' | 'interrupted' | 'gone'> {
    const { address, id, effect } = job;
    const { v, i } = effect;
    while (!job.gone) {
      const outcome = await this.#options.deliver(address, {
        event_id: `${ownId(address, v, i)}!started`,
        happening: { kind: 'started', id, v, i },
        event: { type: '@started', effect: id, v, i },
        causation: `${address}@${v}`,
      });
      if (outcome.outcome === 'applied') return 'written';
      if (outcome.outcome === 'duplicate') return 'interrupted';
      if (outcome.outcome !== 'retry') return 'gone';
      await this.#pause(outcome.after_ms);
    }
    return 'gone';
  }

  /** Answers a question from the newest committed state of the actor that is asked. */
  async #answer(job: Job): Promise<void> {
    const question = job.effect.input as Question;
    const refusal = refuseQuestion(this.#options.definitions, question);
    if (refusal !== undefined) return this.#finish(job, refusal);
    const live = this.#options.peek(question.to) ?? (await this.#options.read(question.to));
    this.#finish(job, answerQuestion(question, live));
  }

  #broke(job: Job, error: unknown): void {
    job.perhaps = true;
    this.#options.ports.log.error({ err: error, actor: job.address, effect: job.effect.src }, 'An effect broke and is tried again');
    this.#options.ports.timers.after(1000, () => {
      if (!this.#stopped && !job.gone) this.#begin(job);
    });
  }

  #finish(job: Job, result: Result): void {
    if (this.#stopped || job.gone) return;
    job.ended = true;
    const { address, id, effect } = job;
    const own = toResultOwn(address, id, effect, result);
    this.#options.deliver(address, own).then(
      (outcome) => {
        if (outcome.outcome === 'retry') this.#options.ports.timers.after(outcome.after_ms, () => this.#finish(job, result));
        // Asking again could find another answer, or none where the provider does not honour keys.
        else if (outcome.outcome === 'parked') this.#keep(job, result);
        else this.#forget(job);
        this.#options.ports.reach('effect.recorded', [job]);
      },
      () => this.#options.ports.timers.after(1000, () => this.#finish(job, result)),
    );
  }

  /** Until its actor goes on; that it does so may have been said while the result was on its way. */
  #keep(job: Job, result: Result): void {
    job.result = result;
    this.#options.ports.timers.after(AGAIN_MS, () => {
      if (job.result !== result || job.gone || this.#isHeld(job.address)) return;
      delete job.result;
      this.#finish(job, result);
    });
  }

  #pause(delay_ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.ports.timers.after(delay_ms, resolve));
  }
}
