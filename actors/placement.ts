/** A node with a live lease. */
export type LiveNode = { readonly id: string; readonly release: string };

/**
 * Which node each partition belongs to, by rendezvous hashing: every node works it out alone from the same rows and comes to the
 * same answer, and a node that joins or leaves moves only its own share. An owner of an older release keeps what is its own by
 * right; whatever has to move goes to a node of the newest release, so that no older one claims in the middle of a deploy.
 */
export function place(
  partitions: readonly number[],
  nodes: readonly LiveNode[],
  ownerOf: (partition: number) => string | undefined,
): ReadonlyMap<number, string> {
  const newest = nodes.reduce((best, { release }) => (compareReleases(release, best) > 0 ? release : best), '');
  const current = nodes.filter(({ release }) => compareReleases(release, newest) === 0);
  const placed = new Map<number, string>();
  for (const partition of partitions) {
    const first = bestOf(nodes, partition);
    const stays = first !== undefined && first === ownerOf(partition);
    const node = stays ? first : bestOf(current, partition);
    if (node !== undefined) placed.set(partition, node);
  }
  return placed;
}

function bestOf(nodes: readonly LiveNode[], partition: number): string | undefined {
  let best: string | undefined;
  let most = -1;
  for (const { id } of nodes) {
    const weight = weigh(`${id}/${partition}`);
    if (weight > most || (weight === most && best !== undefined && id < best)) [best, most] = [id, weight];
  }
  return best;
}

/** FNV-1a with a finalizer: names that differ in their last character must not weigh alike. */
function weigh(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** `1.10.0` is newer than `1.9.3`, and `1.9.3` than `1.9.3-rc`. */
export function compareReleases(a: string, b: string): number {
  const left = a.split(/[.+-]/);
  const right = b.split(/[.+-]/);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === undefined || y === undefined) return Number.isNaN(Number(x ?? y)) === (x === undefined) ? 1 : -1;
    const difference = Number(x) - Number(y);
    return Number.isNaN(difference) ? (x < y ? -1 : 1) : difference;
  }
  return 0;
}
