import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Row } from './deliver.ts';
import type { Stage } from './stage.ts';

export type DoorJob = {
  readonly door: 'rest' | 'socket';
  readonly url: string;
  readonly token: string;
  readonly conc: number;
  readonly seconds: number;
};
export type DoorResult = { readonly events_per_s: number; readonly p50_ms: number; readonly p99_ms: number };

/** The same payments through a door, driven by another process: creation and submission, each acknowledged after its commit. */
export async function doorRow(stage: Stage, door: DoorJob['door'], conc: number, seconds: number): Promise<Row> {
  const url = stage.hub.url();
  const token = await benchToken(url);
  const cpu = process.cpuUsage();
  const began = performance.now();
  const child = fork(fileURLToPath(new URL('./door-driver.ts', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const job: DoorJob = { door, url, token, conc, seconds };
  child.send(job);
  const result = await new Promise<DoorResult>((resolve, reject) => {
    child.once('message', (message) => resolve(message as DoorResult));
    child.once('exit', (code) => reject(new Error(`The driver ended with ${code}`)));
  });
  const used = process.cpuUsage(cpu);
  return {
    what: door,
    conc,
    rows_per_s: result.events_per_s,
    payments_per_s: Math.round(result.events_per_s / 2),
    p50_ms: result.p50_ms,
    p99_ms: result.p99_ms,
    cpu_cores: Math.round((used.user + used.system) / 10 / (performance.now() - began)) / 100,
    rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
  };
}

export async function benchToken(url: string): Promise<string> {
  const admin = await post(url, '/v1/auth/token', { username: 'admin', password: 'bench-only-password' });
  await fetch(`${url}/v1/people/bench`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.accessToken}` },
    body: JSON.stringify({ roles: ['clerk'], password: 'bench-only-password' }),
  });
  return (await post(url, '/v1/auth/token', { username: 'bench', password: 'bench-only-password' })).accessToken;
}

async function post(url: string, path: string, body: object): Promise<{ accessToken: string }> {
  const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { accessToken: string };
}
