import { parseArgs } from 'node:util';
import { toLine } from '../../actors/journal/finding.ts';
import type { Finding } from '../../actors/journal/finding.ts';
import { retain, undoRetention } from '../../actors/journal/retention.ts';
import { Refused } from '../../actors/store/refused.ts';
import { runCommandLine } from '../backup/command-line.ts';
import { readConfig } from '../config.ts';
import { withDatabase } from './database.ts';

const USAGE = `npm run retain -- --older-than 90d [--dry-run]
npm run retain -- --undo

Moves what versions before the newest contain into the archive, for actors that have been at rest so long. The hub may run.

  --older-than N   how long nothing has happened to an actor: days (90d), hours (12h) or minutes (30m)
  --dry-run        tell what would be moved, and how small it would become
  --undo           put everything that is in the archive back
`;

const UNITS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

let isWell = true;
await runCommandLine(async (tell, log) => {
  const { values } = parseArgs({
    options: { 'older-than': { type: 'string' }, 'dry-run': { type: 'boolean' }, undo: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) return tell(USAGE);
  const config = readConfig();
  const dry = values['dry-run'] === true;
  const age_ms = values.undo === true ? 0 : toAge(values['older-than']);
  await withDatabase(config, { tell, log }, async (url) => {
    if (values.undo === true) {
      const { rows, findings } = await undoRetention(url);
      say(findings);
      tell(`${rows} versions are back in the journal`);
      return;
    }
    const { actors, rows, bytes, packed, findings } = await retain({ url, before: Date.now() - age_ms, dry });
    say(findings);
    tell(
      `${rows} versions of ${actors} actors ${dry ? 'would be' : 'were'} moved: ${toSize(bytes)} ${dry ? 'would become' : 'became'} ${toSize(packed)}`,
    );
  });
});
if (!isWell) process.exitCode = 1;

function say(findings: readonly Finding[]): void {
  for (const finding of findings) process.stdout.write(`${toLine(finding)}\n`);
  isWell &&= findings.length === 0;
}

function toAge(text: string | undefined): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([dhm])$/.exec(text ?? '') ?? [];
  const unit_ms = UNITS_MS[unit];
  if (unit_ms === undefined) throw new Refused(`Say how old: --older-than 90d.\n\n${USAGE}`);
  return Number(count) * unit_ms;
}

function toSize(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
