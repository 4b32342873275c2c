/** Runs a short command to its end. */
import { spawn } from 'node:child_process';

/** A user that a command runs under; undefined means the hub's own. */
export type Account = { readonly uid: number; readonly gid: number };

export type Command = {
  command: string;
  args: readonly string[];
  timeout_ms: number;
  cwd?: string;
  env?: Record<string, string>;
  account?: Account | undefined;
  signal?: AbortSignal | undefined;
};

/** `code` is null when it was killed (also at its deadline) or could not be started; `output` says why. */
export type Outcome = { code: number | null; output: string };

/** Never rejects: what the command said is the answer. Both of its outputs are kept, the last 64 KB. */
export function runCommand(run: Command): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-65_536);
    };
    const child = spawn(run.command, run.args, {
      cwd: run.cwd ?? '/',
      env: run.env ?? plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...run.account,
    });
    const kill = (): void => void child.kill('SIGKILL');
    const deadline = setTimeout(() => {
      output += `\n(stopped: not done after ${run.timeout_ms / 1_000} s)`;
      kill();
    }, run.timeout_ms);
    const settle = (outcome: Outcome): void => {
      clearTimeout(deadline);
      run.signal?.removeEventListener('abort', kill);
      resolve(outcome);
    };
    run.signal?.addEventListener('abort', kill, { once: true });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => settle({ code: null, output: `${output}${error.message}` }));
    child.on('close', (code) => settle({ code, output: output.trim() }));
  });
}

/** Nothing of the hub's own environment but what finds programs: PGPORT or LC_ALL of a shell must not leak into a server. */
export function plainEnvironment(): Record<string, string> {
  return { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C', HOME: '/' };
}
