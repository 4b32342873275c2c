import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Refused } from '../../actors/store/refused.ts';
import { toLsn } from '../../actors/store/replication.ts';
import type { Lsn } from '../../actors/store/replication.ts';
import { readJsonIfThere, writeDurably } from '../embedded/data-directory.ts';

/*
 * A directory of backups: `base/<time>/` are base backups, `wal/` is the write-ahead log by which one of them is brought
 * forward to any later moment. It belongs to one database, which its system identifier names.
 */

const about = z.strictObject({ format: z.literal(1), id: z.string(), system: z.string(), segment_bytes: z.int().positive() });

export type Archive = {
  readonly dir: string;
  readonly id: string;
  /** PostgreSQL's name for the cluster; a restored one keeps it. */
  readonly system: string;
  readonly segment_bytes: number;
};

/** Reads an archive; throws when there is none. */
export function readArchive(dir: string): Archive {
  const found = readIfArchive(dir);
  if (found === undefined)
    throw new Refused(`${dir} holds no backups: there is no archive.json in it. Is the path right, and its disk mounted?`);
  return found;
}

/** The archive of this database in `dir`, made if there is nothing yet. */
export function openArchive(dir: string, database: { readonly system: string; readonly segment_bytes: number }): Archive {
  const found = readIfArchive(dir);
  if (found !== undefined) {
    if (found.system === database.system && found.segment_bytes === database.segment_bytes) return complete(found);
    throw new Refused(
      `${dir} holds the backups of another database (${found.system}; this one is ${database.system}): give this one a directory of its own`,
    );
  }
  // A fresh disk has lost+found, and an archive that was cut off while it was made has a draft.
  const others = existsSync(dir) ? readdirSync(dir).filter((name) => name !== 'lost+found' && !name.startsWith('archive.json.draft')) : [];
  if (others.length > 0)
    throw new Refused(`${dir} is not empty and holds no backups: give an empty directory, or one with an archive.json`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { system, segment_bytes } = database;
  const made = { format: 1, id: randomBytes(4).toString('hex'), system, segment_bytes };
  writeDurably(join(dir, 'archive.json'), `${JSON.stringify(made)}\n`);
  return complete({ dir, ...made });
}

/** The parts of an archive, in case it was cut off after its beginning. */
function complete(archive: Archive): Archive {
  for (const part of ['base', 'wal', 'heads']) mkdirSync(join(archive.dir, part), { recursive: true, mode: 0o700 });
  syncDirectory(archive.dir);
  return archive;
}

function readIfArchive(dir: string): Archive | undefined {
  const path = join(dir, 'archive.json');
  if (!existsSync(path)) return undefined;
  const read = about.safeParse(readJsonIfThere(path));
  if (!read.success) throw new Refused(`${path} cannot be read; it was changed, or is of a newer release`);
  return { dir, ...read.data };
}

/** The slot that makes PostgreSQL keep what this archive has not got yet. */
export function slotOf(archive: Archive): string {
  return `${SLOTS}${archive.id}`;
}

export const SLOTS = 'green_lines_archive_';

/** The file that holds this place, as PostgreSQL names it: timeline, then the number of the segment in two parts. */
export function segmentName(archive: Archive, timeline: number, at: Lsn): string {
  const size = BigInt(archive.segment_bytes);
  const perPart = 0x1_0000_0000n / size;
  const number = at / size;
  return [BigInt(timeline), number / perPart, number % perPart].map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('');
}

export function segmentStart(archive: Archive, at: Lsn): Lsn {
  return at - (at % BigInt(archive.segment_bytes));
}

export type Segment = { readonly name: string; readonly timeline: number; readonly start: Lsn; readonly isPartial: boolean };

/** Every segment of the archive, by name. */
export function segmentsOf(archive: Archive): Segment[] {
  const perPart = 0x1_0000_0000n / BigInt(archive.segment_bytes);
  return readdirSync(join(archive.dir, 'wal'))
    .toSorted()
    .flatMap((name) => {
      const [, timeline, part, number, partial] = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?$/.exec(name) ?? [];
      if (timeline === undefined) return [];
      const start = (BigInt(`0x${part}`) * perPart + BigInt(`0x${number}`)) * BigInt(archive.segment_bytes);
      return [{ name, timeline: Number.parseInt(timeline, 16), start, isPartial: partial !== undefined }];
    });
}

/** Where timelines began, the oldest first, as a timeline's history file tells; the last is the timeline itself. */
export type Lineage = readonly { readonly timeline: number; readonly from: Lsn }[];

export function historyName(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
}

/** Reads a history file: each line is a timeline and where it was left for the next. */
export function readLineage(timeline: number, text: string): Lineage {
  const left = text.split('\n').flatMap((line) => {
    const [, id, high, low] = /^\s*(\d+)\s+([0-9A-F]+)\/([0-9A-F]+)\s/i.exec(line) ?? [];
    return id === undefined ? [] : [{ timeline: Number(id), to: (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`) }];
  });
  const starts = [0n, ...left.map(({ to }) => to)];
  return [...left.map(({ timeline: id }) => id), timeline].map((id, index) => ({ timeline: id, from: starts[index] ?? 0n }));
}

/** The lineage of the newest timeline, or of the one that is asked for. */
export function lineageOf(archive: Archive, timeline?: number): Lineage {
  const known = readdirSync(join(archive.dir, 'wal')).flatMap((name) => {
    const [, id] = /^([0-9A-F]{8})\.history$/.exec(name) ?? [];
    return id === undefined ? [] : [Number.parseInt(id, 16)];
  });
  const wanted = timeline ?? Math.max(1, ...known);
  if (wanted === 1) return [{ timeline: 1, from: 0n }];
  if (!known.includes(wanted)) throw new Refused(`The archive knows no timeline ${wanted}, only ${[1, ...known].join(', ')}.`);
  return readLineage(wanted, readFileSync(join(archive.dir, 'wal', historyName(wanted)), 'utf8'));
}

/**
 * The files that lead from a place forward without a gap, and where they end. On the segment in which one timeline was left for
 * another, the newer one's file holds both.
 */
export function unbroken(archive: Archive, lineage: Lineage, from: Lsn): { readonly files: readonly Segment[]; readonly gap: boolean } {
  const all = segmentsOf(archive);
  const byName = new Map(all.map((segment) => [segment.name, segment]));
  const files: Segment[] = [];
  let at = segmentStart(archive, from);
  for (;;) {
    const timeline = lineage.findLast((each) => segmentStart(archive, each.from) <= at)?.timeline ?? 1;
    const name = segmentName(archive, timeline, at);
    const found = byName.get(name) ?? byName.get(`${name}.partial`);
    if (found === undefined) break;
    files.push(found);
    if (found.isPartial) break;
    at += BigInt(archive.segment_bytes);
  }
  const last = lineage.at(-1)?.timeline;
  return { files, gap: all.some(({ timeline, start }) => timeline === last && start > at) };
}

export function describeRange(archive: Archive, files: readonly Segment[]): string {
  const [first] = files;
  const last = files.at(-1);
  if (first === undefined || last === undefined) return 'nothing';
  return `${toLsn(first.start)} to ${toLsn(last.start + BigInt(archive.segment_bytes))}`;
}

export function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
