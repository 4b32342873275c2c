import { parseArgs } from 'node:util';
import { describe, simulate } from './simulate.ts';
import { World } from './world.ts';

/**
 * `npm run simulate -- --seed N --steps M`: worlds of seed N and the ones after it until there were M steps. The last line is
 * `trace <64 hex>`, the same for the same seed and steps everywhere. Ends with 1 when something that must hold did not; its story is
 * made small first, unless with `--whole`.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '100000' },
    faults: { type: 'string' },
    whole: { type: 'boolean', default: false },
  },
});
const seed = readNumber('seed', values.seed);
const steps = readNumber('steps', values.steps);
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

if (values.faults === undefined) {
  const { trace, failure } = await simulate({ seed, steps, shrinks: !values.whole, tell });
  tell(`trace ${trace}`);
  process.exit(failure === undefined ? 0 : 1);
} else {
  // One world that is given exactly these faults: what a failing one was shrunk to.
  const exactly = new Set(values.faults.split(',').filter((name) => name !== ''));
  const ending = await new World({ seed, steps, exactly }).run();
  for (const line of describe(ending)) tell(line);
  tell(`trace ${ending.trace}`);
  process.exit(ending.violation === undefined ? 0 : 1);
}

function readNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} is a whole number, not ${text}\n`);
  process.exit(2);
}
