import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const APT = '/usr/bin/apt-get';
const LIMIT_MS = 300_000;

/** Whether this account can install Debian's or Ubuntu's packages. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync(APT);
}

/** Installs packages; returns why it failed, in the words of apt-get, or undefined when they are there. */
export function installPackages(...names: readonly string[]): string | undefined {
  const install = ['install', '-y', '-q', '--no-install-recommends', ...names];
  // Package lists may be absent or old: the first failure fetches them, the second is final.
  if (run(install) === undefined) return undefined;
  return run(['update', '-q']) ?? run(install);
}

function run(args: readonly string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stdout, stderr, error } = spawnSync(APT, args, { env, encoding: 'utf8', timeout: LIMIT_MS });
  if (status === 0) return undefined;
  const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-3).join(' ');
  return `apt-get ${args.join(' ')}: ${error?.message ?? last}`;
}
