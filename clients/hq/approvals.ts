import type { ActorView, Can, ListItem } from '../../hub/protocol/messages.ts';

/** What waits for an approval, told apart by whether this person may give it. */
export type Queue = {
  /** In the order of the list. */
  readonly mine: readonly ListItem[];
  /** Those that somebody else has to approve, each with the reason. */
  readonly others: readonly { readonly item: ListItem; readonly why: string }[];
};

export const APPROVE = 'APPROVE';
export const DENY = 'DENY';

/** What this person has decided here, and which version that made of each. */
export type Decided = ReadonlyMap<string, number>;

/**
 * Sorts what waits. An item whose view is not known yet, or only as it was, counts as this person's: a queue that is too long is
 * noticed, one too short is not. What he has decided himself is not his again before it has become another.
 */
export function toQueue(
  items: readonly ListItem[],
  views: ReadonlyMap<string, Pick<ActorView, 'version' | 'can'>>,
  decided: Decided = new Map(),
): Queue {
  const mine: ListItem[] = [];
  const others: { item: ListItem; why: string }[] = [];
  for (const item of items) {
    const { address, version } = item;
    const found = views.get(address);
    const own = decided.get(address) ?? 0;
    const view = found !== undefined && found.version >= Math.max(version, own) ? found : undefined;
    const can = view && canOf(view, APPROVE);
    if (view === undefined ? version > own : can?.ok === true) mine.push(item);
    else if (view !== undefined) others.push({ item, why: can?.sentence ?? '' });
  }
  return { mine, others };
}

export function canOf({ can }: Pick<ActorView, 'can'>, type: string): Can | undefined {
  return can.find((one) => one.type === type);
}

/** Which one comes into sight when the queue has changed: the same if it is still there, else the one that has taken its place. */
export function nextOf(addresses: readonly string[], chosen: string | undefined, place: number): string | undefined {
  if (chosen !== undefined && addresses.includes(chosen)) return chosen;
  return addresses[Math.min(Math.max(place, 0), addresses.length - 1)];
}

/** Which one comes next after a decision: the one behind it, or at the end of the queue the one before. */
export function nextAfter(addresses: readonly string[], decided: string): string | undefined {
  const place = addresses.indexOf(decided);
  return nextOf(
    addresses.filter((address) => address !== decided),
    undefined,
    place,
  );
}
