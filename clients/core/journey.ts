/** The course of a kind of actor: its usual way in order, and the states in which it ends. */
export type Course = { readonly line: readonly string[]; readonly ends: readonly string[] };

/** An actor came to be in a state. */
export type Visit = { readonly state: string; readonly at: string; readonly version: number };

export type Station = {
  readonly state: string;
  /** `bypassed`: the way led on without it. `closed`: it can no longer be reached. */
  readonly status: 'passed' | 'current' | 'ahead' | 'bypassed' | 'closed';
  /** When it was last entered, if that is known. */
  readonly visit: Visit | undefined;
  /** Off the usual way. */
  readonly siding: boolean;
};

/** The name of a state at the top of its chart: `executing.authorized` → `executing`. */
export function topOf(state: string): string {
  const dot = state.indexOf('.');
  return dot < 0 ? state : state.slice(0, dot);
}

/** The visits that a journal tells of: one for every row that entered another state at the top of the chart. */
export function toVisits(rows: readonly { readonly version: number; readonly at: string; readonly to: readonly string[] }[]): Visit[] {
  const visits: Visit[] = [];
  for (const { version, at, to } of rows.toSorted((a, b) => a.version - b.version)) {
    const state = topOf(to[0] ?? '');
    if (state !== '' && visits.at(-1)?.state !== state) visits.push({ state, at, version });
  }
  return visits;
}

/**
 * Lays out the way an actor has gone as stations: the usual line in its order, and whatever lay off it where it was left.
 * `visits` may be empty for somebody who may not read the journal: then only the present state is certain.
 */
export function toJourney(course: Course, visits: readonly Visit[], current: string): Station[] {
  const here = topOf(current);
  const ended = course.ends.includes(here);
  const last = new Map(visits.map((visit) => [visit.state, visit]));
  const reached = Math.max(course.line.indexOf(here), ...course.line.map((state, i) => (last.has(state) ? i : -1)));
  const stations = course.line.map((state, index): Station => {
    const visit = last.get(state);
    const status = state === here ? 'current' : visit ? 'passed' : index < reached ? 'bypassed' : ended ? 'closed' : 'ahead';
    return { state, status, visit, siding: false };
  });
  return withSidings(stations, visits, here);
}

function withSidings(line: readonly Station[], visits: readonly Visit[], here: string): Station[] {
  const stations = [...line];
  const known = new Set(line.map(({ state }) => state));
  let after = line.findIndex(({ state }) => state === here);
  for (const visit of [...visits, { state: here, at: '', version: -1 }]) {
    const at = stations.findIndex(({ state }) => state === visit.state);
    if (known.has(visit.state)) {
      after = at;
      continue;
    }
    known.add(visit.state);
    const status = visit.state === here ? 'current' : 'passed';
    const newest = visits.findLast(({ state }) => state === visit.state);
    after += 1;
    stations.splice(after, 0, { state: visit.state, status, visit: newest, siding: true });
  }
  return stations;
}
