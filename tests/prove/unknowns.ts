import { runUnknowns } from '../unknowns/run.ts';
import type { Proof } from './prove.ts';
import { readSeed } from './seed.ts';

/** Payments over a gateway that hides what it did in every way: hangs, 500, webhooks a hundred times, days late and the last thing first. */
export async function unknowns(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const payments = Number(args[0] ?? 10_000);
  const seed = readSeed(args[1], ['machines', 'actors', 'tests/unknowns']);
  const { held, ...figures } = await runUnknowns({ payments, seed, repeats: 100, tell });
  return { held, seed, figures };
}
