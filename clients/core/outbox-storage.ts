import type { Kept, Lane } from './outbox-lane.ts';

/** What is to become of the queue of one actor, with how many commands the person has in all. Pure; what it throws changes nothing. */
export type Decide = (lane: Lane, total: number) => Lane;

/**
 * Where commands are kept, each person's by itself. Another device, another file or another database each need these two:
 * everything else is worked out from plain data.
 */
export type OutboxStorage = {
  /** All that is kept for this person, in the order in which it came. */
  readonly load: (person: string) => Promise<readonly Kept[]>;
  /**
   * Changes the queue of one actor, alone and whole: nobody else, in any tab, changes it between reading and writing, and it is safe
   * when the promise resolves. A command that is new has `seq` 0 and is given a number above all that came before. Returns the
   * queue as it is kept.
   */
  readonly change: (person: string, to: string, decide: Decide) => Promise<Lane>;
};

/** For as long as the process lives. */
export function memoryStorage(): OutboxStorage {
  const shelf = new Shelf();
  return {
    load: async (person) => shelf.of(person),
    change: async (person, to, decide) => shelf.change(person, to, decide),
  };
}

/** One text, for example a file. `write` resolves when the whole text is safe and replaces what was there. */
export type TextFile = { readonly read: () => Promise<string | undefined>; readonly write: (text: string) => Promise<void> };

/** Keeps everything as JSON in one text. For one process at a time: two that share a text overwrite each other's. */
export function textStorage(file: TextFile): OutboxStorage {
  let shelf: Shelf | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: (shelf: Shelf) => Promise<T>): Promise<T> => {
    const done = turn.then(async () => task((shelf ??= new Shelf(await file.read()))));
    turn = done.catch(() => undefined);
    return done;
  };
  return {
    load: (person) => inTurn(async (now) => now.of(person)),
    change: (person, to, decide) =>
      inTurn(async (now) => {
        const next = now.copy();
        const lane = next.change(person, to, decide);
        await file.write(next.toText());
        // Only what is safe counts: what could not be written must not be sent either.
        shelf = next;
        return lane;
      }),
  };
}

/** Raised when what is kept is written otherwise. */
const FORM = 1;

/** Everybody's commands in memory. */
class Shelf {
  readonly #kept = new Map<string, readonly Kept[]>();
  #last = 0;

  constructor(text?: string) {
    if (text === undefined || text === '') return;
    const { form, last, people } = JSON.parse(text) as { form: number; last: number; people: Record<string, readonly Kept[]> };
    if (form !== FORM) throw new Error(`The kept commands are of form ${form}, and this program knows form ${FORM}`);
    this.#last = last;
    for (const [person, kept] of Object.entries(people)) this.#kept.set(person, kept);
  }

  of(person: string): readonly Kept[] {
    return this.#kept.get(person) ?? [];
  }

  change(person: string, to: string, decide: Decide): Lane {
    const all = this.of(person);
    const before = all.filter((kept) => kept.to === to);
    const lane = decide(before, all.length).map((kept) => (kept.seq === 0 ? { ...kept, seq: ++this.#last } : kept));
    const next = [...all.filter((kept) => kept.to !== to), ...lane].sort((a, b) => a.seq - b.seq);
    if (next.length === 0) this.#kept.delete(person);
    else this.#kept.set(person, next);
    return lane;
  }

  copy(): Shelf {
    const copy = new Shelf();
    copy.#last = this.#last;
    for (const [person, kept] of this.#kept) copy.#kept.set(person, kept);
    return copy;
  }

  toText(): string {
    return JSON.stringify({ form: FORM, last: this.#last, people: Object.fromEntries(this.#kept) });
  }
}
