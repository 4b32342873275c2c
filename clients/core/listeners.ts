/**
 * Who wants to hear of something. One that throws keeps nobody else from hearing, and does not stop the work that there is to hear of:
 * its error comes up by itself, as one of an event's listener does.
 */
export class Listeners<What extends readonly unknown[] = []> {
  readonly #all = new Set<(...what: What) => void>();

  /** Until the result is called. */
  add(listener: (...what: What) => void): () => void {
    this.#all.add(listener);
    return () => void this.#all.delete(listener);
  }

  tell(...what: What): void {
    for (const listener of this.#all) {
      try {
        listener(...what);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
