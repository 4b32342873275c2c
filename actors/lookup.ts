import { idKey } from './batch.ts';
import type { Delivery } from './delivery.ts';
import type { Earlier, Store } from './store/store.ts';

/** What the ids of these deliveries came to before, by address and id. */
export async function lookup(store: Store, deliveries: readonly Delivery[]): Promise<Map<string, Earlier>> {
  const found = new Map<string, Earlier>();
  if (deliveries.length === 0) return found;
  const ids = deliveries.flatMap(({ address, event_id, instead }) => {
    const own = { actor: address, event_id };
    return instead === undefined ? [own] : [own, { actor: address, event_id: instead.event_id }];
  });
  for (const earlier of await store.lookup(ids)) found.set(idKey(earlier.actor, earlier.event_id), earlier);
  return found;
}
