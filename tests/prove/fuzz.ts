import { runFuzz } from '../fuzz/run.ts';
import type { Proof } from './prove.ts';
import { readSeed } from './seed.ts';

/** Clients on real sockets that lose messages, connections, tokens and rights while nodes die under them: each ends with what is so. */
export async function fuzz(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const seeds = Number(args[0] ?? 1000);
  const seed = readSeed(args[1], ['hub/socket', 'clients/core', 'tests/fuzz']);
  const { held, ...figures } = await runFuzz({ seeds, seed, tables: Number(args[2] ?? 16), tell });
  return { held, seed, figures };
}
