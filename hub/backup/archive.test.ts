import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLsn, toLsn } from '../../actors/store/replication.ts';
import { lineageOf, openArchive, readArchive, readLineage, segmentName, segmentsOf, unbroken } from './archive.ts';
import type { Archive } from './archive.ts';
import { basesOf } from './manifest.ts';
import { readTarget } from './restore-target.ts';
import { WalWriter } from './wal-writer.ts';

const MB = 1024 * 1024;
const DATABASE = { system: '7710824713777462358', segment_bytes: MB };
let dir: string;
let archive: Archive;

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'green-lines-archive-')), 'archive');
  archive = openArchive(dir, DATABASE);
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

const put = (...names: string[]): void => names.forEach((name) => writeFileSync(join(dir, 'wal', name), ''));
const at = (segment: number): bigint => BigInt(segment) * BigInt(MB);
const noise = (length: number, seed: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => (index * 31 + seed) & 255));

describe('an archive of backups', () => {
  test('[BACKUP-4] belongs to one database, and is made only where nothing else lies', () => {
    expect(openArchive(dir, DATABASE)).toEqual(archive);
    expect(readArchive(dir)).toEqual(archive);
    expect(() => openArchive(dir, { ...DATABASE, system: '1' })).toThrow(/holds the backups of another database/);
    const other = join(dir, '..', 'other');
    mkdirSync(join(other, 'lost+found'), { recursive: true });
    expect(openArchive(other, DATABASE).id).not.toBe(archive.id);
    const full = join(dir, '..', 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'letter.txt'), '');
    expect(() => openArchive(full, DATABASE)).toThrow(/is not empty and holds no backups/);
    expect(() => readArchive(full)).toThrow(/holds no backups/);
  });

  test('[BACKUP-5] what has no manifest is no backup', () => {
    mkdirSync(join(dir, 'base', '20261122T030000000Z'));
    mkdirSync(join(dir, 'base', 'making-1-abcdef01'));
    writeFileSync(join(dir, 'base', 'making-1-abcdef01', 'manifest.json'), '{}');
    expect(basesOf(archive)).toEqual([]);
    writeFileSync(join(dir, 'base', '20261122T030000000Z', 'manifest.json'), '{"format":1');
    expect(() => basesOf(archive)).toThrow(/cannot be read/);
  });

  test('[BACKUP-6] places in the log and the names of its segments are those of PostgreSQL', () => {
    expect(toLsn(readLsn('16/B374D848'))).toBe('16/B374D848');
    expect(() => readLsn('nowhere')).toThrow(/is no place/);
    const usual = { ...archive, segment_bytes: 16 * MB };
    expect(segmentName(usual, 1, readLsn('0/2000028'))).toBe('000000010000000000000002');
    expect(segmentName(usual, 10, readLsn('1F/FF000000'))).toBe('0000000A0000001F000000FF');
    put('000000010000000000000002', '0000000A0000001F00000003.partial', 'sums', '00000002.history');
    expect(segmentsOf(archive)).toEqual([
      { name: '000000010000000000000002', timeline: 1, start: at(2), isPartial: false },
      { name: '0000000A0000001F00000003.partial', timeline: 10, start: at(0x1f * 4096 + 3), isPartial: true },
    ]);
  });

  test('[BACKUP-7] the log leads forward to its first gap, over to a newer timeline where one was left', () => {
    const one = [{ timeline: 1, from: 0n }];
    put(...[2, 3, 4, 6].map((each) => segmentName(archive, 1, at(each))));
    const names = ({ files }: ReturnType<typeof unbroken>): string[] => files.map(({ name }) => name);
    expect(names(unbroken(archive, one, at(2) + 5n))).toEqual([2, 3, 4].map((each) => segmentName(archive, 1, at(each))));
    expect(unbroken(archive, one, at(2)).gap).toBe(true);
    put(`${segmentName(archive, 1, at(5))}.partial`);
    expect(unbroken(archive, one, at(2)).files.at(-1)).toMatchObject({ isPartial: true, start: at(5) });
    // Restored in the middle of the fourth segment: the newer timeline's fourth holds both.
    writeFileSync(join(dir, 'wal', '00000002.history'), `1\t${toLsn(at(4) + 77n)}\tno recovery target specified\n`);
    put(segmentName(archive, 2, at(4)), `${segmentName(archive, 2, at(5))}.partial`);
    const two = lineageOf(archive);
    expect(two).toEqual([
      { timeline: 1, from: 0n },
      { timeline: 2, from: at(4) + 77n },
    ]);
    expect(names(unbroken(archive, two, at(3)))).toEqual([
      segmentName(archive, 1, at(3)),
      segmentName(archive, 2, at(4)),
      `${segmentName(archive, 2, at(5))}.partial`,
    ]);
    expect(lineageOf(archive, 1)).toEqual(one);
    expect(() => lineageOf(archive, 3)).toThrow(/no timeline 3/);
    expect(readLineage(3, '1\t0/100\tx\n2\t0/200\ty\n').at(-1)).toEqual({ timeline: 3, from: 0x200n });
  });

  test('[BACKUP-8] the log is written in whole segments with their SHA-256, and one that is being filled goes on after a crash', async () => {
    const log = noise(2.5 * MB, 1);
    const first = new WalWriter(archive, 1);
    await first.write([{ at: at(7), bytes: log.subarray(0, 1000) }]);
    await first.sync();
    expect(first.flushed).toBe(at(7) + 1000n);
    await first.close(); // as a crash leaves it
    expect(WalWriter.resume(archive, 1)).toBe(at(7));
    const second = new WalWriter(archive, 1);
    for (let from = 0; from < log.length; from += 300_000)
      await second.write([{ at: at(7) + BigInt(from), bytes: log.subarray(from, from + 300_000) }]);
    await second.sync();
    await second.close();
    const names = [7, 8].map((each) => segmentName(archive, 1, at(each)));
    expect(readdirSync(join(dir, 'wal')).toSorted()).toEqual([...names, `${segmentName(archive, 1, at(9))}.partial`, 'sums'].toSorted());
    expect(Buffer.concat(names.map((name) => readFileSync(join(dir, 'wal', name)))).equals(log.subarray(0, 2 * MB))).toBe(true);
    const sums = names.map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(dir, 'wal', name)))
          .digest('hex')}  ${name}\n`,
    );
    expect(readFileSync(join(dir, 'wal', 'sums'), 'utf8')).toBe(sums.join(''));
    expect(WalWriter.resume(archive, 1)).toBe(at(9));
    expect(WalWriter.resume(archive, 2)).toBeUndefined();
  });

  test('[BACKUP-9] another log is never written over the one that is there, and a piece is never left out', async () => {
    const writer = new WalWriter(archive, 1);
    await writer.write([{ at: at(1), bytes: noise(1000, 1) }]);
    await expect(writer.write([{ at: at(1) + 2000n, bytes: noise(10, 1) }])).rejects.toThrow(/what comes next is/);
    await writer.close();
    const stranger = new WalWriter(archive, 1);
    await expect(stranger.write([{ at: at(1), bytes: noise(1000, 2) }])).rejects.toThrow(/another database writes into the archive/);
    await stranger.close();
    const whole = new WalWriter(archive, 1);
    await whole.write([{ at: at(1), bytes: Buffer.concat([noise(1000, 1), noise(MB - 1000, 3)]) }]);
    await whole.close();
    await expect(new WalWriter(archive, 1).write([{ at: at(1), bytes: noise(10, 1) }])).rejects.toThrow(/is whole already/);
    expect(statSync(join(dir, 'wal', segmentName(archive, 1, at(1)))).size).toBe(MB);
  });

  test('[BACKUP-10] a moment to restore to names its zone and lies in the past, a row is PARTITION:SEQ', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    expect(readTarget(undefined, undefined, now)).toBeUndefined();
    expect(readTarget('2026-11-22T03:04:05.678+01:00', undefined, now)).toEqual({ at: new Date('2026-11-22T02:04:05.678Z') });
    expect(readTarget(undefined, '17:4711', now)).toEqual({ row: { partition: 17, seq: 4711 } });
    for (const bad of ['2026-11-22T03:04:05', 'yesterday', '2026-13-40T99:00:00Z'])
      expect(() => readTarget(bad, undefined, now)).toThrow(/zone/);
    expect(() => readTarget('2026-11-22T12:00:01Z', undefined, now)).toThrow(/not come yet/);
    expect(() => readTarget(undefined, '17', now)).toThrow(/PARTITION:SEQ/);
    expect(() => readTarget('2026-11-22T03:04:05Z', '17:4711', now)).toThrow(/not both/);
  });
});
