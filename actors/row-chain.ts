import type { Head } from './batch.ts';
import { chainHash } from './chain.ts';
import type { JournalRow } from './store/store.ts';

/** What a row is given here; until then 0 and nothing. */
type Filled = { seq: number; hash: string };

/** Numbers the rows of a batch and chains each to the one before it in its partition. */
export class RowChain {
  /** Where the journals end with this batch; the truth only after its commit. */
  readonly heads = new Map<number, Head>();
  readonly #committed: ReadonlyMap<number, Head>;

  constructor(committed: ReadonlyMap<number, Head>) {
    this.#committed = committed;
  }

  /** Fills in the number and the hash of a row; copying rows of this width costs more than hashing them. */
  add(row: Omit<JournalRow, 'seq' | 'hash'> & Filled): JournalRow {
    const { partition } = row;
    let head = this.heads.get(partition);
    if (head === undefined) {
      const committed = this.#committed.get(partition);
      if (committed === undefined) throw new Error(`Partition ${partition} is not owned`);
      head = { ...committed };
      this.heads.set(partition, head);
    }
    head.seq++;
    row.seq = head.seq;
    head.hash = chainHash(head.hash, row);
    row.hash = head.hash;
    return row;
  }
}
