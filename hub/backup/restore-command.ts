import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refused } from '../../actors/store/refused.ts';
import { toLsn } from '../../actors/store/replication.ts';
import { checkJournal } from '../commands/checking.ts';
import { readConfig } from '../config.ts';
import { runCommandLine } from './command-line.ts';
import { finishOwnCluster, makeOwnCluster } from './own-cluster.ts';
import { readTarget } from './restore-target.ts';
import { restore } from './restore.ts';
import type { Restored } from './restore.ts';

const USAGE = `npm run restore -- --from DIR [--at TIME | --to-seq PARTITION:SEQ] [--data-dir DIR] [--base NAME] [--timeline N]

  --from DIR        where npm run backup put its backups
  --at TIME         the last moment to restore, with its zone: 2026-11-22T03:04:05.678Z; without it, everything there is
  --to-seq P:SEQ    up to and with this row of the journal
  --data-dir DIR    the data directory to make; HUB_DATA_DIR if not given. It must be absent or empty
  --base NAME       begin at this base backup instead of the newest one that fits (npm run backup -- --list)
  --no-verify       do not walk the restored journal: quicker, and npm run verify can do it while the hub runs
  --timeline N      follow this line of history instead of the newest

For a PostgreSQL of your own (DATABASE_URL), in two halves:

  --cluster DIR     make PostgreSQL's data directory here; start it yourself, and wait until it has replayed its log
  --finish          then, with DATABASE_URL: let hubs begin anew on it
`;

await runCommandLine(async (tell, log) => {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      at: { type: 'string' },
      'to-seq': { type: 'string' },
      'data-dir': { type: 'string' },
      base: { type: 'string' },
      timeline: { type: 'string' },
      'no-verify': { type: 'boolean' },
      cluster: { type: 'string' },
      finish: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return tell(USAGE);
  const config = readConfig();
  const from = values.from ?? config.backupDir;
  if (from === undefined) throw new Refused(`Say where the backups are: --from DIR.\n\n${USAGE}`);
  const began = performance.now();
  const dataDir = resolve(values['data-dir'] ?? config.dataDir);
  const { base, cluster } = values;
  const { secretKey } = config;
  const target = readTarget(values.at, values['to-seq'], Date.now());
  const timeline = values.timeline === undefined ? undefined : Number(values.timeline);
  const common = { from: resolve(from), dataDir, tell, log };
  if (values.finish === true) {
    if (config.databaseUrl === undefined) throw new Refused('--finish needs DATABASE_URL: the PostgreSQL that was restored.');
    const restored = await finishOwnCluster({ ...common, url: config.databaseUrl, secretKey });
    for (const line of report(restored, { dataDir, seconds: (performance.now() - began) / 1000, isWhole: false })) tell(line);
  } else if (cluster !== undefined) {
    const { version, hubFiles } = await makeOwnCluster({ ...common, cluster: resolve(cluster), target, base, timeline });
    tell(
      `${cluster} is ready to recover; give it to the account of PostgreSQL (chown -R) and its configuration, and start PostgreSQL ${version} on it`,
    );
    if (hubFiles) tell(`the hub's own files are in ${dataDir}`);
    tell(`when it takes commands: DATABASE_URL=… npm run restore -- --from ${from} --finish`);
  } else {
    const check = (url: string, draft: string): Promise<boolean> =>
      checkJournal({ config: { ...config, dataDir: draft }, url, tell, heads: [draft] });
    const verify = values['no-verify'] === true ? undefined : check;
    const restored = await restore({ ...common, target, base, timeline, secretKey, node: 'restore', verify });
    for (const line of report(restored, {
      dataDir,
      seconds: (performance.now() - began) / 1000,
      isWhole: target === undefined && timeline === undefined,
    }))
      tell(line);
  }
});

function report(restored: Restored, { dataDir, seconds, isWhole }: { dataDir: string; seconds: number; isWhole: boolean }): string[] {
  const { rows, last_commit, replayed, missing, changed, base } = restored;
  const lines = [
    `restored in ${seconds.toFixed(1)} s: ${rows} rows of the journal, from the base backup ${base} and the log up to ${toLsn(replayed)}`,
    `the last transaction in it: ${last_commit === undefined ? 'none after the base backup' : last_commit.toISOString()}`,
  ];
  if (changed.length > 0)
    lines.push(
      `WARNING: the journal is not the one that was signed, in partitions ${changed.map(({ partition }) => partition).join(', ')}: run npm run verify before anything else`,
    );
  if (missing.length > 0)
    lines.push(
      isWhole
        ? `WARNING: the journal ends before the last signed heads of ${missing.length} partitions: rows were lost (${missing.map(({ partition, seq }) => `${partition}:${seq}`).join(', ')})`
        : `left out, as was asked: ${missing.length} partitions went on afterwards`,
    );
  else if (changed.length === 0) lines.push('every signed head that is known is in the journal');
  if (restored.isWell === false)
    lines.push('WARNING: there are findings in the journal, listed above: they were there before the restore, or the backup is damaged');
  return [...lines, `next: HUB_DATA_DIR=${dataDir} npm start, and a new base backup (npm run backup)`];
}
