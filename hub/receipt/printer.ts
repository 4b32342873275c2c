import { Worker } from 'node:worker_threads';
import { Fault } from '../../machines/fault.ts';
import type { Receipt } from './receipt.ts';

export type ToPrint = { readonly n: number; readonly receipt: Receipt };
export type Printed = { readonly n: number } & ({ readonly bytes: Uint8Array } | { readonly problem: string });

type Waiting = { readonly resolve: (bytes: Buffer) => void; readonly reject: (error: Error) => void };

const MOST_WAITING = 32;
const LIMIT_MS = 15_000;

/**
 * Draws receipts, one after another, in a thread: reading a font takes a tenth of a second, in which this process could commit
 * hundreds of events. The thread is started when the first is asked for, anew after it has died, and keeps no process alive.
 */
export class Printer {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #last = 0;

  /** The document. Throws the fault `retry` while too many are asked for, or where none comes in time. */
  print(receipt: Receipt): Promise<Buffer> {
    if (this.#waiting.size >= MOST_WAITING) throw toRetry('Too many receipts are being made.');
    const worker = (this.#worker ??= this.#start());
    const n = ++this.#last;
    return new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => this.#end(worker, toRetry('The receipt was not made in time.')), LIMIT_MS);
      const settle = (): boolean => {
        clearTimeout(timer);
        return this.#waiting.delete(n);
      };
      this.#waiting.set(n, {
        resolve: (bytes) => settle() && resolve(bytes),
        reject: (error) => settle() && reject(error),
      });
      worker.postMessage({ n, receipt } satisfies ToPrint);
    });
  }

  #start(): Worker {
    // What this process was started with is about its own memory and version, and not the thread's.
    const worker = new Worker(new URL('./receipt-worker.ts', import.meta.url), { execArgv: [], name: 'receipts' });
    worker.unref();
    worker.on('message', (printed: Printed) => {
      const waiting = this.#waiting.get(printed.n);
      if ('bytes' in printed) waiting?.resolve(Buffer.from(printed.bytes));
      else waiting?.reject(new Error(`A receipt could not be drawn: ${printed.problem}`));
    });
    worker.on('error', (error) => this.#end(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.#end(worker, toRetry('The receipts broke off.')));
    return worker;
  }

  /** Gives up what waits for this thread; the next receipt starts another one. */
  #end(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    void worker.terminate();
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}

function toRetry(detail: string): Fault {
  return new Fault('retry', `${detail} Try again after the delay.`, { after_ms: 1000 });
}
