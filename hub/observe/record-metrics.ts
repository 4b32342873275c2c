import type { Committed } from '../../actors/delivery.ts';
import type { Envelope } from '../../actors/envelope.ts';
import { toStates } from '../../actors/envelope.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { BindingContext } from '../../machines/binding-terms.ts';
import type { FeedContext } from '../../machines/feed-terms.ts';
import type { Metrics } from './metrics.ts';

const ABOUT = ['integration', 'model'] as const;

/** How records come into step with an ERP, as this node commits it. */
export function watchRecords(metrics: Metrics, runtime: Pick<Runtime, 'onCommit'>): void {
  const reached = metrics.counter('hub_records_reached_total', 'How often records came to a state, by integration, model and state.', [
    ...ABOUT,
    'state',
  ]);
  const told = metrics.counter('hub_feed_told_total', 'Records that feeds have told of, by integration and model.', ABOUT);
  const swept = metrics.counter(
    'hub_feed_sweeps_total',
    'Sweeps for what was deleted that came to an end, by integration and model.',
    ABOUT,
  );
  const current = metrics.instant('hub_feed_current_at_ms', 'When a feed last came to the end of what had changed.', ABOUT);
  runtime.onCommit((rows) => {
    for (const { definition, before, after } of rows) {
      if (definition.type === 'binding') {
        const { integration, model } = contextOf<BindingContext>(after);
        const state = stateOf(after);
        if (before === undefined || stateOf(before) !== state) reached.inc({ integration, model, state });
      }
      if (definition.type !== 'feed') continue;
      const now = contextOf<FeedContext>(after);
      const earlier = before === undefined ? undefined : contextOf<FeedContext>(before);
      const about = { integration: now.integration, model: now.model };
      told.inc(about, now.told - (earlier?.told ?? 0));
      if (earlier !== undefined && earlier.swept_at !== now.swept_at) swept.inc(about);
      if (now.current_at !== null) current.set(about, now.current_at);
    }
  });
}

function contextOf<Context>({ snapshot }: Envelope): Context {
  return snapshot.context as Context;
}

function stateOf({ snapshot }: Committed['after']): string {
  return toStates(snapshot.value).join();
}
