import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { drill, openDrillPlace } from '../support/drill.ts';
import { seeded } from '../support/storm.ts';
import type { Proof } from './prove.ts';

/**
 * The restore drill with so many acknowledged commands (each leaves about three rows in the journal), once with an archive that every
 * acknowledgement waits for, and once with one that follows behind: the first promises that nothing is lost, of the second the
 * loss is measured.
 */
export async function restore(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const commands = Number(args[0] ?? 12_000);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const figures: Record<string, unknown> = { commands };
  let held = true;
  for (const sync of [true, false]) {
    const place = await openDrillPlace();
    try {
      const sizes = { before: Math.ceil(commands / 2), between: Math.floor(commands / 2), after: Math.min(500, commands) };
      const {
        judged,
        restored: _,
        output: __,
        ...measured
      } = await drill(place, { random: seeded(seed), inFlight: 64, ...sizes, sync, tell });
      figures[sync ? 'waiting_for_the_archive' : 'archive_behind'] = { ...measured, judged };
      tell(`${sync ? 'waiting for the archive' : 'archive behind'}: ${JSON.stringify(measured)}`);
      const { missing, doubled, unended, gaps, broken_links, charges, settled } = judged;
      held &&= doubled + gaps + broken_links === 0 && charges === settled;
      // A payment whose creation came through and whose next command was lost waits for a client that has given it up.
      held &&= sync ? measured.lost + missing + unended === 0 : unended <= measured.orphaned;
    } finally {
      await rm(dirname(place.dataDir), { recursive: true, force: true });
    }
  }
  return { held, seed, figures };
}
