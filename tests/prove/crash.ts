import { rm } from 'node:fs/promises';
import { openDirectory, processHub } from '../support/process-hub.ts';
import { STORM_ENV, seeded, setStage, storm } from '../support/storm.ts';
import type { StormResult, Victim } from '../support/storm.ts';
import type { Proof } from './prove.ts';

const IN_FLIGHT = 64;

/** `kill -9` of the hub, of PostgreSQL and of NATS, so many times each, while 64 payments are under way. */
export async function crash(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const kills = Number(args[0] ?? 20);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const figures: Record<string, StormResult> = {};
  for (const victim of ['hub', 'postgres', 'nats'] satisfies Victim[]) {
    const dataDir = await openDirectory('crash');
    const hub = await processHub(dataDir, STORM_ENV);
    try {
      await hub.start();
      await setStage(hub);
      figures[victim] = await storm({ hub, victim, kills, inFlight: IN_FLIGHT, random: seeded(seed) });
      tell(`${victim}: ${JSON.stringify(figures[victim])}`);
    } finally {
      await hub.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  }
  const held = Object.values(figures).every(
    ({ missing, doubled, unended, gaps, broken_links, charges, settled, expired }) =>
      missing + doubled + unended + gaps + broken_links === 0 && charges === settled && expired > 0,
  );
  return { held, seed, figures };
}
