import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refused } from '../../actors/store/refused.ts';
import { runCommandLine } from '../backup/command-line.ts';
import { readConfig } from '../config.ts';
import { checkJournal } from './checking.ts';
import { withDatabase } from './database.ts';

const USAGE = `npm run verify -- [--from SEQ] [--heads DIR …]

Checks the journal, its archive and everything that is made of it. Changes nothing; the hub may run. Ends with 1 if there are findings.

  --from SEQ    walk each partition from this row on, and take what lies before for good
  --heads DIR   a data directory with signed heads; HUB_DATA_DIR if not given. Once for each node
`;

let isWell = true;
await runCommandLine(async (tell, log) => {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, heads: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  });
  if (values.help === true) return tell(USAGE);
  const from = values.from === undefined ? undefined : Number(values.from);
  if (from !== undefined && !(Number.isSafeInteger(from) && from > 0))
    throw new Refused(`--from takes the number of a row, from 1 on, not ${values.from}`);
  const config = readConfig();
  const heads = (values.heads ?? [config.dataDir]).map((directory) => resolve(directory));
  await withDatabase(config, { tell, log }, async (url) => {
    isWell = await checkJournal({ config, url, tell, heads, ...(from === undefined ? {} : { from }) });
  });
});
if (!isWell) process.exitCode = 1;
