import type { Committed } from '../../actors/delivery.ts';
import type { Envelope } from '../../actors/envelope.ts';
import type { Audience } from '../../machines/machine.ts';
import { toFacts } from './list-filter.ts';
import type { Facts } from './list-filter.ts';
import { toItem } from './list-reader.ts';

/** What a batch did to one actor, as lists see it. */
export type ListChange = {
  readonly type: string;
  readonly facts: Facts;
  /** How it stood before the batch; undefined where it is new. */
  readonly before: () => Facts | undefined;
  /** The row, as JSON; made once for each audience. */
  readonly item: (audience: Audience) => string;
};

/** One change for each actor of the batch whose kind is listed anywhere. */
export function toListChanges(rows: readonly Committed[], isListed: (type: string) => boolean): ListChange[] {
  const firsts = new Map<string, Envelope | undefined>();
  const changes: ListChange[] = [];
  for (const committed of rows) {
    if (!isListed(committed.definition.type)) continue;
    const { actor } = committed.row;
    if (!firsts.has(actor)) firsts.set(actor, committed.before);
    if (committed.newest !== undefined) changes.push(toListChange(committed, committed.newest.created_at, firsts.get(actor)));
  }
  return changes;
}

function toListChange({ row, definition, after }: Committed, created_at: number, first: Envelope | undefined): ListChange {
  const address = row.actor;
  const items = new Map<Audience, string>();
  let before: Facts | undefined;
  return {
    type: definition.type,
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
