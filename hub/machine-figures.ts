import { readStill } from '../actors/store/machine-figures.ts';
import type { StillRow } from '../actors/store/machine-figures.ts';
import type { Definition } from '../machines/machine.ts';
import type { Hub } from './hub.ts';
import { chartOf } from './machine-chart.ts';
import type { Move } from './flow.ts';
import { takenBetween } from './protocol/chart-moves.ts';
import { statesOf } from './protocol/chart.ts';
import type { Chart, Figures, Stuck } from './protocol/chart.ts';

const MOST_STUCK = 50;
/** So many actors under way are looked at for what is stuck. */
const MOST_UNDER_WAY = 20_000;

/** How many actors of a kind stand where, how they moved, and which have not moved for `stuck_ms` although they should. */
export async function readFigures(hub: Hub, definition: Definition, stuck_ms: number): Promise<Figures> {
  const { type } = definition;
  const chart = chartOf(definition);
  const now = hub.ports.clock.now();
  const alone = statesOf(chart).flatMap(({ path, alone: goes }) => (goes === true ? [path] : []));
  const query = { type, alone, before: now - stuck_ms, limit: MOST_STUCK, most: MOST_UNDER_WAY };
  const [{ counts, whole }, { moves, since }, still] = await Promise.all([
    hub.census.counts(type),
    hub.flow.moves(type),
    readStill(hub.store.database(), query),
  ]);
  const entries = [...counts];
  return {
    at: new Date(now).toISOString(),
    total: entries.reduce((sum, [, n]) => sum + n, 0),
    counts: countByPath(entries),
    whole,
    flow: flowByTransition(chart, moves),
    flowSince: since === undefined ? null : new Date(since).toISOString(),
    stuck: still.rows.map((row) => toStuck(row, query.before)),
    stuckAfter: stuck_ms,
    stuckWhole: still.whole,
  };
}

/** An actor counts once in each state that it is in, and in each one around it. */
function countByPath(counts: readonly (readonly [string, number])[]): Record<string, number> {
  const byPath: Record<string, number> = {};
  for (const [state, n] of counts) {
    const paths = new Set(state.split(',').flatMap(prefixes));
    for (const path of paths) byPath[path] = (byPath[path] ?? 0) + n;
  }
  return Object.fromEntries(Object.entries(byPath).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** `a.b.c` → `a`, `a.b`, `a.b.c` */
function prefixes(path: string): string[] {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, index + 1).join('.'));
}

function flowByTransition(chart: Chart, moves: readonly Move[]): Figures['flow'] {
  const flow: Record<string, { hour: number; day: number }> = {};
  for (const { from, event, to, hour, day } of moves) {
    for (const id of takenBetween(chart, from, event, to)) {
      const known = (flow[id] ??= { hour: 0, day: 0 });
      known.hour += hour;
      known.day += day;
    }
  }
  return flow;
}

function toStuck({ address, title, state, updated_at, due_at, parked }: StillRow, before: number): Stuck {
  const overdue = due_at !== undefined && due_at < before;
  return {
    address,
    title,
    state: state.split(','),
    since: new Date(updated_at).toISOString(),
    why: parked ? 'parked' : overdue ? 'overdue' : due_at === undefined ? 'effect' : 'timer',
    due: due_at === undefined ? null : new Date(due_at).toISOString(),
  };
}
