import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openDirectory, processHub } from './support/process-hub.ts';
import { STORM_ENV, seeded, setStage, storm } from './support/storm.ts';
import type { Victim } from './support/storm.ts';

/* The long form, 20 kills of each, is `npm run prove -- crash`. */

const KILLS = 2;
const IN_FLIGHT = 32;

for (const victim of ['hub', 'postgres', 'nats'] satisfies Victim[]) {
  test(
    `[CRASH-1] after kill -9 of ${victim} nothing acknowledged is missing, nothing is charged twice and every payment ends`,
    { timeout: 240_000 },
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const dataDir = await openDirectory('crash');
      const hub = await processHub(dataDir, STORM_ENV);
      try {
        await hub.start();
        await setStage(hub);
        const result = await storm({ hub, victim, kills: KILLS, inFlight: IN_FLIGHT, random: seeded(seed) });
        const wrong = {
          missing: result.missing,
          doubled: result.doubled,
          unended: result.unended,
          gaps: result.gaps,
          broken_links: result.broken_links,
        };
        expect(wrong, `seed ${seed}: ${JSON.stringify(result)}\n${hub.output().slice(-3000)}`).toEqual({
          missing: 0,
          doubled: 0,
          unended: 0,
          gaps: 0,
          broken_links: 0,
        });
        expect(result.charges).toBe(result.settled);
        expect(result.expired).toBeGreaterThan(0);
      } finally {
        await hub.stop();
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  );
}
