import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { writeScene } from '../tests/support/journal-scene.ts';
import { testDatabase } from '../tests/support/postgres.ts';
import { VirtualPorts } from '../actors/ports/virtual.ts';
import { startNightly } from './nightly.ts';

const HOUR_MS = 3_600_000;

test('[KEEP-10] a hub that is told to keep contents for so many days moves what is older to the archive once a night, and what is younger not', async () => {
  const database = await testDatabase();
  const { store, now } = await writeScene(database.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('update progress p set published = (select coalesce(max(seq), 0) from journal j where j.partition = p.partition)');
    const archived = async (): Promise<number> =>
      ((await client.query('select count(*)::int as n from journal_archive')).rows as { n: number }[])[0]?.n ?? 0;
    const night = async (days: number): Promise<number> => {
      const ports = new VirtualPorts({ start: now + 30 * 24 * HOUR_MS });
      const nightly = startNightly({ url: database.url, days, ports });
      await ports.advance(24 * HOUR_MS);
      // The database works in real time; stopping ends what is under way.
      await vi.waitUntil(() => days === 0 || ports.lines.some(({ message }) => message.includes('to the archive')), 20_000);
      await nightly.stop();
      expect(ports.lines.filter(({ level }) => level === 'error')).toEqual([]);
      return archived();
    };
    expect(await night(0)).toBe(0);
    expect(await night(60)).toBe(0);
    expect(await night(7)).toBeGreaterThan(5);
  } finally {
    await client.end();
    await store.close();
    await database.close();
  }
});
