import { readFileSync, readdirSync } from 'node:fs';

type Process = { readonly pid: number; readonly parent: number; readonly name: string; readonly cpu_s: number; readonly rss_mb: number };

const TICKS = 100;
const PAGE_MB = 4096 / 1e6;

/** What these processes and all that they started have used so far; `without` leaves out those of a name, with what they started. */
export function usedBy(roots: readonly number[], without: readonly string[] = []): { readonly cpu_s: number; readonly rss_mb: number } {
  const all = readAll();
  const counted = new Set<number>();
  const visit = (pid: number): void => {
    const process = all.get(pid);
    if (process === undefined || counted.has(pid) || without.includes(process.name)) return;
    counted.add(pid);
    for (const child of all.values()) if (child.parent === pid) visit(child.pid);
  };
  roots.forEach(visit);
  let cpu_s = 0;
  let rss_mb = 0;
  for (const pid of counted) {
    cpu_s += all.get(pid)?.cpu_s ?? 0;
    rss_mb += all.get(pid)?.rss_mb ?? 0;
  }
  return { cpu_s, rss_mb };
}

/** The servers of a name among what a process has started. */
export function startedBy(root: number, name: string): readonly number[] {
  const all = readAll();
  const below = (pid: number): number[] =>
    [...all.values()].filter(({ parent }) => parent === pid).flatMap((child) => (child.name === name ? [child.pid] : below(child.pid)));
  return below(root);
}

function readAll(): ReadonlyMap<number, Process> {
  const all = new Map<number, Process>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const pid = Number(entry);
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const ticks = (fields[11] ?? 0) + (fields[12] ?? 0);
      all.set(pid, { pid, parent: fields[1] ?? 0, name, cpu_s: ticks / TICKS, rss_mb: (fields[21] ?? 0) * PAGE_MB });
    } catch {
      // the process has ended since
    }
  }
  return all;
}
