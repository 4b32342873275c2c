import { bodyHash, chainHash, contentHashes } from '../chain.ts';
import { pack, unpack } from '../store/bundle.ts';
import { RetentionTable } from '../store/retention-table.ts';
import type { Bundle, Linked, Rested } from '../store/retention-table.ts';
import type { Finding } from './finding.ts';

export type RetainOptions = {
  readonly url: string;
  /** Epoch milliseconds: actors that have been at rest since before this moment. */
  readonly before: number;
  /** Packs, counts and writes nothing. */
  readonly dry: boolean;
  readonly progress?: (retained: Retained) => void;
  /** Ends it behind the actor that is being moved. */
  readonly signal?: AbortSignal;
};

export type Retained = {
  actors: number;
  rows: number;
  /** Bytes of the texts that were moved, and of the bundles that they became. */
  bytes: number;
  packed: number;
  /** What does not fit its hash is left where it is: moving it would make it look as if it had always been so. */
  readonly findings: Finding[];
};

/** One bundle has at most so many versions and so many characters: one of them is read to show one version. */
const MOST_ROWS = 500;
const MOST_CHARACTERS = 1_000_000;

/**
 * Moves the contents of all versions but the newest of actors at rest into the archive. Rows, numbers, ids and hashes stay, so
 * the chain verifies, a repeated event is still known, and whoever reads an old version gets it from the archive.
 */
export async function retain(options: RetainOptions): Promise<Retained> {
  const table = await RetentionTable.open(options.url);
  const retained: Retained = { actors: 0, rows: 0, bytes: 0, packed: 0, findings: [] };
  try {
    for (
      let page = await table.rested('', options.before);
      page.length > 0;
      page = await table.rested(page.at(-1)?.actor ?? '', options.before)
    ) {
      for (const actor of page) {
        if (options.signal?.aborted === true) return retained;
        await retainActor(table, actor, options.dry, retained);
      }
      options.progress?.(retained);
    }
    return retained;
  } finally {
    await table.close();
  }
}

async function retainActor(table: RetentionTable, rested: Rested, dry: boolean, retained: Retained): Promise<void> {
  retained.actors++;
  for (let linked = await table.whole(rested, MOST_ROWS); linked.length > 0; linked = await table.whole(rested, MOST_ROWS)) {
    const broken = linked.find(isBroken);
    if (broken !== undefined) {
      const { partition, seq, actor, version } = broken.row;
      retained.findings.push({ partition, seq, actor, version, what: 'does not fit its hash; the actor is left as it is' });
      return;
    }
    const rows = firstBundle(linked);
    const [first, last] = [rows[0]?.version ?? 0, rows.at(-1)?.version ?? 0];
    const packed = await pack(rows);
    const moved = rows.map((row) => ({ version: row.version, ...contentHashes(row) }));
    if (!dry) await table.move({ actor: rested.actor, first, last, ...packed }, moved);
    retained.rows += rows.length;
    retained.bytes += rows.reduce((sum, row) => sum + sizeOf(row), 0);
    retained.packed += packed.contents.length;
    // What was not written would be read again for ever.
    if (dry) return;
  }
}

function isBroken({ row, before }: Linked): boolean {
  return bodyHash(row.event) !== row.body_hash || chainHash(before, row) !== row.hash;
}

/** The versions from the first on that follow each other and do not become too much. */
function firstBundle(linked: readonly Linked[]): Linked['row'][] {
  const rows: Linked['row'][] = [];
  let characters = 0;
  for (const { row } of linked) {
    const previous = rows.at(-1);
    characters += row.event.length + row.envelope.length + row.asked.length;
    if (previous !== undefined && (row.version !== previous.version + 1 || characters > MOST_CHARACTERS)) break;
    rows.push(row);
  }
  return rows;
}

function sizeOf({ event, envelope, asked }: Linked['row']): number {
  return Buffer.byteLength(event) + Buffer.byteLength(envelope) + Buffer.byteLength(asked);
}

export type Restored = { rows: number; readonly findings: Finding[] };

/** Puts everything that is in the archive back into the journal. What does not fit its hash stays where it is. */
export async function undoRetention(url: string): Promise<Restored> {
  const table = await RetentionTable.open(url);
  const restored: Restored = { rows: 0, findings: [] };
  try {
    let after = { actor: '', first: 0 };
    for (let page = await table.bundles(after); page.length > 0; page = await table.bundles(after)) {
      for (const bundle of page) {
        after = bundle;
        await putBack(table, bundle, restored);
      }
    }
    return restored;
  } finally {
    await table.close();
  }
}

async function putBack(table: RetentionTable, bundle: Bundle, restored: Restored): Promise<void> {
  const { actor, first } = bundle;
  try {
    const contents = unpack(bundle);
    const hashes = await table.hashes(bundle);
    const fits = contents.every((each, index) => {
      const kept = hashes[index];
      const { envelope_hash, asked_hash } = contentHashes(each);
      return (
        kept?.version === first + index &&
        kept.body_hash === bodyHash(each.event) &&
        kept.envelope_hash === envelope_hash &&
        kept.asked_hash === asked_hash
      );
    });
    if (!fits) throw new Error('what it holds does not fit the hashes in the journal');
    await table.moveBack(bundle, contents);
    restored.rows += contents.length;
  } catch (error) {
    restored.findings.push({
      actor,
      version: first,
      what: `its bundle stays in the archive: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}
