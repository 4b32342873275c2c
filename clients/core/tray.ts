import type { Can } from '../../hub/protocol/messages.ts';
import type { Happened, Kept, Refusal } from './outbox-lane.ts';
import type { ActorCopy } from './store.ts';

/** What the hub has refused, with all that is needed to decide what to do instead. */
export type TrayItem = {
  readonly id: string;
  readonly to: string;
  /** What was to be done. */
  readonly event: Kept['event'];
  readonly kept: Kept;
  /** A code of the fault table; `held`, `expired` where it was never sent. */
  readonly code: string;
  readonly sentence: string;
  /** It may have been done all the same, when it was sent before: ask before it is tried again. */
  readonly doubtful: boolean;
  /** When it was refused: the hub's time, epoch milliseconds. */
  readonly refusedAt: number;
  /** The command because of which it is held. */
  readonly because: string | undefined;
  /** What the actor is now; undefined where that is not known yet, or it is not shown to this person. */
  readonly now: { readonly version: number; readonly state: readonly string[] } | undefined;
  /** What brought it there, and who, where that may be known. */
  readonly since: Happened | undefined;
  /** What happened to it since the person had looked, oldest first. */
  readonly happened: readonly Happened[];
  /** What may be done with it now instead. */
  readonly ways: readonly Can[];
};

/** A copy that is followed knows better than what was found out when it was refused. */
export function toTrayItem(kept: Kept, refusal: Refusal, copy: ActorCopy | undefined): TrayItem {
  const { id, to, event } = kept;
  const { code, sentence, doubtful = false, at: refusedAt, because, version = 0, now: found } = refusal;
  const happened = found?.happened ?? [];
  const item = { id, to, event, kept, code, sentence, doubtful, refusedAt, because, happened };
  if (copy === undefined || copy.version < Math.max(version, found?.version ?? 0)) {
    const now = found && { version: found.version, state: found.state };
    return { ...item, now, since: found?.since, ways: (found?.can ?? refusal.can ?? []).filter(({ ok }) => ok) };
  }
  const stays = found !== undefined && found.state.join() === copy.state.join();
  const since = stays ? found.since : toHappened(copy);
  return { ...item, now: { version: copy.version, state: copy.state }, since, ways: copy.can.filter(({ ok }) => ok) };
}

/** What brought a copy to where it is; unknown where it came as a whole. */
export function toHappened({ cause, version }: ActorCopy): Happened | undefined {
  return cause && { version, event: cause.event, by: cause.by, at: cause.at };
}
