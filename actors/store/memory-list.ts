import { PARKED } from '../envelope.ts';
import { toWords } from '../words.ts';
import type { ActorRow, ListQuery } from './store.ts';

type Filter = Pick<ListQuery, 'type' | 'state' | 'tag' | 'text' | 'client' | 'agent'>;

/** Whether an actor's lean row belongs in the list. `textOf` is what full-text search finds it by. */
export function matches(row: ActorRow, filter: Filter, textOf: (address: string) => string | undefined): boolean {
  const { type, state, tag, client, agent } = filter;
  if (row.type !== type) return false;
  if (state !== undefined && !row.state.split(',').some((one) => one === state || one.startsWith(`${state}.`))) return false;
  if (tag !== undefined && !(tag === PARKED ? row.parked : row.tags.split(',').includes(tag))) return false;
  if (client !== undefined && (client === '' || row.client !== client)) return false;
  if (agent !== undefined && (agent === '' || row.agent !== agent)) return false;
  const wanted = toWords(filter.text ?? '').slice(0, 8);
  if (wanted.length === 0) return true;
  const words = toWords(textOf(row.address) ?? '');
  return wanted.every((one) => words.some((word) => word.startsWith(one)));
}

/** The rows of one page, in order. Equal values are in the order of their addresses, so that no row is shown twice. */
export function page(rows: readonly ActorRow[], query: ListQuery): ActorRow[] {
  const { sort, descending, after, limit, offset = 0 } = query;
  const key = ({ address, title, created_at, updated_at }: ActorRow): string | number =>
    ({ updatedAt: updated_at, createdAt: created_at, title, address })[sort];
  const compare = (a: readonly [string | number, string], b: readonly [string | number, string]): number =>
    (descending ? -1 : 1) * (order(a[0], b[0]) || order(a[1], b[1]));
  const bound =
    after === undefined
      ? undefined
      : ([sort === 'updatedAt' || sort === 'createdAt' ? Number(after.value) : after.value, after.address] as const);
  return rows
    .map((row) => [[key(row), row.address], row] as const)
    .filter(([place]) => bound === undefined || compare(place, bound) > 0)
    .sort(([a], [b]) => compare(a, b))
    .slice(offset, offset + limit)
    .map(([, row]) => row);
}

function order<Value extends string | number>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
