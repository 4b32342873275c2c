import type { JitterJob, JitterResult } from '../../bench/jitter-clients.ts';
import { start } from '../../bench/fanout.ts';
import type { Process } from '../../bench/fanout.ts';
import { quantile } from '../../bench/lifecycle.ts';
import { sleep } from '../support/process-hub.ts';
import { openBoards } from './boards.ts';
import type { Proof } from './prove.ts';

const SHAKE = { lasts_ms: 15_000, away_ms: 2_000 };
const ROUNDS = 120;
const PAUSE_MS = 500;
const RECOVERED_MS = 2_000;
const TOPICS = 20;
/** After the last change everybody comes back, and the heads find what was lost. */
const SETTLE_MS = 30_000;

/**
 * Clients that are cut off every 15 seconds for two, while what they follow changes twice a second and one of two nodes is killed in
 * the middle; the same clients on stock Socket.IO, where nothing is killed, beside them.
 */
export async function jitter(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const clients = Number(args[0] ?? 2_000);
  const rounds = Number(args[1] ?? ROUNDS);
  const hub = await onHub(clients, rounds, tell);
  const stock = await onSocketIo(clients, rounds, tell);
  const held = hub.delivered === 100 && hub.twice === 0 && hub.back === 0 && hub.recovery_p95_ms < RECOVERED_MS;
  return { held, figures: { clients, rounds, ...SHAKE, hub, socket_io: stock } };
}

async function onHub(clients: number, rounds: number, tell: (line: string) => void) {
  const boards = await openBoards(TOPICS);
  const crowd = start('jitter-clients.ts');
  try {
    const { world, token, topics, ports, set } = boards;
    await crowd.ask({ kind: 'hub', ports, token, topics, count: clients, ...SHAKE } satisfies JitterJob);
    crowd.child.send({ what: 'jitter' });
    for (let round = 1; round <= rounds; round++) {
      const began = performance.now();
      // Each is answered before the next round, also while the actors of the killed node are on their way to the other.
      await set(round);
      if (round === Math.floor(rounds / 2)) {
        await world.nodes[0]?.kill();
        tell(`round ${round}: ${world.nodes[0]?.id} killed`);
      }
      await sleep(Math.max(0, PAUSE_MS - (performance.now() - began)));
    }
    return await settle(crowd, tell, 'hub');
  } finally {
    crowd.child.kill('SIGKILL');
    await boards.close();
  }
}

async function onSocketIo(clients: number, rounds: number, tell: (line: string) => void) {
  const server = start('jitter-socketio.ts');
  const crowd = start('jitter-clients.ts');
  try {
    const { port } = await server.next<{ port: number }>((said) => 'port' in said);
    await crowd.ask({ kind: 'socket.io', ports: [port], token: '', topics: ['all'], count: clients, ...SHAKE } satisfies JitterJob);
    server.child.send({});
    await sleep(PAUSE_MS);
    crowd.child.send({ what: 'jitter' });
    for (let round = 1; round <= rounds; round++) {
      server.child.send({});
      await sleep(PAUSE_MS);
    }
    return await settle(crowd, tell, 'socket.io');
  } finally {
    for (const { child } of [crowd, server]) child.kill('SIGKILL');
  }
}

async function settle(crowd: Process, tell: (line: string) => void, what: string) {
  crowd.child.send({ what: 'calm' });
  await sleep(SETTLE_MS);
  const { versions, delivered, recovery_ms, ...counts } = await crowd.ask<JitterResult>({ what: 'result' });
  const sorted = [...recovery_ms].sort((a, b) => a - b);
  const found = {
    ...counts,
    versions,
    delivered: versions === delivered ? 100 : Math.floor((delivered / versions) * 10_000) / 100,
    recovery_p50_ms: Math.round(quantile(sorted, 0.5)),
    recovery_p95_ms: Math.round(quantile(sorted, 0.95)),
    recovery_p99_ms: Math.round(quantile(sorted, 0.99)),
  };
  tell(`${what}: ${JSON.stringify(found)}`);
  return found;
}
