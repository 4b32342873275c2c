import type { Cause, Ending, Letter, LetterQuery, Listed, Operation, OperationQuery, Operations, Place, TypePause } from './operations.ts';
import type { ActorRow, DeadLetterRow } from './store.ts';

type Ended = Pick<Letter, 'resolution' | 'resolved_by' | 'resolved_at' | 'note' | 'edits'>;

/** The same in memory, as it outlives a process. */
export class MemoryOperations {
  readonly ends = new Map<string, Ended>();
  readonly pauses = new Map<string, TypePause>();
  readonly operations = new Map<string, Operation>();
}

type Tables = {
  readonly dead: readonly DeadLetterRow[];
  readonly actors: readonly Pick<ActorRow, 'address' | 'version'>[];
  readonly operated: MemoryOperations;
};
/** Does a call as the store does all of its calls: not at once, and never after its process has ended. */
type Do = <Result>(work: () => Result) => Promise<Result>;

export function memoryOperations(tables: Tables, run: Do): Operations {
  const { operated } = tables;
  const letters = (): Letter[] => tables.dead.map((row, index) => ({ edits: 0, n: index + 1, ...row, ...operated.ends.get(row.id) }));
  return {
    letters: (query) => run(() => page(letters(), query)),
    letter: (id) => run(() => letters().find((letter) => letter.id === id)),
    causes: (limit) => run(() => toCauses(letters()).slice(0, limit)),
    end: (id, ending) => run(() => end(operated, letters(), id, ending)),
    pauses: () => run(() => [...operated.pauses.values()].sort((a, b) => (a.type < b.type ? -1 : 1))),
    pause: (pause) =>
      run(() => {
        if (operated.pauses.has(pause.type)) return false;
        operated.pauses.set(pause.type, pause);
        return true;
      }),
    unpause: (type) => run(() => operated.pauses.delete(type)),
    begin: (operation) =>
      run(() => {
        const there = operated.operations.get(operation.id);
        if (there === undefined) operated.operations.set(operation.id, operation);
        return there;
      }),
    conclude: (id, outcome, detail) =>
      run(() => {
        const there = operated.operations.get(id);
        if (there !== undefined) operated.operations.set(id, { ...there, outcome, detail });
      }),
    log: (query) => run(() => listed(tables, query)),
  };
}

function listed(tables: Tables, { target, by, action, pending = false, after, limit }: OperationQuery): Listed[] {
  const is = (wanted: string | undefined, found: string): boolean => wanted === undefined || wanted === found;
  return [...tables.operated.operations.values()]
    .filter((one) => is(target, one.target) && is(by, one.by) && is(action, one.action))
    .filter((one) => after === undefined || order(one, after) < 0)
    .sort((a, b) => order(b, a))
    .map((one) => toListed(tables, one))
    .filter((one) => !pending || one.pending)
    .slice(0, limit);
}

/** The next row of an actor ends a proposal: if it is no confirmation, there is none. */
function toListed({ dead, actors, operated }: Tables, one: Operation): Listed {
  const version = versionOf(one);
  const confirms = ({ action, target, ...rest }: Operation, proposed: Operation): boolean =>
    action === 'force' && proposed.action === 'propose' && target === proposed.target && versionOf(rest) === versionOf(proposed) + 1;
  const other = [...operated.operations.values()].find((each) => confirms(each, one) || confirms(one, each));
  const letter = LETTERS.has(one.action) ? dead.find(({ id }) => id === one.target) : undefined;
  const pending = one.action === 'propose' && actors.some((row) => row.address === one.target && row.version === version);
  return {
    ...one,
    pending,
    ...(letter === undefined ? {} : { actor: letter.actor }),
    ...(other === undefined ? {} : { other: { by: other.by, at: other.at } }),
  };
}

const LETTERS: ReadonlySet<string> = new Set(['resubmit', 'edit', 'discard']);

/** The version that it was applied as; not a number where it was not. */
function versionOf({ outcome, detail = '' }: Pick<Operation, 'outcome' | 'detail'>): number {
  return outcome === 'applied' ? Number(/^version (\d{1,15})$/.exec(detail)?.[1]) : Number.NaN;
}

function end({ ends }: MemoryOperations, letters: readonly Letter[], id: string, { resolution, by, at, note }: Ending): boolean {
  const letter = letters.find((one) => one.id === id);
  if (letter === undefined || letter.resolution === 'applied' || letter.resolution === 'discarded') return false;
  const edits = letter.edits + (resolution === 'rejected' ? 1 : 0);
  ends.set(id, { resolution, resolved_by: by, resolved_at: at, note, edits });
  return true;
}

function page(letters: readonly Letter[], query: LetterQuery): Letter[] {
  const { oldest = false, after, limit, open = false, actor, type, event, reason, detail } = query;
  const is = (wanted: string | undefined, found: string): boolean => wanted === undefined || wanted === found;
  const direction = oldest ? 1 : -1;
  return letters
    .filter((letter) => !open || letter.resolution === undefined)
    .filter((letter) => is(actor, letter.actor) && is(reason, letter.reason) && is(detail, letter.detail))
    .filter((letter) => is(type, typeOf(letter)) && is(event, eventOf(letter)))
    .filter((letter) => after === undefined || (letter.n - after) * direction > 0)
    .sort((a, b) => (a.n - b.n) * direction)
    .slice(0, limit);
}

function toCauses(letters: readonly Letter[]): Cause[] {
  const causes = new Map<string, Cause>();
  for (const letter of letters) {
    if (letter.resolution !== undefined) continue;
    const { reason, detail, at } = letter;
    const key = { type: typeOf(letter), event: eventOf(letter), reason, detail };
    const name = JSON.stringify(key);
    const { count = 0, first_at = at, last_at = at } = causes.get(name) ?? {};
    causes.set(name, { ...key, count: count + 1, first_at: Math.min(first_at, at), last_at: Math.max(last_at, at) });
  }
  const place = ({ type, event, reason, detail }: Cause): string => [type, event, reason, detail].join('\0');
  return [...causes.values()].sort((a, b) => b.count - a.count || (place(a) < place(b) ? -1 : 1));
}

function typeOf({ actor }: Letter): string {
  return actor.slice(0, actor.indexOf('/'));
}

function eventOf({ event }: Letter): string {
  return event.split('"')[3] ?? '';
}

function order(a: Place, b: Place): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
