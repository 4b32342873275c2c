/** Servers that the hub starts and that outlive it when it is killed, so that nothing is lost and the next hub adopts them. */
import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { plainEnvironment, type Account } from './run-command.ts';

type Launch = { command: string; args: readonly string[]; cwd: string; logFile: string; account?: Account | undefined };

const biggestLog = 10 * 1024 * 1024;

/**
 * Starts a server in a session of its own (a Ctrl-C in the terminal reaches only the hub), writing to its log file.
 * Rejects when it cannot be started at all; that it serves is for the caller to find out.
 */
export function launch(plan: Launch): Promise<ProcessIdentity> {
  trimLog(plan.logFile);
  const log = openSync(plan.logFile, 'a', 0o600);
  return new Promise<ProcessIdentity>((resolve, reject) => {
    const child = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: plainEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
      ...plan.account,
    });
    child.once('error', (error) => reject(new Error(`${plan.command} could not be started: ${error.message}`, { cause: error })));
    child.once('spawn', () => {
      child.unref();
      const pid = child.pid ?? 0;
      // One that has ended already is a dead process like any other; the caller sees that it does not run.
      resolve(identify(pid) ?? { pid, startedAt: 'ended at once' });
    });
  }).finally(() => closeSync(log));
}

/** Sends each signal and waits, until the process is gone. Resolves to the signals that were needed. */
export async function stopProcess(
  process: ProcessIdentity,
  steps: readonly { signal: NodeJS.Signals; wait_ms: number }[],
): Promise<NodeJS.Signals[]> {
  const sent: NodeJS.Signals[] = [];
  for (const { signal, wait_ms } of steps) {
    if (!sendSignal(process, signal)) return sent;
    sent.push(signal);
    if (await isGoneWithin(process, wait_ms)) return sent;
  }
  throw new Error(`process ${process.pid} does not end, whatever it is sent (${sent.join(', ')})`);
}

/** False when the process is gone already. Checks the identity first, so that no stranger with the same pid is hit. */
export function sendSignal(target: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isRunning(target)) return false;
  try {
    return process.kill(target.pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

export async function isGoneWithin(process: ProcessIdentity, wait_ms: number): Promise<boolean> {
  const until = performance.now() + wait_ms;
  while (isRunning(process)) {
    if (performance.now() > until) return false;
    await sleep(20);
  }
  return true;
}

/** How long a log is now; pass it to {@link logSince} to read what a server said since. */
export function logLength(logFile: string): number {
  return existsSync(logFile) ? statSync(logFile).size : 0;
}

/** The last lines that a server wrote after `start`, for an error message. */
export function logSince(logFile: string, start: number): string {
  if (!existsSync(logFile)) return '';
  const size = statSync(logFile).size;
  const from = size < start ? 0 : Math.max(start, size - 4_096);
  const bytes = Buffer.alloc(size - from);
  const file = openSync(logFile, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, from);
  } finally {
    closeSync(file);
  }
  return bytes.toString('utf8').trim().split('\n').slice(-8).join('\n');
}

/**
 * Puts a log aside when it has grown too large. It is copied and cut, not renamed: a running server keeps writing to the file
 * that it has open, at its end.
 */
export function trimLog(logFile: string): void {
  if (logLength(logFile) <= biggestLog) return;
  copyFileSync(logFile, `${logFile}.1`);
  truncateSync(logFile);
}
