import type { Envelope } from '../../actors/envelope.ts';
import { toLive } from '../../actors/step.ts';
import type { ListQuery, ListRow, Store } from '../../actors/store/store.ts';
import type { Audience, Definition } from '../../machines/machine.ts';
import { toListItem } from '../view.ts';
import type { Subject } from '../view.ts';
import { matches, sortValue, toFacts, toQuery } from './list-filter.ts';
import type { Scope } from './list-filter.ts';
import type { Row } from './list-window.ts';
import type { ListQuestion } from './topic.ts';

/** What a live list is of. */
export type ListSubject = {
  readonly definition: Definition;
  readonly question: ListQuestion;
  readonly scope: Scope;
  readonly audience: Audience;
  /** Who asked for it first. */
  readonly person: string;
};

/** The beginning of a list as the store has it. */
export type Page = {
  readonly rows: readonly Row[];
  /** Rows that moved on between the store's two reads: where they stand has to be found anew. */
  readonly moved: readonly { readonly address: string; readonly version: number; readonly row: Row | undefined }[];
  /** Where the page ends; absent where there is no more. */
  readonly edge: Row | undefined;
  /** How many there are in all. */
  readonly total: number;
};

/** How many lists are read at once: the database has other work. */
const AT_ONCE = 4;

/** Reads lists from the store, a few at a time, and for everybody in turn. */
export class ListReader {
  readonly #store: Pick<Store, 'list' | 'count'>;
  readonly #waiting = new Map<string, (() => void)[]>();
  #running = 0;

  constructor(store: Pick<Store, 'list' | 'count'>) {
    this.#store = store;
  }

  page(subject: ListSubject, capacity: number): Promise<Page> {
    return this.#inTurn(subject.person, async () => {
      const query = toQuery(subject.question, subject.scope, capacity);
      const found = await this.#store.list(query);
      const total = found.length < capacity ? found.length : await this.#store.count(query);
      return toPage(subject, found, found.length < capacity, total);
    });
  }

  count(subject: ListSubject): Promise<number> {
    const query: ListQuery = toQuery(subject.question, subject.scope, 1);
    return this.#inTurn(subject.person, () => this.#store.count(query));
  }

  async #inTurn<T>(person: string, read: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#wait(person, resolve));
    else this.#running++;
    try {
      return await read();
    } finally {
      // The turn is handed on rather than given back, so that nobody who comes later goes first.
      const next = this.#next();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #wait(person: string, go: () => void): void {
    const mine = this.#waiting.get(person);
    if (mine === undefined) this.#waiting.set(person, [go]);
    else mine.push(go);
  }

  /** The person who was served last goes to the end. */
  #next(): (() => void) | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [person, mine] = first;
    const next = mine.shift();
    this.#waiting.delete(person);
    if (mine.length > 0) this.#waiting.set(person, mine);
    return next;
  }
}

/** The lean rows and their envelopes are two reads, so an envelope may be newer than the row that named it. */
function toPage(subject: ListSubject, found: readonly ListRow[], complete: boolean, total: number): Page {
  const rows: Row[] = [];
  const moved: Page['moved'][number][] = [];
  const { definition, question, scope } = subject;
  for (const lean of found) {
    const envelope = readEnvelope(definition, lean);
    if (envelope === undefined) continue;
    const facts = toFacts(lean.address, definition, envelope, lean.created_at);
    const belongs = matches(facts, question, scope);
    const json = belongs ? toItem({ address: lean.address, definition, envelope }, subject.audience) : '';
    const row: Row = { address: lean.address, version: facts.version, sort: sortValue(facts, question), json };
    if (envelope.version === lean.version && belongs) rows.push(row);
    else moved.push({ address: lean.address, version: envelope.version, row: belongs ? row : undefined });
  }
  const last = found.at(-1);
  const edge =
    complete || last === undefined ? undefined : { address: last.address, version: last.version, sort: leanSort(last, question), json: '' };
  return { rows, moved, edge, total };
}

/** An envelope that this release cannot read is left out; the rest of the list is still worth showing. */
function readEnvelope(definition: Definition, lean: ListRow): Envelope | undefined {
  try {
    return toLive(definition, lean.envelope);
  } catch {
    return undefined;
  }
}

function leanSort(row: ListRow, { sort }: ListQuestion): number | string {
  switch (sort) {
    case 'updatedAt':
      return row.updated_at;
    case 'createdAt':
      return row.created_at;
    case 'title':
      return row.title;
  }
}

export function toItem(subject: Subject, audience: Audience): string {
  return JSON.stringify(toListItem(subject, audience));
}
