import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { Refused } from '../../actors/store/refused.ts';
import { readLsn } from '../../actors/store/replication.ts';
import type { Archive } from './archive.ts';

/** What a base backup is, and the SHA-256 of each of its files. It is written last, so that what has none is no backup. */
const schema = z.strictObject({
  format: z.literal(1),
  release: z.string(),
  postgres: z.strictObject({ version: z.string(), major: z.string() }),
  /** Of the embedded PostgreSQL; else of a server of the operator's own. */
  embedded: z.boolean(),
  timeline: z.int(),
  /** Recovery begins at `start` and must come at least to `end`: before, the copy is not consistent. */
  start: z.string().transform(readLsn),
  end: z.string().transform(readLsn),
  started_at: z.iso.datetime().transform((text) => new Date(text)),
  ended_at: z.iso.datetime().transform((text) => new Date(text)),
  files: z.record(z.string(), z.strictObject({ bytes: z.int(), sha256: z.string() })),
});

export type Manifest = z.infer<typeof schema>;
export type Base = { readonly name: string; readonly dir: string; readonly manifest: Manifest };
export const MANIFEST = 'manifest.json';

/** The complete base backups of an archive, the oldest first. */
export function basesOf(archive: Archive): Base[] {
  return readdirSync(join(archive.dir, 'base'))
    .filter((name) => existsSync(join(archive.dir, 'base', name, MANIFEST)) && !name.startsWith('making-'))
    .toSorted()
    .map((name) => {
      const dir = join(archive.dir, 'base', name);
      return { name, dir, manifest: readManifest(dir) };
    });
}

function readManifest(dir: string): Manifest {
  const path = join(dir, MANIFEST);
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new Refused(`${path} cannot be read: it was changed, or is of a newer release (${String(error).slice(0, 200)})`);
  }
}

/** Throws with the names of files that are missing or are not what was backed up. */
export async function mustMatch(base: Base, tell: (line: string) => void): Promise<void> {
  const wrong: string[] = [];
  for (const [name, { bytes, sha256 }] of Object.entries(base.manifest.files)) {
    const path = join(base.dir, name);
    if (!existsSync(path)) wrong.push(`${name} is missing`);
    else {
      if (bytes > 1e9) tell(`checking ${name} (${(bytes / 1e9).toFixed(1)} GB)`);
      if ((await sha256Of(path)) !== sha256) wrong.push(`${name} was changed`);
    }
  }
  if (wrong.length > 0)
    throw new Refused(
      `The backup ${base.dir} is damaged: ${wrong.join(', ')}. Take another one (npm run backup -- --to ${join(base.dir, '..', '..')} --list).`,
    );
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
