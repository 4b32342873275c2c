import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadsKey, readHeads, toHeadsLine } from '../actors/signed-heads.ts';
import type { HeadsRecord, ReadHeads } from '../actors/signed-heads.ts';
import type { Config } from './config.ts';
import { keptSecret } from './embedded/data-directory.ts';

/** A file beyond this is put aside and a new one begun, which starts with every head; so many old ones are kept. */
const LONGEST = 2 * 1024 * 1024;
const KEPT = 16;

/** The key by which this hub signs heads: of the secret that encrypts what it stores, so that it is the same on every node. */
export function headsKeyOf(config: Pick<Config, 'secretKey' | 'dataDir'>): HeadsKey {
  return new HeadsKey(config.secretKey ?? keptSecret(config.dataDir, 'stored-secrets').value);
}

/** Everything that was signed into a data directory and is still kept there, the oldest first. */
export function readSignedHeads(dataDir: string, publicKey: string): ReadHeads {
  return readHeads(
    filesIn(dataDir)
      .map((path) => whole(readFileSync(path, 'utf8')))
      .join(''),
    publicKey,
  );
}

/** The append-only files `heads/<number>.jsonl` of a data directory. */
export class HeadsFile {
  /** What the newest file says; it begins with every head there was. */
  readonly newest: ReadHeads;
  readonly #dataDir: string;
  readonly #key: HeadsKey;
  #last: string;
  #path: string;
  #length: number;

  constructor(dataDir: string, key: HeadsKey) {
    this.#dataDir = dataDir;
    this.#key = key;
    const path = filesIn(dataDir).at(-1);
    const text = path === undefined ? '' : readFileSync(path, 'utf8');
    const kept = whole(text);
    this.newest = readHeads(kept, key.publicKey);
    // A line that a crash cut short is left behind in its own file: nothing that was written is ever changed.
    this.#path = path === undefined || kept.length < text.length ? nextPath(dataDir) : path;
    this.#last = this.newest.lastLine;
    this.#length = this.#path === path ? Buffer.byteLength(text) : 0;
  }

  /** Whether the next record begins a file and should hold every head: older files leave one day. */
  get isFresh(): boolean {
    return this.#length === 0 || this.#length > LONGEST;
  }

  /** Signs and writes a record down; it is on disk when this resolves. One at a time. Returns the line, for whoever keeps it elsewhere. */
  async append(record: HeadsRecord): Promise<string> {
    if (this.#length > LONGEST) {
      this.#path = nextPath(this.#dataDir);
      this.#length = 0;
      for (const old of filesIn(this.#dataDir).slice(0, -(KEPT - 1))) rmSync(old, { force: true });
    }
    const line = toHeadsLine(this.#key, this.#last, record);
    mkdirSync(join(this.#dataDir, 'heads'), { recursive: true, mode: 0o700 });
    await appendFile(this.#path, `${line}\n`, { mode: 0o600, flush: true });
    this.#length += Buffer.byteLength(line) + 1;
    this.#last = line;
    return line;
  }
}

/** Keeps a line in the archive of backups as well, where a restore finds it; of each node the last few megabytes. */
export async function copyHeads(archive: string, node: string, line: string): Promise<void> {
  const path = join(archive, 'heads', `${node}.jsonl`);
  mkdirSync(join(archive, 'heads'), { recursive: true, mode: 0o700 });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LONGEST) renameSync(path, `${path}.before`);
  await appendFile(path, `${line}\n`, { mode: 0o600, flush: true });
}

function filesIn(dataDir: string): string[] {
  const dir = join(dataDir, 'heads');
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => /^\d{6}\.jsonl$/.test(name))
    .toSorted()
    .map((name) => join(dir, name));
}

function nextPath(dataDir: string): string {
  const last = Number(/(\d{6})\.jsonl$/.exec(filesIn(dataDir).at(-1) ?? '')?.[1] ?? 0);
  return join(dataDir, 'heads', `${String(last + 1).padStart(6, '0')}.jsonl`);
}

function whole(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}
