/** A row of a list as a window keeps it. */
export type Row = {
  readonly address: string;
  readonly version: number;
  readonly sort: number | string;
  /** The item, as JSON. */
  readonly json: string;
};

export type WindowOptions = {
  readonly descending: boolean;
  /** How many rows the followers see. */
  readonly limit: number;
  /** How many are kept, so that a row that leaves seldom has to be made good by the store. */
  readonly capacity: number;
  /** False where only the store knows how rows are sorted (titles: by its collation). */
  readonly sorts: boolean;
  /** False where only the store knows which rows belong (full text). */
  readonly finds: boolean;
};

/**
 * The first rows of a list, kept in step with what is committed. What it holds is always exactly the beginning of the whole
 * list: rows up to the edge are known, what lies beyond is the store's. It says itself when it has to be read anew.
 */
export class ListWindow {
  readonly #options: WindowOptions;
  #rows: Row[] = [];
  readonly #known = new Map<string, Row>();
  /** The last place that is known; undefined when the window holds the whole list. */
  #edge: Row | undefined;
  #doubtful = false;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get limit(): number {
    return this.#options.limit;
  }

  get capacity(): number {
    return this.#options.capacity;
  }

  /** Whether the rows are all that there are. */
  get complete(): boolean {
    return this.#edge === undefined;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** Whether the store has to be asked: rows are missing at the end, or only the store knows where a row goes. */
  get wanting(): boolean {
    return this.#doubtful || (this.#edge !== undefined && this.#rows.length < this.#options.limit);
  }

  /** What the followers see. */
  top(): readonly Row[] {
    return this.#rows.slice(0, this.#options.limit);
  }

  /** Takes what the store has answered, in its order; `edge` is where the answer ended, absent where there was no more. */
  reset(rows: readonly Row[], edge: Row | undefined): void {
    this.#rows = [...rows];
    this.#known.clear();
    for (const row of rows) this.#known.set(row.address, row);
    this.#edge = edge;
    this.#doubtful = false;
  }

  /** A version of an actor was committed; `row` is absent where it does not belong to the list. True where anything changed. */
  apply(address: string, version: number, row: Row | undefined): boolean {
    const old = this.#known.get(address);
    if (old !== undefined && old.version >= version) return false;
    if (row === undefined) return old !== undefined && this.#remove(old);
    if (old === undefined) return this.#enter(row);
    if (old.sort === row.sort) return this.#replace(old, row);
    if (!this.#options.sorts) {
      this.#doubtful = true;
      return this.#replace(old, row);
    }
    this.#remove(old);
    this.#insert(row);
    return true;
  }

  #enter(row: Row): boolean {
    if (!this.#options.finds) return false; // whoever reads the search asks it again in time
    if (this.#options.sorts) return this.#insert(row);
    this.#doubtful = true;
    return false;
  }

  #insert(row: Row): boolean {
    if (this.#edge !== undefined && this.#compare(row, this.#edge) > 0) return false;
    this.#rows.splice(this.#placeOf(row), 0, row);
    this.#known.set(row.address, row);
    if (this.#rows.length > this.#options.capacity) {
      const last = this.#rows.pop();
      if (last !== undefined) this.#known.delete(last.address);
      this.#edge = this.#rows.at(-1);
    }
    return true;
  }

  #replace(old: Row, row: Row): boolean {
    this.#rows[this.#rows.indexOf(old)] = row;
    this.#known.set(row.address, row);
    return true;
  }

  #remove(old: Row): boolean {
    this.#rows.splice(this.#rows.indexOf(old), 1);
    this.#known.delete(old.address);
    return true;
  }

  #placeOf(row: Row): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#rows[middle];
      if (other !== undefined && this.#compare(other, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(a: Row, b: Row): number {
    const order = compare(a.sort, b.sort) || compare(a.address, b.address);
    return this.#options.descending ? -order : order;
  }
}

/** Numbers, or addresses: ASCII, and so sorted as the database's collation "C" does. */
function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
