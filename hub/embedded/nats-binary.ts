/** Where nats-server comes from: the PATH, an earlier fetch, its publisher, or the distribution's packages. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from './run-command.ts';

export type NatsBinary = { readonly path: string; readonly version: string };

/** The oldest server that the hub works with. */
const oldest = '2.9.10';
const release = '2.12.12';
const releases = `https://github.com/nats-io/nats-server/releases/download/v${release}`;
/** Debian puts it into /usr/sbin, which is not on everybody's PATH. */
const usualPlaces = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/opt/homebrew/bin'];

/** Finds nats-server, or fetches it once into `<dataDir>/bin`. Throws with what to do when it cannot be had. */
export async function findNats(dataDir: string, progress: (line: string) => void): Promise<NatsBinary> {
  const kept = join(dataDir, 'bin', 'nats-server');
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((dir) => dir.startsWith('/'));
  for (const candidate of [...[...onPath, ...usualPlaces].map((dir) => join(dir, 'nats-server')), kept]) {
    const found = existsSync(candidate) ? await usable(candidate) : undefined;
    if (found) return found;
  }
  return fetched(kept, progress);
}

/** Compares dotted numbers; negative when `a` is the older version. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function usable(path: string): Promise<NatsBinary | undefined> {
  const { code, output } = await runCommand({ command: path, args: ['--version'], timeout_ms: 10_000 });
  const version = /v(\d+\.\d+\.\d+)/.exec(output)?.[1];
  return code === 0 && version && compareVersions(version, oldest) >= 0 ? { path, version } : undefined;
}

async function fetched(kept: string, progress: (line: string) => void): Promise<NatsBinary> {
  mkdirSync(join(kept, '..'), { recursive: true });
  for (const name of readdirSync(join(kept, '..'))) {
    if (name.startsWith('fetching-')) rmSync(join(kept, '..', name), { recursive: true, force: true }); // of a hub that was killed
  }
  const dir = mkdtempSync(join(kept, '..', 'fetching-'));
  const failures: string[] = [];
  try {
    for (const source of [fromRelease, fromDistribution]) {
      try {
        const path = await source(dir, progress);
        const found = await usable(path);
        if (!found) throw new Error(`it brought a nats-server that does not run here or is older than ${oldest}`);
        copyFileSync(path, `${kept}.new`);
        chmodSync(`${kept}.new`, 0o755);
        renameSync(`${kept}.new`, kept);
        return { path: kept, version: found.version };
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  throw new Error(
    `nats-server ${oldest} or later is not installed and could not be fetched (${failures.join('; ')}): install it (\`apt-get install nats-server\`, \`brew install nats-server\`) or set NATS_URL`,
  );
}

/** The publisher's own build, checked against the checksums published with it. */
async function fromRelease(dir: string, progress: (line: string) => void): Promise<string> {
  const machine = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (!machine || !['linux', 'darwin'].includes(process.platform)) throw new Error(`no release for ${process.platform} on ${process.arch}`);
  const file = `nats-server-v${release}-${process.platform}-${machine}.tar.gz`;
  // The small file first: where there is no way out to the internet, this is what tells, at once or after three seconds.
  const sums = (await download(`${releases}/SHA256SUMS`)).toString('utf8');
  progress(`nats-server ${release}: fetching the official release`);
  const archive = await download(`${releases}/${file}`);
  const published = sums
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/))
    .find(([, name]) => name === file)?.[0];
  if (published !== createHash('sha256').update(archive).digest('hex')) throw new Error(`${file} does not match its published checksum`);
  writeFileSync(join(dir, file), archive);
  await mustRun(dir, 'tar', ['-xzf', file]);
  return join(dir, file.replace(/\.tar\.gz$/, ''), 'nats-server');
}

async function download(url: string): Promise<Buffer> {
  const unreachable = new AbortController();
  const connecting = setTimeout(() => unreachable.abort(new Error('no answer within 3 s')), 3_000);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([unreachable.signal, AbortSignal.timeout(60_000)]) });
    clearTimeout(connecting);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new Error(`the release cannot be reached: ${reason}`, { cause: error });
  } finally {
    clearTimeout(connecting);
  }
}

/** Debian's and Ubuntu's package, unpacked but not installed, with private package lists where the system has none. */
async function fromDistribution(dir: string, progress: (line: string) => void): Promise<string> {
  if (!existsSync('/usr/bin/apt-get')) throw new Error('there is no apt-get');
  progress("nats-server: fetching the distribution's package");
  const impatient = [
    '-o',
    'Acquire::http::Timeout=10',
    '-o',
    'Acquire::https::Timeout=10',
    '-o',
    'Acquire::Retries=1',
    '-o',
    'APT::Sandbox::User=root',
  ];
  try {
    await mustRun(dir, 'apt-get', [...impatient, 'download', 'nats-server']);
  } catch {
    const own = ['lists', 'cache'].map((name) => join(dir, name));
    for (const path of own) mkdirSync(path);
    mkdirSync(join(dir, 'lists', 'partial'));
    mkdirSync(join(dir, 'cache', 'archives', 'partial'), { recursive: true });
    const isolated = [...impatient, '-o', `Dir::State::lists=${own[0]}`, '-o', `Dir::Cache=${own[1]}`];
    await mustRun(dir, 'apt-get', [...isolated, 'update']);
    await mustRun(dir, 'apt-get', [...isolated, 'download', 'nats-server']);
  }
  const archive = readdirSync(dir).find((name) => name.endsWith('.deb'));
  if (!archive) throw new Error('apt-get brought no package');
  await mustRun(dir, 'dpkg', ['-x', archive, 'tree']);
  return join(dir, 'tree', 'usr', 'sbin', 'nats-server');
}

async function mustRun(cwd: string, command: string, args: readonly string[]): Promise<void> {
  const ran = await runCommand({ command, args, cwd, timeout_ms: 60_000 });
  if (ran.code !== 0) throw new Error(`${command} failed: ${ran.output.split('\n').slice(-2).join(' ')}`);
}
