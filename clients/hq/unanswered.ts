import { isRecord, type Problem } from '../core/problem.ts';

type Body = Readonly<Record<string, unknown>>;

/** What somebody means to do, as it is sent. */
export type Meant = {
  /** The id, or the key, by which it takes effect once, however often it is sent. */
  readonly id: string;
  readonly body: Body;
  /** What it was decided on, where something was shown. */
  readonly seen?: Body;
};

type Shelf = { readonly bearer: string; readonly meant: Map<string, Meant> };

const PLACE = 'green-lines.unanswered';
/** More than anybody leaves behind, also of what is done to many at once; the oldest go first. */
const MOST = 1000;

/**
 * What was sent and has not been answered, so that nobody knows whether it was done. It outlives the dialog in which it was meant,
 * and the loading of the page again: meant anew it would get another id, and be done twice. It is one person's; of the next one
 * nothing is known.
 */
export class Unanswered {
  readonly #storage: () => Pick<Storage, 'getItem' | 'setItem'>;
  #shelf: Shelf | undefined;

  constructor(storage: () => Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage;
  }

  /** `what` is the actor's address and the event, or the kind of what was to be created. */
  find(bearer: string | undefined, what: string): Meant | undefined {
    return this.#of(bearer)?.get(what);
  }

  /** All that begins with this. */
  startingWith(bearer: string | undefined, beginning: string): readonly Meant[] {
    return [...(this.#of(bearer) ?? [])].filter(([what]) => what.startsWith(beginning)).map(([, meant]) => meant);
  }

  keep(bearer: string | undefined, what: string, meant: Meant): void {
    const kept = this.#of(bearer);
    if (kept === undefined) return;
    kept.delete(what);
    kept.set(what, meant);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST) break;
      kept.delete(oldest);
    }
    this.#save();
  }

  /** Forgets it, unless something else is meant by now. */
  drop(bearer: string | undefined, what: string, id: string): void {
    const kept = this.#of(bearer);
    if (kept?.get(what)?.id !== id) return;
    kept.delete(what);
    this.#save();
  }

  #of(bearer: string | undefined): Map<string, Meant> | undefined {
    if (bearer === undefined) return undefined;
    this.#shelf ??= this.#load();
    if (this.#shelf?.bearer === bearer) return this.#shelf.meant;
    const isForeign = this.#shelf !== undefined;
    this.#shelf = { bearer, meant: new Map() };
    if (isForeign) this.#save();
    return this.#shelf.meant;
  }

  #load(): Shelf | undefined {
    try {
      const value: unknown = JSON.parse(this.#storage().getItem(PLACE) ?? 'null');
      if (!isRecord(value) || typeof value['bearer'] !== 'string' || !isRecord(value['meant'])) return undefined;
      const entries = Object.entries(value['meant']).flatMap(([what, one]) => {
        const meant = readMeant(one);
        return meant === undefined ? [] : [[what, meant] as const];
      });
      return { bearer: value['bearer'], meant: new Map(entries) };
    } catch {
      return undefined;
    }
  }

  #save(): void {
    if (this.#shelf === undefined) return;
    const { bearer, meant } = this.#shelf;
    try {
      this.#storage().setItem(PLACE, JSON.stringify({ bearer, meant: Object.fromEntries(meant) }));
    } catch {
      // Storage may be closed to a page, or full; it then lives as long as the page.
    }
  }
}

function readMeant(value: unknown): Meant | undefined {
  if (!isRecord(value)) return undefined;
  const { id, body, seen } = value;
  return typeof id === 'string' && isRecord(body) ? { id, body, ...(isRecord(seen) ? { seen } : {}) } : undefined;
}

/** What an event to an actor is called here. */
export function whatOf(address: string, type: string): string {
  return `${address} ${type}`;
}

/** Whether it is the same that was meant before, and not another of its type. */
export function isSameBody(before: Body, now: Body): boolean {
  return JSON.stringify(before) === JSON.stringify(now);
}

/** The hub keeps it, because its actor stands still, and may do it yet. */
export const HELD = 423;

/**
 * Whether the hub has said what became of a call. Without an answer, while it is away or busy, or where it did not know who asks, an
 * earlier try of the same call may have been done.
 */
export function isAnswer({ status }: Pick<Problem, 'status'>): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 429 && status !== HELD;
}

/** Whether this very call may have been done although it failed: no answer came, or the hub failed over it. */
export function mayBeDone({ status }: Pick<Problem, 'status'>): boolean {
  return status === 0 || status >= 500;
}

/** This tab's. */
export const unanswered = new Unanswered(() => sessionStorage);
