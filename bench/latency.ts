import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { board } from './board.ts';
import { benchToken } from './doors.ts';
import type { LatencyJob, LatencyResult } from './latency-driver.ts';
import { CLERK, act, openStage } from './stage.ts';

/* From a NATS publish to the patch on a screen that follows the actor, commit included, at a rate that nobody waits for. */

export type LatencyRow = LatencyResult & { readonly rate: number };

const ACTORS = 150;

export async function latency(rates: readonly number[], seconds: number, tell: (line: string) => void): Promise<readonly LatencyRow[]> {
  const stage = await openStage({}, [board]);
  try {
    const url = stage.hub.url();
    const token = await benchToken(url);
    const natsUrl = stage.hub.embedded?.natsUrl ?? '';
    const rows: LatencyRow[] = [];
    for (const [run, rate] of rates.entries()) {
      const topics = Array.from({ length: ACTORS }, (_, index) => `board/r${run}x${index}`);
      for (const address of topics) await act(stage.hub, CLERK, address, '@create', {}, address);
      const result = await drive({ url, token, natsUrl, topics, rate, seconds });
      rows.push({ rate, ...result });
      tell(`${rate}/s: ${JSON.stringify(result)}`);
    }
    return rows;
  } finally {
    await stage.close();
  }
}

function drive(job: LatencyJob): Promise<LatencyResult> {
  const child = fork(fileURLToPath(new URL('./latency-driver.ts', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(job);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as LatencyResult));
    child.once('exit', (code) => reject(new Error(`The driver ended with ${code}`)));
  });
}

/** `npm run bench -- latency [rate,rate] [seconds]` */
export async function run(args: readonly string[]): Promise<void> {
  const rates = (args[0] ?? '1000,4000').split(',').map(Number);
  await latency(rates, Number(args[1] ?? 10), (line) => console.log(line));
}
