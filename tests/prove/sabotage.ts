import { Copy } from '../sabotage/copy.ts';
import type { Run } from '../sabotage/copy.ts';
import type { Prover, Sabotage } from '../sabotage/sabotage.ts';
import { SABOTAGES } from '../sabotage/sabotages.ts';
import type { Proof } from './prove.ts';

const WITHIN_MS = 60_000;
const UNIT_WITHIN_MS = 180_000;
/** The unit tests of the folder that is sabotaged, and the contracts that need no services. The provers' own are not among them. */
const UNITS: Readonly<Record<string, readonly string[]>> = { actors: ['actors/', 'tests/contract'], hub: ['hub/'] };

type Finding = { readonly name: string; readonly part: Sabotage['part']; readonly caught_by: string } & {
  readonly units_green: boolean;
  readonly caught: boolean;
  readonly seconds: number;
};

/**
 * Plants one bug after another into a copy of the repository. The unit tests stay green with it, and the prover that is named for it
 * must find it within a minute, after it has found nothing in the unharmed copy. Behind the name: how many (spread over the
 * list), or a part of a bug's name.
 */
export async function sabotage(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const chosen = choose(args.join(' '));
  const copy = await Copy.make();
  try {
    const sound = new Map<string, boolean>();
    for (const prover of chosen.map((one) => one.prover)) {
      if (!sound.has(prover.what)) sound.set(prover.what, await holds(copy, prover, tell));
    }
    const findings: Finding[] = [];
    for (const one of chosen) {
      const finding = await copy.with(one, () => tryOut(copy, one, sound.get(one.prover.what) ?? false, tell));
      findings.push(finding);
      const { units_green, caught, seconds } = finding;
      tell(
        `${(caught ? 'caught' : 'MISSED').padEnd(6)} ${units_green ? '     ' : 'UNITS'} ${seconds.toFixed(1).padStart(5)} s  ${one.name} | ${one.prover.what}`,
      );
    }
    const caught = findings.filter((finding) => finding.caught && finding.units_green).length;
    tell(`${caught} of ${findings.length} caught`);
    return { held: caught === findings.length && caught > 0, figures: { sabotages: findings.length, caught, findings } };
  } finally {
    await copy.remove();
  }
}

function choose(text: string): readonly Sabotage[] {
  if (text === '') return SABOTAGES;
  const count = Number(text);
  if (!Number.isInteger(count)) return SABOTAGES.filter(({ name }) => name.includes(text));
  // Quick ones, each of another part: commit, effects, fence, …
  const quick = SABOTAGES.filter(({ prover }) => prover.argv.includes('pairs') || prover.what.includes('fence'));
  const parts = [...new Map(quick.map((one) => [one.part, one])).values()];
  return parts.sort((a, b) => (a.part < b.part ? -1 : 1)).slice(0, count);
}

async function holds(copy: Copy, prover: Prover, tell: (line: string) => void): Promise<boolean> {
  const run = await copy.run(prover.argv, WITHIN_MS);
  const well = run.code === 0;
  if (!well) tell(`without any bug ${prover.what} ends with ${run.code} after ${run.seconds} s:\n${endOf(run)}`);
  return well;
}

async function tryOut(copy: Copy, { name, part, file, prover }: Sabotage, sound: boolean, tell: (line: string) => void): Promise<Finding> {
  const beside = UNITS[file.slice(0, file.indexOf('/'))] ?? [];
  const units = await copy.run(['tests/run.ts', '--project', 'unit', ...beside], UNIT_WITHIN_MS);
  if (units.code !== 0) tell(`the unit tests see "${name}":\n${endOf(units)}`);
  const run = await copy.run(prover.argv, WITHIN_MS);
  const caught = sound && run.code === 1;
  if (!caught) tell(`"${name}" went by: ${prover.what} ended with ${run.code}\n${endOf(run)}`);
  return { name, part, caught_by: prover.what, units_green: units.code === 0, caught, seconds: run.seconds };
}

function endOf({ output }: Run): string {
  return output.split('\n').slice(-25).join('\n');
}
