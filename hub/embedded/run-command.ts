/** Runs a short command to its end. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

/** A user that a command runs under; undefined means the hub's own. */
export type Account = { readonly uid: number; readonly gid: number };

type Command = {
  command: string;
  args: readonly string[];
  timeout_ms: number;
  cwd?: string;
  account?: Account | undefined;
};

/** `code` is null when it was killed (also at its deadline) or could not be started; `output` says why. */
type Outcome = { code: number | null; output: string };

/** Never rejects: what the command said is the answer. Both of its outputs are kept, the last 64 KB. */
export function runCommand(run: Command): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-65_536);
    };
    const child = spawned(run);
    if (child instanceof Error) return resolve({ code: null, output: child.message });
    const deadline = setTimeout(() => {
      output += `\n(stopped: not done after ${run.timeout_ms / 1_000} s)`;
      child.kill('SIGKILL');
    }, run.timeout_ms);
    const settle = (outcome: Outcome): void => {
      clearTimeout(deadline);
      resolve(outcome);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => settle({ code: null, output: `${output}${error.message}` }));
    child.on('close', (code) => settle({ code, output: output.trim() }));
  });
}

/** Some failures, as of a user that this process may not become, are thrown at once and not told by an event. */
function spawned(run: Command): ChildProcessByStdio<null, Readable, Readable> | Error {
  try {
    return spawn(run.command, run.args, {
      cwd: run.cwd ?? '/',
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...run.account,
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Of the hub's own environment only what finds programs and the way to the internet: PGPORT or LC_ALL of a shell must not leak
 * into a server.
 */
export function plainEnvironment(): Record<string, string> {
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no|all)_proxy$/i.test(name));
  return { ...Object.fromEntries(proxies), PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C', HOME: '/' };
}
