/** The hub's data directory: who holds it, and the small files in it that must survive a crash whole. */
import { createHash, randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { identify, isRunning, readIdentity, type ProcessIdentity } from './process-identity.ts';

/** Another live hub holds the data directory. */
export class DataDirectoryInUse extends Error {
  readonly dataDir: string;
  readonly pid: number;
  constructor(dataDir: string, pid: number) {
    super(`another hub (pid ${pid}) is running on the data directory ${dataDir}: stop it first, or give this one its own HUB_DATA_DIR`);
    this.name = 'DataDirectoryInUse';
    this.dataDir = dataDir;
    this.pid = pid;
  }
}

export type DataDirectoryLock = {
  /** False once the directory was removed, or the lock was removed by hand and taken by another hub. */
  isHeld(): boolean;
  release(): void;
};

/**
 * Takes the data directory for this process, making it if need be. A lock whose holder is dead is taken over.
 * Throws {@link DataDirectoryInUse} when a live hub holds it. Processes of another pid namespace (a container on the same
 * volume) cannot be seen and are not protected against.
 */
export function lockDataDirectory(dataDir: string): DataDirectoryLock {
  makeDataDirectory(dataDir);
  const path = join(dataDir, 'hub.lock');
  const mine = JSON.stringify({ ...ownIdentity(), nonce: randomBytes(8).toString('hex'), since: new Date().toISOString() });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeDurably(draft, mine);
  try {
    // Ends after one round unless other hubs start at the same moment; then one of them wins and the others see it alive.
    for (let round = 0; round < 50; round++) {
      if (linked(draft, path)) break;
      const theirs = readIfThere(path);
      if (theirs === undefined) continue;
      const holder = holderOf(theirs);
      if (holder && isRunning(holder)) throw new DataDirectoryInUse(dataDir, holder.pid);
      if (tookOver({ path, draft, stale: theirs })) break;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  if (readIfThere(path) !== mine) throw new Error(`the lock ${path} could not be taken: other hubs keep changing it`);
  const isHeld = (): boolean => readIfThere(path) === mine;
  return {
    isHeld,
    release: () => {
      if (isHeld()) rmSync(path, { force: true });
    },
  };
}

/** Writes so that after a crash there is either the old content or the new, never a half. Mode 0600 unless given. */
export function writeDurably(path: string, content: string, mode = 0o600): void {
  const draft = `${path}.draft-${process.pid}`;
  const file = openSync(draft, 'w', mode);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The parsed content, or undefined if there is none or it is not JSON (a half-written file of a power cut). */
export function readJsonIfThere(path: string): unknown {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Secret = { value: string; isNew: boolean };

/** A random password that is made once and kept in the data directory, readable by its owner alone. Safe inside a URL. */
export function keptSecret(dataDir: string, name: string): Secret {
  const path = join(dataDir, 'secrets', name);
  const kept = readIfThere(path)?.trim();
  if (kept) return { value: kept, isNew: false };
  mkdirSync(join(dataDir, 'secrets'), { recursive: true, mode: 0o700 });
  const value = randomBytes(24).toString('base64url');
  writeDurably(path, value);
  return { value, isNew: true };
}

/**
 * As root the directories made here must be passable, whatever the umask, for the account that PostgreSQL runs under; secrets
 * are files of mode 0600. Those that were there before are left as they are.
 */
function makeDataDirectory(dataDir: string): void {
  const isRoot = process.getuid?.() === 0;
  try {
    const first = mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    for (let dir = dataDir; isRoot && first !== undefined && dir.startsWith(first); dir = dirname(dir)) chmodSync(dir, 0o711);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`the data directory ${dataDir} cannot be used (${String(error)}): set HUB_DATA_DIR to one that this user may write`, {
      cause: error,
    });
  }
}

function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startedAt: '' };
}

function holderOf(content: string): ProcessIdentity | undefined {
  try {
    return readIdentity(JSON.parse(content));
  } catch {
    return undefined; // cut off by a power failure: its writer is gone
  }
}

/** A link, not a rename: it fails when the lock exists, and what it makes is never empty or half-written. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Replaces a dead hub's lock. Two hubs may find it dead at once, and plain "remove, then make" lets the slower one remove
 * the faster one's new lock. So a claim is made first that names this very dead lock; only who holds the claim replaces it.
 */
function tookOver(lock: { path: string; draft: string; stale: string }): boolean {
  const claim = `${lock.path}.claim-${createHash('sha256').update(lock.stale).digest('hex').slice(0, 16)}`;
  if (!linked(lock.draft, claim)) {
    const claimer = holderOf(readIfThere(claim) ?? '');
    if (!claimer || !isRunning(claimer)) rmSync(claim, { force: true });
    return false;
  }
  try {
    if (readIfThere(lock.path) !== lock.stale) return false;
    renameSync(lock.draft, lock.path);
    return true;
  } finally {
    rmSync(claim, { force: true });
  }
}
