import type { ConnectionState } from './connection.ts';
import { isBehind, type Entry } from './store.ts';

/** How a copy stands with what the hub holds. */
export type Following =
  /** Nobody watches it. */
  | { readonly kind: 'unwatched' }
  /** Asked for, and not here yet. */
  | { readonly kind: 'waiting' }
  /** In step with the hub. */
  | { readonly kind: 'live' }
  /** The hub has told of something newer that has not come yet. */
  | { readonly kind: 'behind' }
  /** There is no connection: it is as it was `asOf`, epoch milliseconds on this device's clock. */
  | { readonly kind: 'stale'; readonly asOf: number | undefined }
  /** The hub does not show it: a fault code, or `revoked`, with a sentence. */
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string };

export function followingOf(entry: Entry | undefined, state: ConnectionState): Following {
  if (entry === undefined) return { kind: 'unwatched' };
  const { standing, copy } = entry;
  if (standing.kind === 'revoked')
    return { kind: 'refused', code: 'revoked', sentence: 'Your rights have changed; this is no longer shown to you.' };
  if (standing.kind === 'refused' && copy === undefined) return { kind: 'refused', code: standing.code, sentence: standing.reason };
  if (copy === undefined) return { kind: 'waiting' };
  if (state.phase !== 'online') return { kind: 'stale', asOf: state.lastLive };
  return { kind: standing.kind === 'following' && standing.awaits === 'nothing' && !isBehind(entry) ? 'live' : 'behind' };
}
