import { rmSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { Refused } from '../../actors/store/refused.ts';
import { RELEASE } from '../release.ts';
import { readConfig } from '../config.ts';
import { withDatabase } from '../commands/database.ts';
import { describeRange, lineageOf, readArchive, segmentStart, segmentsOf, syncDirectory, unbroken } from './archive.ts';
import { takeBackup } from './base-backup.ts';
import { runCommandLine } from './command-line.ts';
import { basesOf } from './manifest.ts';

const USAGE = `npm run backup -- [--to DIR] [--keep N] [--list]

  --to DIR    where backups go; HUB_BACKUP_DIR if not given
  --keep N    afterwards remove all but the newest N base backups, and the log that only they need
  --list      tell what is there and make nothing
`;

await runCommandLine(async (tell, log) => {
  const { values } = parseArgs({
    options: { to: { type: 'string' }, keep: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) return tell(USAGE);
  const config = readConfig();
  const given = values.to ?? config.backupDir;
  if (given === undefined) throw new Refused(`Say where to: --to DIR, or set HUB_BACKUP_DIR.\n\n${USAGE}`);
  const to = resolve(given);
  if (values.list === true) return list(to, tell);
  const keep = values.keep === undefined ? undefined : Number(values.keep);
  if (keep !== undefined && !(Number.isInteger(keep) && keep > 0)) throw new Refused(`--keep takes a number from 1 on, not ${values.keep}`);
  if (`${to}${sep}`.startsWith(`${config.dataDir}${sep}`))
    throw new Refused(
      `${to} lies in the data directory: a backup that is lost together with it is none. Name another place, on another disk.`,
    );
  await withDatabase(config, { tell, log }, async (url) => {
    const base = await takeBackup({ url, to, dataDir: config.dataDir, embedded: config.databaseUrl === undefined, release: RELEASE, tell });
    const bytes = Object.values(base.manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    tell(`backup ${base.name} is complete: ${(bytes / 1e6).toFixed(0)} MB in ${base.dir}`);
  });
  if (keep !== undefined) prune(to, keep, tell);
});

function list(dir: string, tell: (line: string) => void): void {
  const archive = readArchive(dir);
  const lineage = lineageOf(archive);
  const bases = basesOf(archive);
  if (bases.length === 0) tell('there is no complete base backup');
  for (const { name, manifest } of bases) {
    const { files, gap } = unbroken(archive, lineage, manifest.start);
    const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
    const size = `${(bytes / 1e6).toFixed(0)} MB`;
    tell(`${name}  ${size}, from ${manifest.ended_at.toISOString()} on; log ${describeRange(archive, files)}${gap ? ', then a gap' : ''}`);
  }
}

/** The log is needed from the oldest base backup that is kept. */
function prune(dir: string, keep: number, tell: (line: string) => void): void {
  const archive = readArchive(dir);
  const bases = basesOf(archive);
  const gone = bases.slice(0, -keep);
  for (const base of gone) rmSync(base.dir, { recursive: true });
  syncDirectory(join(dir, 'base'));
  const oldest = bases.at(-keep) ?? bases[0];
  if (oldest === undefined) return;
  const needed = segmentStart(archive, oldest.manifest.start);
  const old = segmentsOf(archive).filter(({ start }) => start < needed);
  for (const { name } of old) rmSync(join(dir, 'wal', name));
  tell(`removed ${gone.length} older base backups and ${old.length} segments of the log`);
}
