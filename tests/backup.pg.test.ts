import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { drill, openDrillPlace } from './support/drill.ts';
import { seeded } from './support/storm.ts';

/* The long form is `npm run prove -- restore`. */

test(
  '[BACKUP-1] a hub that was destroyed under load comes back from its archive with every acknowledged event, and no effect is done twice',
  { timeout: 240_000 },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const place = await openDrillPlace();
    try {
      const options = { random: seeded(seed), inFlight: 16, before: 200, between: 200, after: 100, sync: true };
      const result = await drill(place, { ...options, tell: (line) => process.stderr.write(`${line}\n`) });
      const { judged, lost, restore_seconds, down_seconds, acknowledged_before_the_disaster: told } = result;
      process.stderr.write(
        `the restore took ${restore_seconds.toFixed(1)} s, the hub was away for ${down_seconds.toFixed(1)} s, lost ${lost} of ${told}\n`,
      );
      const { missing, doubled, unended, gaps, broken_links } = judged;
      expect({ lost, missing, doubled, unended, gaps, broken_links }, `seed ${seed}: ${JSON.stringify(result)}`).toEqual({
        ...{ lost: 0, missing: 0, doubled: 0, unended: 0, gaps: 0, broken_links: 0 },
      });
      expect(judged.charges).toBe(judged.settled);
      expect(result.restored).toContain('every signed head that is known is in the journal');
    } finally {
      await rm(dirname(place.dataDir), { recursive: true, force: true });
    }
  },
);
