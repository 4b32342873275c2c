import { toLine } from '../../actors/journal/finding.ts';
import { verifyJournal } from '../../actors/journal/verify.ts';
import type { Verified } from '../../actors/journal/verify.ts';
import { JournalReader } from '../../actors/store/audit.ts';
import type { Definition } from '../../machines/machine.ts';
import { machines } from '../../machines/machines.ts';
import type { Config } from '../config.ts';
import { readOutsideHeads } from './heads.ts';

export type Checking = {
  readonly config: Config;
  readonly url: string;
  readonly tell: (line: string) => void;
  readonly from?: number;
  /** Data directories with signed heads. */
  readonly heads: readonly string[];
};

export const definitions: ReadonlyMap<string, Definition> = new Map(machines.map((definition) => [definition.type, definition]));

const WORD_EVERY_MS = 5_000;

/** Verifies, prints a line for each finding, and returns whether there was none. */
export async function checkJournal({ config, url, tell, from, heads: directories }: Checking): Promise<boolean> {
  const hubId = await hubIdOf(url);
  // Before the journal is looked at: what is signed meanwhile is of rows that this look does not see.
  const heads = readOutsideHeads(config, directories, hubId);
  const reader = await JournalReader.open(url);
  try {
    let nextWord = performance.now() + WORD_EVERY_MS;
    const progress = (rows: number, actors: number): void => {
      if (performance.now() < nextWord) return;
      nextWord = performance.now() + WORD_EVERY_MS;
      tell(`${rows} rows and ${actors} actors so far`);
    };
    const start = from === undefined ? {} : { from };
    const verified = await verifyJournal({ reader, definitions, heads: heads.expected, progress, ...start });
    report(verified, heads.troubles);
    tell(
      `${verified.rows} rows, ${verified.actors} actors, ${verified.legs} legs of the ledger and ${verified.archived} archived versions were checked; ${heads.note}`,
    );
    if (verified.lean > 0)
      tell(`of ${verified.lean} actors of older or unknown machines, title, summary, tags and whose they are were not compared`);
    const count = verified.count + heads.troubles.length;
    tell(count === 0 ? 'everything is as it was written' : `${count} findings`);
    return count === 0;
  } finally {
    await reader.close();
  }
}

async function hubIdOf(url: string): Promise<string | undefined> {
  const reader = await JournalReader.open(url);
  try {
    return await reader.hubId();
  } finally {
    await reader.close();
  }
}

function report({ findings, count }: Verified, troubles: readonly string[]): void {
  const lines = [...troubles, ...findings.map(toLine)];
  if (count > findings.length) lines.push(`and ${count - findings.length} more`);
  for (const line of lines) process.stdout.write(`${line}\n`);
}
