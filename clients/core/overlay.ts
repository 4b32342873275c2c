import type { Position } from '../../hub/protocol/messages.ts';
import type { Kept, Lane } from './outbox-lane.ts';
import type { ActorCopy } from './store.ts';

/** A command that the hub has done, and the version that holds it. */
export type Done = { readonly kept: Kept; readonly version: number };

/** The copy as it will be when the hub has done what was asked of it, as far as that can be foreseen. */
export type Shown = ActorCopy & {
  /** The ids of the commands whose effect is foreseen; none: it is what the hub has said. Its `version` is always the hub's. */
  readonly predicted: readonly string[];
};

/**
 * The commands whose effect the copy certainly lacks, in order: those that the hub has done in a version above the copy's, then
 * those that wait. It stops at the first of which it cannot be known, or whose effect is not to be foreseen: what comes after
 * would stand on sand.
 */
export function lacking(copy: ActorCopy, done: readonly Done[], lane: Lane): readonly Kept[] {
  const found: Kept[] = [];
  for (const { kept, version } of done) {
    if (version <= copy.version) continue;
    if (!kept.optimistic) return found;
    found.push(kept);
  }
  for (const kept of lane) {
    // Another tab may hear that it is done before it hears that it does not wait any more.
    if (kept.standing.kind === 'tray' || done.some((one) => one.kept.id === kept.id)) continue;
    if (kept.standing.kind === 'parked' || !kept.optimistic || !isCertainlyNotIn(kept, copy)) return found;
    found.push(kept);
  }
  return found;
}

/** A command makes a new version. A copy that still is what it was when the command was meant, or first sent, does not hold it. */
function isCertainlyNotIn({ sent, seen }: Kept, copy: ActorCopy): boolean {
  return sent === undefined || isAt(copy, seen) || isAt(copy, sent.on);
}

function isAt(copy: ActorCopy, position: Position | undefined): boolean {
  return position !== undefined && position.epoch === copy.epoch && position.version === copy.version;
}
