import { doorRow } from '../../bench/doors.ts';
import { HEADER, compareAll, openBench, verdict } from '../../bench/peers/run.ts';
import type { Proof } from './prove.ts';

/** At least so many times the transitions of the best peer, and each sooner than half of its own. */
const FLOOR = 6;

/** The hub beside Restate, DBOS and pg-boss, driven alike: the medians of five alternating rounds. */
export async function peers(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const rounds = Number(args[0] ?? 5);
  const seconds = Number(args[1] ?? 3);
  const stage = await openBench(tell);
  try {
    tell(HEADER);
    const figures: Record<string, unknown> = {};
    let held = true;
    for (const conc of [64, 256]) {
      const compared = await compareAll(stage, { conc, rounds, seconds }, tell);
      const { ratio, best, medians } = compared;
      figures[`in_flight_${conc}`] = compared;
      held &&= ratio >= FLOOR && (medians.hub?.p99_ms ?? Number.POSITIVE_INFINITY) < (medians[best]?.p50_ms ?? 0);
      tell(verdict(compared));
    }
    for (const door of ['rest', 'socket'] as const) figures[door] = await doorRow(stage, door, 64, seconds);
    return { held, figures };
  } finally {
    await stage.close();
  }
}
