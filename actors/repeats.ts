import type { Outcome } from './delivery.ts';
import type { Earlier } from './store/store.ts';

/** What an id came to earlier in the same batch. */
export type Here = { readonly body_hash: string; readonly outcome: Outcome };

/** The answer to an id that was handled before: it never changes. */
export function toEarlierOutcome(earlier: Earlier, body_hash: string): Outcome {
  if (earlier.body_hash !== body_hash) {
    const before = earlier.reason === undefined ? {} : { before: earlier.reason };
    return { outcome: 'rejected', code: 'key_reused', detail: '', version: earlier.version, ...before };
  }
  if (earlier.reason === undefined) return { outcome: 'duplicate', version: earlier.version };
  if (earlier.reason === 'late') return { outcome: 'late' };
  return { outcome: 'rejected', code: earlier.reason, detail: earlier.detail ?? '', version: earlier.version };
}

/** The same for one of this batch. */
export function repeatOf(here: Here, body_hash: string): Outcome {
  const { outcome } = here;
  if (here.body_hash !== body_hash) {
    const before = outcome.outcome === 'rejected' ? { before: outcome.code } : {};
    return { outcome: 'rejected', code: 'key_reused', detail: '', version: 0, ...before };
  }
  return outcome.outcome === 'applied' ? { outcome: 'duplicate', version: outcome.version } : outcome;
}
