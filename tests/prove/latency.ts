import { latency as measure } from '../../bench/latency.ts';
import { median } from '../../bench/lifecycle.ts';
import type { Proof } from './prove.ts';

const ROUNDS = 5;
const SECONDS = 10;
/** At so many events a second, the most that the middle and the slowest hundredth may take. */
const MOST = [
  { rate: 1_000, p50_ms: 3, p99_ms: 10 },
  { rate: 4_000, p50_ms: 4, p99_ms: 25 },
] as const;

/** From a NATS publish to the patch in a client that follows the actor, in rounds; the medians of the rounds count. */
export async function latency(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const rounds = Number(args[0] ?? ROUNDS);
  const seconds = Number(args[1] ?? SECONDS);
  const rates = Array.from({ length: rounds }, () => MOST.map(({ rate }) => rate)).flat();
  const rows = await measure(rates, seconds, tell);
  const found = MOST.map(({ rate, ...most }) => {
    const mine = rows.filter((row) => row.rate === rate);
    const [p50_ms, p99_ms] = [median(mine.map((row) => row.p50_ms)), median(mine.map((row) => row.p99_ms))];
    const lost = mine.reduce((sum, { published, shown }) => sum + published - shown, 0);
    return { rate, p50_ms, p99_ms, most, lost, held: lost === 0 && p50_ms < most.p50_ms && p99_ms < most.p99_ms };
  });
  return { held: found.every(({ held }) => held), figures: { rounds, seconds, found } };
}
