import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

/** A seed as it was given; by chance where none was; or with `tree` one that every change of these folders makes anew. */
export function readSeed(given: string | undefined, folders: readonly string[]): number {
  if (given === undefined) return 1 + Math.floor(Math.random() * 2 ** 30);
  if (given !== 'tree') return Number(given);
  const trees = folders.map((folder) => `HEAD:${folder}`);
  const text = execFileSync('git', ['rev-parse', ...trees], { encoding: 'utf8', cwd: import.meta.dirname });
  return Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 7), 16);
}
