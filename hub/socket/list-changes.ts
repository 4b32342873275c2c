import type { Committed } from '../../actors/delivery.ts';
import type { Envelope } from '../../actors/envelope.ts';
import type { Audience } from '../../machines/machine.ts';
import { toFacts } from './list-filter.ts';
import type { Facts } from './list-filter.ts';
import { toItem } from './list-reader.ts';

/** The newest version that was heard of, by address. */
export type Newest = { get(address: string): number | undefined; set(address: string, version: number): unknown };

/** What a batch did to one actor, as lists see it. */
export type ListChange = {
  readonly type: string;
  readonly facts: Facts;
  /** How it stood before the batch; undefined where it is new. */
  readonly before: () => Facts | undefined;
  /** The row, as JSON; made once for each audience. */
  readonly item: (audience: Audience) => string;
  /** A newer version has been heard of already: it counts, but where the actor stands it does not say. */
  readonly late: boolean;
};

/** One change for each actor of the batch whose kind is listed anywhere. */
export function toListChanges(rows: readonly Committed[], isListed: (type: string) => boolean, newest: Newest): ListChange[] {
  const firsts = new Map<string, Envelope | undefined>();
  const changes: ListChange[] = [];
  for (const committed of rows) {
    if (!isListed(committed.definition.type)) continue;
    const { actor } = committed.row;
    if (!firsts.has(actor)) firsts.set(actor, committed.before);
    if (committed.newest === undefined) continue;
    const late = isOvertaken(newest, actor, committed.after.version);
    changes.push(toListChange(committed, committed.newest.created_at, firsts.get(actor), late));
  }
  return changes;
}

/** Whether a newer version was heard of before this one, which happens where what another node committed last is made good. */
function isOvertaken(newest: Newest, address: string, version: number): boolean {
  if ((newest.get(address) ?? 0) > version) return true;
  newest.set(address, version);
  return false;
}

function toListChange({ row, definition, after }: Committed, created_at: number, first: Envelope | undefined, late: boolean): ListChange {
  const address = row.actor;
  const items = new Map<Audience, string>();
  let before: Facts | undefined;
  return {
    type: definition.type,
    late,
    facts: toFacts(address, definition, after, created_at),
    before: () => (before ??= first === undefined ? undefined : toFacts(address, definition, first, created_at)),
    item: (audience) => {
      let json = items.get(audience);
      if (json === undefined) {
        json = toItem({ address, definition, envelope: after }, audience);
        items.set(audience, json);
      }
      return json;
    },
  };
}
