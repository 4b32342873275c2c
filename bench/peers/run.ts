import { fork, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { doorRow } from '../doors.ts';
import { inProcess } from '../in-process.ts';
import { drive, median } from '../lifecycle.ts';
import type { Job, Result } from '../lifecycle.ts';
import { order } from '../order.ts';
import { startedBy, usedBy } from '../processes.ts';
import { openStage } from '../stage.ts';
import type { Stage } from '../stage.ts';
import type { Told } from './contend.ts';

/** One round of one contender. */
export type Row = Result & { readonly what: string; readonly conc: number; readonly cpu_s: number; readonly rss_mb: number };

export const PEERS = ['dbos', 'pgboss', 'restate'] as const;
const CONTENDERS = ['hub', ...PEERS, 'append'] as const;
export type Name = (typeof CONTENDERS)[number];

const HUB_WARMUP_MS = 1000;
/** A peer's process is new at each round, and so are its tables. */
const PEER_WARMUP_MS = 2500;
const QUIET_CORES = 0.05;

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** The peers' packages are no part of the product: they are installed here, when somebody wants to see them run. */
export function installPeers(tell: (line: string) => void): void {
  const wanted = JSON.parse(readFileSync(`${FOLDER}package.json`, 'utf8')) as { dependencies: Record<string, string> };
  const installed = (name: string, version: string): boolean => {
    const path = `${FOLDER}node_modules/${name}/package.json`;
    return existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version === version;
  };
  if (Object.entries(wanted.dependencies).every(([name, version]) => installed(name, version))) return;
  tell('installing the peers …');
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: FOLDER, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The peers could not be installed: ${stderr}`);
}

export async function openBench(tell: (line: string) => void): Promise<Stage> {
  installPeers(tell);
  return openStage({}, [order]);
}

let runs = 0;

async function runHub(stage: Stage, conc: number, seconds: number): Promise<Row> {
  let used = { cpu_s: 0, rss_mb: 0 };
  const began = (): void => void (used = usedBy([process.pid]));
  const ended = (): void => {
    const now = usedBy([process.pid]);
    used = { cpu_s: now.cpu_s - used.cpu_s, rss_mb: process.memoryUsage.rss() / 1e6 };
  };
  const result = await drive(inProcess(stage), { conc, seconds, warmup_ms: HUB_WARMUP_MS }, `h${runs++}`, { began, ended });
  return toRow('hub', conc, result, used);
}

async function runPeer(stage: Stage, what: Name, conc: number, seconds: number): Promise<Row> {
  const child = fork(`${FOLDER}${what}.ts`, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--max-semi-space-size=64', '--disable-warning=DeprecationWarning'],
    // It would write two lines for each call.
    env: { ...process.env, RESTATE_LOGGING: 'ERROR' },
  });
  const databases = what === 'restate' ? [] : startedBy(process.pid, 'postgres');
  const cpu = (): number => usedBy([child.pid ?? 0, ...databases]).cpu_s;
  let used = { cpu_s: 0, rss_mb: 0 };
  const result = await new Promise<Result>((resolve, reject) => {
    child.on('message', (message) => {
      const told = message as Told;
      if (told.at === 'began') used = { cpu_s: cpu(), rss_mb: 0 };
      else if (told.at === 'ended') used = { cpu_s: cpu() - used.cpu_s, rss_mb: usedBy([child.pid ?? 0]).rss_mb };
      else resolve(told.result);
    });
    child.once('exit', (code) => reject(new Error(`${what} ended with ${code}`)));
    child.send({ conc, seconds, warmup_ms: PEER_WARMUP_MS, databaseUrl: stage.databaseUrl } satisfies Job);
  });
  if (child.exitCode === null) await new Promise((resolve) => void child.once('close', resolve));
  return toRow(what, conc, result, used);
}

function toRow(what: Name, conc: number, result: Result, { cpu_s, rss_mb }: { cpu_s: number; rss_mb: number }): Row {
  return { what, conc, ...result, cpu_s: Math.round(cpu_s * 100) / 100, rss_mb: Math.round(rss_mb) };
}

/** What one contender left to be done behind its back is not paid for by the next. */
async function quiet(): Promise<void> {
  const window_ms = 250;
  for (let attempt = 0; attempt < 40; attempt++) {
    const before = usedBy([process.pid]).cpu_s;
    await sleep(window_ms);
    if ((usedBy([process.pid]).cpu_s - before) / (window_ms / 1000) <= QUIET_CORES) return;
  }
}

export type Compared = {
  readonly conc: number;
  readonly rows: readonly Row[];
  /** Of each contender, the medians of its rounds. */
  readonly medians: Readonly<Partial<Record<Name, Row>>>;
  /** The peer with the highest median rate. */
  readonly best: Name;
  /** The median over the rounds of the hub's rate by that of the best peer of the same round. */
  readonly ratio: number;
};

/** Alternating rounds of all contenders at one level. */
export async function compareAll(
  stage: Stage,
  { conc, rounds, seconds, names = CONTENDERS }: { conc: number; rounds: number; seconds: number; names?: readonly Name[] },
  tell: (line: string) => void,
): Promise<Compared> {
  const rows: Row[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const here: Row[] = [];
    for (const what of names) {
      await quiet();
      const row = what === 'hub' ? await runHub(stage, conc, seconds) : await runPeer(stage, what, conc, seconds);
      here.push(row);
      tell(format(row));
    }
    rows.push(...here);
    const best = Math.max(...here.filter(isPeer).map((row) => row.rows_per_s));
    ratios.push((here.find((row) => row.what === 'hub')?.rows_per_s ?? 0) / best);
  }
  const medians = Object.fromEntries(names.map((name) => [name, medianOf(rows.filter(({ what }) => what === name))]));
  const peers = Object.values(medians).filter(isPeer);
  const best = peers.toSorted((a, b) => b.rows_per_s - a.rows_per_s)[0]?.what ?? 'none';
  return { conc, rows, medians, best: best as Name, ratio: Math.round(median(ratios) * 100) / 100 };
}

function isPeer({ what }: Row): boolean {
  return (PEERS as readonly string[]).includes(what);
}

function medianOf(rows: readonly Row[]): Row {
  const of = (read: (row: Row) => number): number => median(rows.map(read));
  return {
    what: rows[0]?.what ?? '',
    conc: rows[0]?.conc ?? 0,
    rows_per_s: of((row) => row.rows_per_s),
    p50_ms: of((row) => row.p50_ms),
    p99_ms: of((row) => row.p99_ms),
    creates: of((row) => row.creates),
    cpu_s: of((row) => row.cpu_s),
    rss_mb: of((row) => row.rss_mb),
  };
}

export const HEADER = 'what    in flight  transitions/s     p50 ms    p99 ms     CPU s   RSS MB';

export function format({ what, conc, rows_per_s, p50_ms, p99_ms, cpu_s, rss_mb }: Row): string {
  const times = `${p50_ms.toFixed(2).padStart(10)} ${p99_ms.toFixed(2).padStart(9)} ${cpu_s.toFixed(2).padStart(9)}`;
  return `${what.padEnd(8)} ${String(conc).padStart(8)} ${String(rows_per_s).padStart(14)} ${times} ${String(rss_mb).padStart(8)}`;
}

export function verdict({ conc, ratio, best, medians }: Compared): string {
  const p99 = medians.hub?.p99_ms.toFixed(2);
  return `${conc} in flight: ${ratio.toFixed(2)} times the best peer (${best}); p99 ${p99} ms beside its p50 of ${medians[best]?.p50_ms.toFixed(2)} ms`;
}

export async function run(args: readonly string[]): Promise<void> {
  const [levels = '64,256', rounds = '5', seconds = '3', names = CONTENDERS.join(',')] = args;
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  const stage = await openBench(tell);
  try {
    tell(HEADER);
    const verdicts: string[] = [];
    for (const conc of levels.split(',').map(Number)) {
      const asked = { conc, rounds: Number(rounds), seconds: Number(seconds), names: names.split(',') as Name[] };
      const compared = await compareAll(stage, asked, tell);
      for (const row of Object.values(compared.medians)) tell(`median ${format(row)}`);
      verdicts.push(verdict(compared));
    }
    for (const door of ['rest', 'socket'] as const) {
      const { rows_per_s, p50_ms, p99_ms, rss_mb } = await doorRow(stage, door, 64, Number(seconds));
      tell(format({ what: door, conc: 64, rows_per_s, p50_ms, p99_ms, rss_mb, cpu_s: 0, creates: 0 }));
    }
    for (const line of verdicts) tell(line);
  } finally {
    await stage.close();
  }
}
