/**
 * Which process is meant, across the death of the one who remembered it. A pid alone is not enough: it is handed out again,
 * in a container within seconds, and then a lock would be held for ever or a stranger's process be stopped.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** `startedAt` is opaque; equal strings with equal pids are one process, on this boot of this machine. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

/** How often a process may be looked at: reading /proc costs microseconds, running `ps` milliseconds. */
export const pollEvery_ms = existsSync('/proc/self/stat') ? 250 : 1_000;

const hasProc = existsSync('/proc/self/stat');

/** The process that has this pid now, or undefined if none lives. A zombie counts as dead: nobody may ever reap it. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const startedAt = hasProc ? startedAtOfProc(pid) : startedAtOfPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startedAt === process.startedAt;
}

/** Parses what an earlier process wrote down; undefined if it is not an identity. */
export function readIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return undefined;
  const { pid, startedAt } = value;
  return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
}

/**
 * Finds processes by their command line. This is how a child is found whose hub was killed between spawning it and writing
 * its pid down; missing it would put two servers on one directory. (A working directory would tell less: root in a container
 * may not read those of other users.)
 */
export function findProcesses(matches: (command: string) => boolean): ProcessIdentity[] {
  const commands = hasProc ? commandsOfProc() : commandsOfPs();
  return commands.filter(({ command }) => matches(command)).flatMap(({ pid }) => identify(pid) ?? []);
}

function startedAtOfProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may itself contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // While other threads are still ending, the process keeps its ports and files, though its first thread is a zombie.
    const isDead = (fields[0] === 'Z' && Number(fields[17]) <= 1) || fields[0] === 'X';
    return isDead ? undefined : `${bootId()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

let boot: string | undefined;
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return boot;
}

function startedAtOfPs(pid: number): string | undefined {
  const [state, ...started] = ps(['-o', 'stat=,lstart=', '-p', String(pid)])
    .trim()
    .split(/\s+/);
  return !state || state.startsWith('Z') ? undefined : started.join(' ');
}

function pidsOfProc(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function commandsOfProc(): { pid: number; command: string }[] {
  return pidsOfProc().flatMap((pid) => {
    try {
      return { pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' ') };
    } catch {
      return [];
    }
  });
}

function commandsOfPs(): { pid: number; command: string }[] {
  return ps(['-axww', '-o', 'pid=,command='])
    .split('\n')
    .flatMap((line) => {
      const found = /^\s*(\d+)\s+(.*?)\s*$/.exec(line);
      return found ? { pid: Number(found[1]), command: found[2] ?? '' } : [];
    });
}

/** `ps` exits with 1 when it finds nothing, which is an answer here. */
function ps(args: readonly string[]): string {
  try {
    return execFileSync('ps', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5_000,
      env: { ...process.env, LC_ALL: 'C' },
    });
  } catch {
    return '';
  }
}
