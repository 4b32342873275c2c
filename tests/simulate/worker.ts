import { parentPort, workerData } from 'node:worker_threads';
import { simulate } from './simulate.ts';

/** What a process of its own simulates: worlds from this seed on. */
export type Work = { readonly seed: number; readonly steps: number };

/** One world that has ended, or the lines of a story, or the end. */
export type Report =
  | {
      readonly kind: 'world';
      readonly seed: number;
      readonly steps: number;
      readonly faults: Record<string, number>;
      readonly events: Record<string, number>;
    }
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'end'; readonly steps: number; readonly held: boolean };

// Most errors here are faults that were drawn; what fails is told again with its stack by `npm run simulate`.
Error.stackTraceLimit = 0;

const { seed, steps } = workerData as Work;
const send = (report: Report): void => parentPort?.postMessage(report);

const { failure, steps: done } = await simulate({
  seed,
  steps,
  shrinks: true,
  tell: (line) => {
    if (!line.startsWith('seed ')) send({ kind: 'line', line });
  },
  onWorld: (ending) => {
    const faults: Record<string, number> = {};
    for (const { name } of ending.struck) {
      const kind = name.slice(0, name.indexOf('@'));
      faults[kind] = (faults[kind] ?? 0) + 1;
    }
    send({ kind: 'world', seed: ending.seed, steps: ending.steps, faults, events: Object.fromEntries(ending.byType) });
  },
});
send({ kind: 'end', steps: done, held: failure === undefined });
