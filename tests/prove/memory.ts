import { flatness } from '../../bench/memory.ts';
import type { Proof } from './prove.ts';

/** Resident memory over 500,000 transitions and 100,000 actors with a budget of 200 MB stays within 10 % of its median. */
export async function memory(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const [actors = '100000', transitions = '500000', budget_mb = '200'] = args;
  const { samples, ...result } = await flatness(Number(actors), Number(transitions), Number(budget_mb), tell);
  const held = samples.length > 10 && result.low >= 0.9 && result.high <= 1.1;
  return { held, figures: { ...result, samples: samples.filter((_, index) => index % Math.ceil(samples.length / 60) === 0) } };
}
