type Task = (signal: AbortSignal) => Promise<void>;
type After = (delay_ms: number, call: () => void) => () => void;

export type OneAtATimeOptions = {
  /** Shows what was found, and tells its own failures: what it throws is taken for one that it wants tried again. */
  readonly task: Task;
  readonly after: After;
  /** Before each run, for whoever asks several times at once. */
  readonly pause_ms?: number;
  /** After a run that has failed; without it nothing is tried again by itself. */
  readonly retry_ms?: number;
};

/**
 * Runs a task whenever it is asked to, one run at a time: a slow answer is waited for, because giving it up at every new wish would
 * never come to one. What is asked for while a run is under way happens after it, since that run may have looked before.
 */
export class OneAtATime {
  readonly #options: OneAtATimeOptions;
  readonly #end = new AbortController();
  #isRunning = false;
  #isOwed = false;
  #cancel: (() => void) | undefined;
  /** What is waited for is the next try after a failure, which a new wish need not wait for. */
  #isRetrying = false;

  constructor(options: OneAtATimeOptions) {
    this.#options = options;
  }

  /** The task is run at least once from now on. */
  ask(): void {
    if (this.#end.signal.aborted) return;
    if (this.#isRunning) this.#isOwed = true;
    // A pause that began anew with every wish might never be over.
    else if (this.#cancel === undefined || this.#isRetrying) this.#after(this.#options.pause_ms ?? 0);
  }

  /** Runs the task unless it is running, or about to. */
  tick(): void {
    if (!this.#isRunning && this.#cancel === undefined) this.ask();
  }

  /** Gives up what is under way; nothing is run any more. */
  stop(): void {
    this.#end.abort();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #after(delay_ms: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isRetrying = false;
    if (delay_ms === 0) return void this.#run();
    this.#cancel = this.#options.after(delay_ms, () => {
      this.#cancel = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const { task, pause_ms = 0, retry_ms } = this.#options;
    this.#isRunning = true;
    this.#isOwed = false;
    const isDone = await task(this.#end.signal).then(
      () => true,
      () => false,
    );
    this.#isRunning = false;
    if (this.#end.signal.aborted) return;
    if (!isDone && retry_ms !== undefined) {
      this.#after(retry_ms);
      this.#isRetrying = true;
    } else if (this.#isOwed) this.#after(pause_ms);
  }
}
