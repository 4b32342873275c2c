import { World } from './world.ts';
import type { Ending, WorldOptions } from './world.ts';

export type Shrunk = {
  /** How the smallest world that still fails ended. */
  readonly ending: Ending;
  readonly steps: number;
  /** The faults that it needs, by name. */
  readonly faults: readonly string[];
  readonly tries: number;
};

/** So many worlds are tried at most; a count and not a time, so that everybody gets the same story. */
const MOST = 120;

/**
 * The smallest world that fails in the same way: first as few steps as possible, then as few faults, by leaving out ever smaller parts
 * of them (delta debugging, Zeller 1999). Each try is a whole world that is given exactly the faults that are left.
 */
export async function shrink(options: WorldOptions, failed: Ending, tell: (line: string) => void = () => undefined): Promise<Shrunk> {
  const rule = failed.violation?.rule;
  let tries = 0;
  let best = { ending: failed, steps: options.steps, faults: failed.struck.map(({ name }) => name) };

  async function fails(steps: number, faults: readonly string[]): Promise<boolean> {
    if (tries >= MOST) return false;
    tries++;
    const ending = await new World({ ...options, steps, exactly: new Set(faults) }).run();
    if (ending.violation?.rule !== rule) return false;
    // Those that never came to their chance are not needed.
    const struck = new Set(ending.struck.map(({ name }) => name));
    best = { ending, steps, faults: faults.filter((name) => struck.has(name)) };
    tell(`  still fails with ${best.faults.length} faults in ${steps} steps`);
    return true;
  }

  async function fewerSteps(): Promise<void> {
    for (let steps = best.steps >> 1; steps >= 100; steps >>= 1) if (!(await fails(steps, best.faults))) return;
  }

  async function fewerFaults(): Promise<void> {
    for (let parts = 2; best.faults.length > 0 && tries < MOST;) {
      const { faults } = best;
      const size = Math.ceil(faults.length / parts);
      let smaller = false;
      for (let from = 0; from < faults.length && !smaller; from += size) {
        smaller = await fails(best.steps, [...faults.slice(0, from), ...faults.slice(from + size)]);
      }
      if (smaller) parts = Math.max(2, parts - 1);
      else if (size === 1) return;
      else parts = Math.min(parts * 2, best.faults.length);
    }
  }

  await fewerSteps();
  await fewerFaults();
  await fewerSteps();
  return { ...best, tries };
}
