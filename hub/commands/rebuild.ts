import { parseArgs } from 'node:util';
import { toLine } from '../../actors/journal/finding.ts';
import { rebuild } from '../../actors/journal/rebuild.ts';
import { runCommandLine } from '../backup/command-line.ts';
import { readConfig } from '../config.ts';
import { checkJournal, definitions } from './checking.ts';
import { withDatabase } from './database.ts';

const USAGE = `npm run rebuild

Makes actors, search texts and the ledger anew from the journal, all of it or nothing, and verifies. Every node has to be stopped.
`;

let isWell = true;
await runCommandLine(async (tell, log) => {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
  if (values.help === true) return tell(USAGE);
  const config = readConfig();
  await withDatabase(config, { tell, log }, async (url) => {
    const { actors, legs, kept, findings } = await rebuild({ url, definitions });
    for (const finding of findings) process.stdout.write(`${toLine(finding)}\n`);
    tell(`${actors} actors and ${legs} legs of the ledger were made anew`);
    if (kept > 0) tell(`of ${kept} actors of older or unknown machines, title, summary, tags and whose they are were kept as they stood`);
    const verified = await checkJournal({ config, url, tell, heads: [config.dataDir] });
    isWell = verified && findings.length === 0;
  });
});
if (!isWell) process.exitCode = 1;
