import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmod, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A hub in a process of its own, as `npm start` runs it, that a test may kill. */
export type ProcessHub = {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  start(): Promise<void>;
  /** `kill -9`, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  output(): string;
  readonly pid: () => number | undefined;
};

const MAIN = fileURLToPath(new URL('../../hub/main.ts', import.meta.url));
const READY_MS = 60_000;

export async function processHub(dataDir: string, env: Readonly<Record<string, string>> = {}, main: string = MAIN): Promise<ProcessHub> {
  const port = await freePort();
  const natsPort = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = '';
  const { DATABASE_URL: _, NATS_URL: __, ...rest } = process.env;
  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [main], {
      env: {
        ...rest,
        HUB_DATA_DIR: dataDir,
        HUB_PORT: String(port),
        HUB_EMBEDDED_NATS_PORT: String(natsPort),
        HUB_LOG_LEVEL: 'warn',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const keep = (data: Buffer): void => void (output = (output + data.toString()).slice(-200_000));
    started.stdout.on('data', keep);
    started.stderr.on('data', keep);
    let exited: number | null | undefined;
    started.once('exit', (code) => (exited = code));
    const until = performance.now() + READY_MS;
    while (performance.now() < until) {
      if (exited !== undefined) throw new Error(`The hub ended with ${exited} while starting:\n${output.slice(-4000)}`);
      const ready = await fetch(`${url}/readyz`).then(
        (answer) => answer.status === 200,
        () => false,
      );
      if (ready) return;
      await sleep(50);
    }
    throw new Error(`The hub was not ready within ${READY_MS} ms:\n${output.slice(-4000)}`);
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null;
    const gone = new Promise<number | null>((resolve) => ending.once('exit', (code) => resolve(code)));
    ending.kill(signal);
    return gone;
  };
  return {
    url,
    port,
    dataDir,
    start,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    output: () => output,
    pid: () => child?.pid,
  };
}

/** A fresh directory that the account of PostgreSQL can pass through, also where the tests run as root. */
export async function openDirectory(name: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), `green-lines-${name}-`));
  await chmod(dir, 0o711);
  return dir;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

export function sleep(delay_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay_ms));
}

/** Waits until it is so; says what it waited for otherwise. */
export async function eventually(what: string, within_ms: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const until = performance.now() + within_ms;
  for (;;) {
    if (await isSo()) return;
    if (performance.now() > until) throw new Error(`Not within ${within_ms} ms: ${what}`);
    await sleep(50);
  }
}
