import type { Tokens, TokenStore } from '../../clients/core/session.ts';
import type { Http } from '../../clients/core/http.ts';
import { sleep } from '../support/process-hub.ts';
import type { ChaosNode } from '../chaos/node.ts';

const PATIENCE_MS = 3000;

/** HTTP to whichever node answers; the same call goes to the next one where the network failed or a node is not ready. */
export function httpOf(nodes: readonly ChaosNode[], first: number): Http {
  const call: typeof fetch = async (input, init) => {
    for (let turn = 0; ; turn++) {
      const node = nodes[(first + turn) % nodes.length];
      try {
        const answer = await fetch(`${node?.url}${String(input)}`, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
        if ((answer.status !== 503 && answer.status !== 429) || turn >= 8) return answer;
        await answer.text();
      } catch (error) {
        if (turn >= 8) throw error;
      }
      await sleep(100);
    }
  };
  return { fetch: call, base: '' };
}

/** The tokens of one client, in memory. */
export function tokensInMemory(): TokenStore {
  let kept: Tokens | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    load: () => kept,
    save: (tokens) => void (kept = tokens),
    exclusively: (task) => {
      const mine = last.then(task, task);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
