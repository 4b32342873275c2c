import type { ActorView } from '../../hub/protocol/messages.ts';
import type { Api, HistoryItem } from './api.ts';
import type { Happened, Kept, Meanwhile } from './outbox-lane.ts';
import { Problem } from './problem.ts';
import type { ActorCopy } from './store.ts';
import { toHappened } from './tray.ts';

/** So far back the journal is read. */
const ROWS = 100;

/**
 * What an actor is now, and what has happened to it since the person looked: by its journal where he may read that, else by its
 * copy. Undefined where it is not shown to him. Throws a Problem where the hub could not be asked.
 */
export async function lookAt(api: Api, kept: Kept, copy: ActorCopy | undefined, signal: AbortSignal): Promise<Meanwhile | undefined> {
  const view = await unless(api.actor(kept.to, undefined, signal));
  if (view === undefined) return undefined;
  const { version, state, can } = view;
  const page = await unless(api.history(kept.to, { to: version, limit: ROWS }, signal));
  const now = { version, state, can };
  if (page === undefined) return { ...now, ...bySight(view, copy), happened: [] };
  const rows = page.items.toSorted((a, b) => b.version - a.version);
  const turn = rows.find(({ from, to }) => from.join() !== to.join());
  const seen = kept.seen?.version ?? version;
  const happened = rows.filter((row) => row.version > seen).map(toHappening);
  return { ...now, ...(turn && { since: toHappening(turn) }), happened: happened.reverse() };
}

function bySight({ version }: ActorView, copy: ActorCopy | undefined): { readonly since?: Happened } {
  const since = copy?.version === version ? toHappened(copy) : undefined;
  return since === undefined ? {} : { since };
}

function toHappening({ version, event, caller, at }: HistoryItem): Happened {
  return { version, event: event.type, by: caller, at };
}

/** Undefined where the hub says that it is not for this person. */
async function unless<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}
