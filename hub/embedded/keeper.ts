/** Keeps one server alive: notices within a quarter of a second that it died, and starts it again on the same port. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, pollEvery_ms, type ProcessIdentity } from './process-identity.ts';

/** A server process that the hub started or adopted. */
export type Service = {
  /** With its version, as a person would say it. */
  readonly name: string;
  readonly port: number;
  process(): ProcessIdentity | undefined;
  /** Starts it again on its port; resolves once it answers, rejects with a sentence for a person. */
  restart(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
};

export type ServiceLog = {
  info(o: object, m: string): void;
  warn(o: object, m: string): void;
  error(o: object, m: string): void;
};

/** Well below the 30 s in which a dead server must be back, however often it has failed before. */
const longestPause_ms = 4_000;
/** A server that dies sooner than this after a start did not recover: the pauses go on growing. */
const stable_ms = 30_000;

export class Keeper {
  readonly #service: Service;
  readonly #log: ServiceLog;
  readonly #mayRevive: () => boolean;
  readonly #ended = new AbortController();
  readonly #loop: Promise<void>;
  #trouble: string | undefined;
  #failures = 0;
  #wellSince = performance.now();

  /** `mayRevive` is asked before every start: a data directory that another hub holds by now is that hub's to serve. */
  constructor(service: Service, owner: { log: ServiceLog; mayRevive: () => boolean }) {
    this.#service = service;
    this.#log = owner.log;
    this.#mayRevive = owner.mayRevive;
    this.#loop = this.#keep();
  }

  /** Why the server cannot be used now; undefined while it is well. */
  trouble(): string | undefined {
    return this.#trouble;
  }

  /** Ends the watch first, so that stopping the server is not taken for its death. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
    await this.#service.stop();
  }

  async #keep(): Promise<void> {
    while (await this.#pause(pollEvery_ms)) {
      const process = this.#service.process();
      if (process && isRunning(process)) continue;
      await this.#revive(process?.pid);
    }
  }

  async #revive(pid: number | undefined): Promise<void> {
    const { name, port } = this.#service;
    const diedAt = performance.now();
    if (diedAt - this.#wellSince > stable_ms) this.#failures = 0;
    this.#trouble = `${name} (pid ${pid ?? 'unknown'}) has ended unexpectedly and is being started again`;
    this.#log.error({ service: name, pid, port }, this.#trouble);
    do {
      const pause = Math.min(longestPause_ms, this.#failures === 0 ? 0 : 125 * 2 ** this.#failures);
      if (!(await this.#pause(pause))) return;
      this.#failures++;
      try {
        if (!this.#mayRevive()) throw new Error('the data directory was removed, or another hub has taken it; restart this hub');
        await this.#service.restart(this.#ended.signal);
        this.#trouble = undefined;
        this.#wellSince = performance.now();
        this.#log.warn({ service: name, port, away_ms: Math.round(performance.now() - diedAt) }, `${name} is back`);
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        this.#trouble = `${name} has ended and cannot be started again: ${error instanceof Error ? error.message : String(error)}`;
        this.#log.error({ service: name, port, err: error }, this.#trouble);
      }
    } while (this.#trouble !== undefined);
  }

  /** False when the watch has ended. Never keeps the process alive: that is the hub's own business. */
  async #pause(wait_ms: number): Promise<boolean> {
    if (this.#ended.signal.aborted) return false;
    if (wait_ms === 0) return true;
    return sleep(wait_ms, true, { signal: this.#ended.signal, ref: false }).catch(() => false);
  }
}
