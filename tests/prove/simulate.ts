import { Worker } from 'node:worker_threads';
import type { Report, Work } from '../simulate/worker.ts';
import type { Proof } from './prove.ts';
import { readSeed } from './seed.ts';

const WORKERS = 2;
const SAY_MS = 10_000;
/** Seeds of one worker never meet those of another. */
const APART = 1_000_000;

/**
 * So many steps of simulated worlds on fresh seeds, on two cores: nothing that must hold is broken in any of them. Behind the number
 * of steps a seed, or `tree` for one that every change of the sources makes anew: fresh, and the same wherever they are checked out.
 */
export async function simulate(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const steps = Number(args[0] ?? 100_000_000);
  const seed = readSeed(args[1], ['actors', 'machines', 'tests/simulate']);
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  const sum = { steps: 0, worlds: 0, longest: { seed: 0, ms: 0 }, faults: new Map<string, number>(), events: new Map<string, number>() };
  const add = (to: Map<string, number>, from: Readonly<Record<string, number>>): void => {
    for (const [name, count] of Object.entries(from)) to.set(name, (to.get(name) ?? 0) + count);
  };
  const say = setInterval(() => {
    const rate = Math.round(sum.steps / seconds());
    tell(`${sum.steps} of ${steps} steps in ${sum.worlds} worlds, ${Math.round(seconds())} s, ${rate} steps/s`);
  }, SAY_MS);
  const run = (work: Work): Promise<boolean> => {
    let at = performance.now();
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('../simulate/worker.ts', import.meta.url), {
        workerData: work,
        resourceLimits: { maxYoungGenerationSizeMb: 128 },
      });
      worker.on('error', reject);
      worker.on('message', (report: Report) => {
        if (report.kind === 'end') return resolve(report.held);
        if (report.kind === 'line') return tell(report.line);
        const ms = Math.round(performance.now() - at);
        at = performance.now();
        if (ms > sum.longest.ms) sum.longest = { seed: report.seed, ms };
        sum.steps += report.steps;
        sum.worlds++;
        add(sum.faults, report.faults);
        add(sum.events, report.events);
      });
    });
  };
  const each = Math.ceil(steps / WORKERS);
  const held = await Promise.all(Array.from({ length: WORKERS }, (_, index) => run({ seed: seed + index * APART, steps: each })));
  clearInterval(say);
  return {
    held: held.every((one) => one),
    seed,
    figures: {
      steps: sum.steps,
      worlds: sum.worlds,
      steps_per_s: Math.round(sum.steps / seconds()),
      longest_world: sum.longest,
      faults: toSorted(sum.faults),
      events: toSorted(sum.events),
    },
  };
}

function toSorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
