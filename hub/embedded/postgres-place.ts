/**
 * Where the database cluster lies and whose it is. PostgreSQL refuses to run as root, so under root it runs as an
 * unprivileged account, and then every directory above the cluster must be one that this account may enter: a data
 * directory below /root is not. The cluster then gets a private directory of its own elsewhere, which the data directory
 * remembers.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stopProcess } from './child.ts';
import { findProcesses } from './process-identity.ts';
import { runCommand, type Account } from './run-command.ts';

/** `account` is undefined when the hub runs as a normal user: PostgreSQL then runs as the same one. */
export type PostgresPlace = { readonly dir: string; readonly account: Account | undefined; readonly isOutside: boolean };

/** Directories of the system for a server's data, the lasting ones first. Never /tmp: it does not survive a reboot. */
const shelters = ['/var/lib', '/var/db', '/var/tmp'];

/**
 * Finds or makes the directory. `remembered` is the one that an earlier start made outside of the data directory.
 * Throws with a sentence for a person when PostgreSQL cannot be run here.
 */
export async function postgresPlace(dataDir: string, remembered: string | undefined, warn: (m: string) => void): Promise<PostgresPlace> {
  if (remembered !== undefined && !existsSync(remembered)) {
    throw new Error(
      `the database of ${dataDir} was kept in ${remembered} and is not there any more: restore it, or remove ${join(dataDir, 'postgres.json')} to begin with an empty one`,
    );
  }
  if (process.getuid?.() !== 0)
    return { dir: made(remembered ?? join(dataDir, 'postgres'), undefined), account: undefined, isOutside: remembered !== undefined };

  const inside = join(dataDir, 'postgres');
  const account = ownerOf(join(remembered ?? inside, 'cluster')) ?? unprivilegedAccount();
  const dropped = await runCommand({ command: '/bin/sh', args: ['-c', 'true'], timeout_ms: 10_000, account });
  if (dropped.code !== 0) {
    throw new Error(
      `PostgreSQL refuses to run as root, and this process may not run it as another user (uid ${account.uid}: ${dropped.output}): start the hub as a normal user, or set DATABASE_URL`,
    );
  }
  if (remembered !== undefined) return { dir: made(remembered, account), account, isOutside: true };
  if (existsSync(join(inside, 'cluster')) || (await mayEnter(dataDir, account))) {
    const dir = made(inside, account);
    if (await mayEnter(dir, account)) return { dir, account, isOutside: false };
    throw new Error(
      `the database in ${dir} cannot be reached by the user that PostgreSQL runs as (uid ${account.uid}): open the directories above it to that user (chmod o+x), or start the hub as their owner`,
    );
  }
  return { dir: await sheltered(dataDir, account, warn), account, isOutside: true };
}

async function sheltered(dataDir: string, account: Account, warn: (m: string) => void): Promise<string> {
  const mark = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  for (const shelter of shelters.filter((path) => existsSync(path))) {
    const home = join(shelter, 'green-lines-hub');
    try {
      if (mkdirSync(home, { recursive: true }) !== undefined) chmodSync(home, 0o711); // a umask may take away more than is good
    } catch {
      continue; // read-only; the next one may do
    }
    if (!(await mayEnter(home, account))) continue;
    // A data directory that was removed leaves its database here. Its password went with it, and nobody but a person may
    // decide that it is not needed any more.
    const left = readdirSync(home).filter((name) => name.startsWith(mark));
    for (const name of left) {
      for (const server of findProcesses((command) => command.endsWith(` -D ${join(home, name, 'cluster')}`)))
        await stopProcess(server, [
          { signal: 'SIGINT', wait_ms: 8_000 },
          { signal: 'SIGKILL', wait_ms: 2_000 },
        ]);
    }
    if (left.length > 0)
      warn(
        `the database of an earlier data directory at ${dataDir} is still in ${left.map((name) => join(home, name)).join(', ')}: remove it if it is not needed`,
      );
    return made(join(home, `${mark}-${randomBytes(3).toString('hex')}`), account);
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and the user it would run as (uid ${account.uid}) may not enter ${dataDir} nor any of ${shelters.join(', ')}: set HUB_DATA_DIR to a directory that all may enter, start the hub as a normal user, or set DATABASE_URL`,
  );
}

/** The real path: it is how a running PostgreSQL is recognized, whatever links lead to the data directory next time. */
function made(dir: string, account: Account | undefined): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (account) {
    chownSync(dir, account.uid, account.gid);
    chmodSync(dir, 0o700);
    const cluster = join(dir, 'cluster');
    if (existsSync(cluster) && statSync(cluster).uid === 0) giveAll(cluster, account);
  }
  return realpathSync(dir);
}

/** A cluster that root restored from a backup belongs to root, and PostgreSQL would not touch it. */
function giveAll(path: string, account: Account): void {
  lchownSync(path, account.uid, account.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) giveAll(inner, account);
    else lchownSync(inner, account.uid, account.gid);
  }
}

function ownerOf(path: string): Account | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && stat.uid !== 0 ? { uid: stat.uid, gid: stat.gid } : undefined;
}

/** PostgreSQL's own user where the system has one, else the one that owns nothing. */
function unprivilegedAccount(): Account {
  const known = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .map((line) => line.split(':'))
    : [];
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = known.find(([user]) => user === name) ?? [];
    // macOS writes nobody's ids as -2; the kernel knows them as unsigned.
    if (uid && gid && Number(uid) !== 0) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Asked of the kernel, as that account: modes alone do not tell (access lists, mounts). */
async function mayEnter(dir: string, account: Account): Promise<boolean> {
  return (await runCommand({ command: '/bin/sh', args: ['-c', 'cd "$1"', 'sh', dir], timeout_ms: 10_000, account })).code === 0;
}
