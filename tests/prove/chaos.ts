import { runChaos } from '../chaos/run.ts';
import type { Proof } from './prove.ts';

/** Schedules of faults drawn from a seed on two nodes, PostgreSQL and NATS, each followed by the check of every promise. */
export async function chaos(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const schedules = Number(args[0] ?? 200);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const result = await runChaos({ schedules, seed, tell });
  return { held: result.violations === 0 && result.schedules === schedules, seed, figures: result };
}
