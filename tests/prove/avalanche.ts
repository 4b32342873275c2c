import { start } from '../../bench/fanout.ts';
import type { JitterJob, JitterResult } from '../../bench/jitter-clients.ts';
import { quantile } from '../../bench/lifecycle.ts';
import { sleep } from '../support/process-hub.ts';
import { openBoards } from './boards.ts';
import type { Proof } from './prove.ts';

const CLIENTS = 5_000;
const TOPICS = 20;
const PAUSE_MS = 250;
const RECOVERED_MS = 6_800;
const SETTLE_MS = 30_000;

/** A deploy: each of two nodes is drained and started again, one after the other, under everybody; all come back, and have what is newest. */
export async function avalanche(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const clients = Number(args[0] ?? CLIENTS);
  const boards = await openBoards(TOPICS);
  const crowd = start('jitter-clients.ts');
  let over = false;
  try {
    const { world, token, topics, ports, set } = boards;
    await crowd.ask({ kind: 'hub', ports, token, topics, count: clients, lasts_ms: 0, away_ms: 0 } satisfies JitterJob);
    let n = 0;
    const changing = (async () => {
      while (!over) {
        await set(++n);
        await sleep(PAUSE_MS);
      }
    })();
    for (const node of world.nodes) {
      await sleep(2_000);
      const began = performance.now();
      await node.stop();
      tell(`${node.id} drained in ${Math.round(performance.now() - began)} ms`);
      while (!(await node.start())) await sleep(100);
      tell(`${node.id} is back`);
      await sleep(5_000);
    }
    over = true;
    await changing;
    await sleep(SETTLE_MS);
    const { recovery_ms, behind, versions, delivered, ...counts } = await crowd.ask<JitterResult>({ what: 'result' });
    const sorted = [...recovery_ms].sort((a, b) => a - b);
    const figures = {
      clients,
      changes: n,
      returned: recovery_ms.length,
      ...counts,
      not_delivered: versions - delivered,
      recovery_p50_ms: Math.round(quantile(sorted, 0.5)),
      recovery_p99_ms: Math.round(quantile(sorted, 0.99)),
      recovery_max_ms: Math.round(quantile(sorted, 1)),
    };
    tell(JSON.stringify(figures));
    const held = behind.length === 0 && versions === delivered && counts.twice === 0 && figures.recovery_max_ms < RECOVERED_MS;
    return { held, figures };
  } finally {
    over = true;
    crowd.child.kill('SIGKILL');
    await boards.close();
  }
}
