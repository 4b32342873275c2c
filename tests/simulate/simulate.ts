import { createHash } from 'node:crypto';
import { shrink } from './shrink.ts';
import { World } from './world.ts';
import type { Ending } from './world.ts';

/** Worlds are of this many steps, so that one that fails is small, and nothing of one is left in the next. */
const LENGTH = 20_000;

export type SimulateOptions = {
  readonly seed: number;
  readonly steps: number;
  /** Whether the story of a failure is made as small as possible. */
  readonly shrinks: boolean;
  readonly tell: (line: string) => void;
  readonly onWorld?: (ending: Ending) => void;
};

export type Simulated = {
  readonly steps: number;
  readonly worlds: number;
  /** Of the only world, or over the traces of all. */
  readonly trace: string;
  readonly failure?: Ending;
};

/** World after world until there were so many steps, or until something did not hold that must. */
export async function simulate({ seed, steps, shrinks, tell, onWorld }: SimulateOptions): Promise<Simulated> {
  const traces: string[] = [];
  let done = 0;
  for (let next = seed; done < steps; next++) {
    const options = { seed: next, steps: Math.min(LENGTH, steps - done) };
    const ending = await new World(options).run();
    traces.push(ending.trace);
    done += Math.max(ending.steps, options.steps);
    onWorld?.(ending);
    tell(`seed ${next}: ${ending.steps} steps, ${ending.struck.length} faults, ${Math.round(ending.elapsed_ms / 1000)} s of its time`);
    if (ending.violation === undefined) continue;
    for (const line of describe(ending)) tell(line);
    tell(`Again: npm run simulate -- --seed ${next} --steps ${options.steps}`);
    if (shrinks) {
      const shrunk = await shrink(options, ending, tell);
      tell(`The smallest that fails like this, of ${shrunk.tries}:`);
      for (const line of describe(shrunk.ending)) tell(line);
      tell(`Again: npm run simulate -- --seed ${next} --steps ${shrunk.steps} --faults '${shrunk.faults.join(',')}'`);
    }
    return { steps: done, worlds: traces.length, trace: traceOf(traces), failure: ending };
  }
  return { steps: done, worlds: traces.length, trace: traceOf(traces) };
}

function traceOf(traces: readonly string[]): string {
  const [only = ''] = traces;
  return traces.length === 1 ? only : createHash('sha256').update(traces.join('\n')).digest('hex');
}

const ROWS = 40;

/** What happened in a world, as far as it tells why it ended so. */
export function describe({ seed, steps, violation, struck, story, elapsed_ms }: Ending): string[] {
  const lines = [`World ${seed}: ${steps} steps, ${struck.length} faults, ${Math.round(elapsed_ms / 1000)} s of its time`];
  lines.push(...struck.slice(-ROWS).map(({ name, at_ms, detail }) => `${String(at_ms).padStart(10)} ! ${name} ${detail}`));
  lines.push('How it ended:', ...story.slice(-ROWS));
  if (violation !== undefined) lines.push(`VIOLATION ${violation.rule}: ${violation.what}`);
  return lines;
}
