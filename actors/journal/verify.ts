import { PARTITIONS, typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { bodyHash, contentHashes } from '../chain.ts';
import type { SignedHead } from '../signed-heads.ts';
import type { AuditBundle, AuditRow, JournalReader } from '../store/audit.ts';
import { wrongColumns } from './actor-check.ts';
import { unpack } from '../store/bundle.ts';
import type { Contents } from '../store/bundle.ts';
import { ChainWalk } from './chain-walk.ts';
import { Findings } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkContents, isEmptied, placeOf } from './row-check.ts';

export type VerifyOptions = {
  readonly reader: JournalReader;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Heads that were signed outside, by partition: without them a tail that was cut off everywhere at once cannot be seen. */
  readonly heads?: ReadonlyMap<number, readonly SignedHead[]>;
  /** Walks the chains from this row of each partition on, and takes the one before it for good. */
  readonly from?: number;
  /** Told now and then how many rows and actors were read. */
  readonly progress?: (rows: number, actors: number) => void;
};

export type Verified = {
  readonly rows: number;
  readonly actors: number;
  readonly legs: number;
  /** Rows whose contents are in the archive, and were checked there. */
  readonly archived: number;
  /** Actors of older or unknown machines: of their rows only what every envelope says was checked. */
  readonly lean: number;
  /** How much there is; `findings` holds the first 10,000. */
  readonly count: number;
  readonly findings: readonly Finding[];
};

/** Checks the whole journal, and everything that can be made of it, against itself. Reads only; memory is bounded by a few pages. */
export async function verifyJournal(options: VerifyOptions): Promise<Verified> {
  return new Verification(options).run();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #findings = new Findings();
  #rows = 0;
  #actors = 0;
  #legs = 0;
  #archived = 0;
  #lean = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  async run(): Promise<Verified> {
    await this.#chains();
    await this.#actorRows();
    await this.#archive();
    for (const { actor, version, note } of await this.#options.reader.misfits()) this.#findings.add({ actor, version, what: note });
    const { count, kept } = this.#findings;
    return { rows: this.#rows, actors: this.#actors, legs: this.#legs, archived: this.#archived, lean: this.#lean, count, findings: kept };
  }

  /** All partitions side by side: they grew side by side, so what lies beside a row on the disk is read while it is still in memory. */
  async #chains(): Promise<void> {
    const { reader, heads, from = 1 } = this.#options;
    const findings = this.#findings;
    const published = await reader.published();
    for (const stray of await reader.strays()) findings.add({ ...stray, what: 'was put in: no partition has such a row' });
    let walks = Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      walk: new ChainWalk({ partition, from, heads: heads?.get(partition) ?? [], findings }),
    }));
    while (walks.length > 0) {
      const rows = Map.groupBy(
        await reader.rows(walks.map(({ partition, walk }) => ({ partition, seq: walk.cursor }))),
        (row) => row.partition,
      );
      walks = walks.filter(({ partition, walk }) => {
        for (const row of rows.get(partition) ?? []) this.#take(walk, row);
        if (rows.has(partition)) return true;
        walk.end(published.get(partition) ?? 0);
        return false;
      });
      this.#tell();
    }
  }

  #take(walk: ChainWalk, row: AuditRow): void {
    walk.take(row);
    this.#rows++;
    this.#legs += row.legs.length;
  }

  async #actorRows(): Promise<void> {
    const { reader, definitions } = this.#options;
    for (let page = await reader.actors(''); page.length > 0; page = await reader.actors(page.at(-1)?.row.address ?? '')) {
      for (const actor of page) {
        const { address, partition, version } = actor.row;
        this.#actors++;
        if (actor.newest === undefined) {
          this.#findings.add({ partition, actor: address, version, what: 'an actor has a row, and the journal does not know it' });
          continue;
        }
        const place = { partition: actor.newest.partition, seq: actor.newest.seq, actor: address, version: actor.newest.version };
        const wrong = wrongColumns(definitions, actor);
        if (wrong === undefined) this.#findings.add({ ...place, column: 'envelope', what: `cannot be read as a ${typeOf(address)}` });
        if (wrong?.lean === true) this.#lean++;
        for (const column of wrong?.columns ?? [])
          this.#findings.add({ ...place, column, what: "of the actor's row does not say what its newest envelope says" });
      }
      this.#tell();
    }
  }

  async #archive(): Promise<void> {
    const { reader } = this.#options;
    let after = { actor: '', first: 0 };
    let end = { actor: '', last: 0 };
    // A bundle that begins below the first version is one of those that nobody packed.
    for (let page = await reader.bundles({ ...after, first: -(2 ** 31) }); page.length > 0; page = await reader.bundles(after)) {
      const rows = await reader.versions(page);
      for (const [index, bundle] of page.entries()) {
        if (bundle.actor === end.actor && bundle.first <= end.last)
          this.#findings.add({ actor: bundle.actor, version: bundle.first, what: 'the archive has bundles that hold the same version' });
        end = bundle;
        this.#bundle(bundle, rows[index] ?? []);
      }
      const last = page.at(-1);
      if (last !== undefined) after = { actor: last.actor, first: last.first };
    }
  }

  #bundle(bundle: AuditBundle, rows: readonly AuditRow[]): void {
    const { actor, first, last } = bundle;
    const say = (what: string): void =>
      this.#findings.add({ actor, version: first, what: `the archive's bundle of versions ${first} to ${last} ${what}` });
    let packed: Contents[];
    try {
      packed = unpack(bundle);
    } catch {
      return say('was changed: it does not fit its hash or cannot be unpacked');
    }
    if (packed.length !== last - first + 1) return say(`holds ${packed.length} versions`);
    if (rows.length !== packed.length) say('is of rows that the journal does not have');
    for (const row of rows) {
      const contents = packed[row.version - first];
      if (contents === undefined) continue;
      this.#archived++;
      if (!isEmptied(row)) this.#findings.add({ ...placeOf(row), what: 'is in the archive and was not moved there' });
      else if (!isSame(row, contents))
        this.#findings.add({ ...placeOf(row), what: 'what the archive has of it was changed (its hash does not match)' });
      else for (const finding of checkContents(row, contents)) this.#findings.add(finding);
    }
  }

  #tell(): void {
    this.#options.progress?.(this.#rows, this.#actors);
  }
}

function isSame(row: AuditRow, contents: Contents): boolean {
  const { envelope_hash, asked_hash } = contentHashes(contents);
  return bodyHash(contents.event) === row.body_hash && envelope_hash === row.envelope_hash && asked_hash === (row.asked_hash ?? '');
}
