import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Rehearsal, isSafe, toLines } from '../../actors/rehearsal/rehearsal.ts';
import { Refused } from '../../actors/store/refused.ts';
import { StoredActors } from '../../actors/store/stored-actors.ts';
import type { Definition } from '../../machines/machine.ts';
import { runCommandLine } from '../backup/command-line.ts';
import { readConfig } from '../config.ts';
import { machineSettings } from '../machine-settings.ts';
import { definitions } from './checking.ts';
import { withDatabase } from './database.ts';

const USAGE = `npm run rehearse -- --type payment [--machine machines/payment.ts#payment] [--histories N] [--strict]

Takes a machine and all stored actors of its type, and tells what it would make of them. Writes nothing; the hub may run. Ends with 1
where somebody would be stranded: a state is missing, a migration fails, a timer or a call is lost.

  --type T        the kind of actors
  --machine F#E   the candidate: an exported definition. Without it the machine of this release
  --histories N   replay the histories of the first N actors (100; 0 for none, all for all)
  --strict        end with 1 also where guards answer differently or histories replay to something else
`;

/** Longer histories are not replayed. */
const LONGEST = 10_000;

let isWell = true;
await runCommandLine(async (tell, log) => {
  const { values } = parseArgs({
    options: {
      type: { type: 'string' },
      machine: { type: 'string' },
      histories: { type: 'string', default: '100' },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return tell(USAGE);
  const histories = values.histories === 'all' ? Number.POSITIVE_INFINITY : Number(values.histories);
  if (Number.isNaN(histories)) throw new Refused(`--histories takes a number or all, not ${values.histories}`);
  const candidate = await candidateOf(values.type, values.machine);
  const config = readConfig();
  await withDatabase(config, { tell, log }, async (url) => {
    const present = definitions.get(candidate.type);
    const compared = present === candidate ? undefined : present;
    const rehearsal = new Rehearsal(candidate, compared, machineSettings(config)[candidate.type]);
    const stored = await StoredActors.open(url);
    try {
      let left = histories;
      for await (const page of stored.of(candidate.type)) {
        for (const { address, envelope } of page) {
          rehearsal.actor(address, envelope);
          if (left-- > 0) rehearsal.history(address, await stored.history(address, LONGEST));
        }
      }
    } finally {
      await stored.close();
    }
    for (const line of toLines(rehearsal.report, values.strict)) process.stdout.write(`${line}\n`);
    isWell = isSafe(rehearsal.report, values.strict);
  });
});
if (!isWell) process.exitCode = 1;

async function candidateOf(type: string | undefined, place: string | undefined): Promise<Definition> {
  if (type === undefined) throw new Refused(`Say of which type.\n\n${USAGE}`);
  if (place === undefined) {
    const definition = definitions.get(type);
    if (definition === undefined) throw new Refused(`This release has no machine ${type}; it has ${[...definitions.keys()].join(', ')}.`);
    return definition;
  }
  const [file = '', name = type] = place.split('#');
  const module = (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>>;
  const found = module[name];
  if (typeof found !== 'object' || found === null || !('machine' in found) || !('type' in found))
    throw new Refused(`${file} exports no machine ${name}; it exports ${Object.keys(module).join(', ')}.`);
  const candidate = found as Definition;
  if (candidate.type !== type) throw new Refused(`${place} is a machine of ${candidate.type}, not of ${type}.`);
  return candidate;
}
