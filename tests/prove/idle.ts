import { TURN, openIdle } from '../../bench/idle.ts';
import type { Turn } from '../../bench/idle.ts';
import { median } from '../../bench/lifecycle.ts';
import type { Proof } from './prove.ts';

/** At most so many times the bare INSERT. */
const CEILING = 3;
/** A hub runs for weeks: what Node has not compiled yet after two thousand events says nothing of it. */
const WARM_TURNS = 30;

/** One event with its commit beside one bare INSERT on the same PostgreSQL, in turns. */
export async function idle(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const turns = Number(args[0] ?? 25);
  const stage = await openIdle();
  try {
    for (let i = 0; i < WARM_TURNS; i++) {
      await stage.event();
      await stage.insert();
    }
    const events: Turn[] = [];
    const inserts: Turn[] = [];
    for (let i = 0; i < turns; i++) {
      const event = await stage.event();
      const insert = await stage.insert();
      events.push(event);
      inserts.push(insert);
      tell(`event ${event.p50_ms.toFixed(3)} ms · insert ${insert.p50_ms.toFixed(3)} ms (p50 of ${TURN} each)`);
    }
    const ratio = median(events.map(({ p50_ms }, i) => p50_ms / (inserts[i]?.p50_ms ?? 0)));
    const figures = {
      turns,
      events_a_turn: TURN,
      event_p50_ms: median(events.map(({ p50_ms }) => p50_ms)),
      event_p99_ms: median(events.map(({ p99_ms }) => p99_ms)),
      insert_p50_ms: median(inserts.map(({ p50_ms }) => p50_ms)),
      insert_p99_ms: median(inserts.map(({ p99_ms }) => p99_ms)),
      ratio: Math.round(ratio * 100) / 100,
    };
    tell(`one event takes ${figures.ratio.toFixed(2)} times one bare INSERT`);
    return { held: ratio <= CEILING, figures };
  } finally {
    await stage.close();
  }
}
