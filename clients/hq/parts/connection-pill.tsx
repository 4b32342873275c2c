import { formatClock, formatLeft } from '../../core/format.ts';
import { sentenceFor } from '../../../machines/fault.ts';
import type { ConnectionState } from '../../core/connection.ts';
import { useConnectionState, useNow } from '../services.ts';

/** Whether what is on the screen is what the hub holds now. Always in sight. */
export function ConnectionPill() {
  const state = useConnectionState();
  return (
    <span className="pill" data-phase={state.phase} title={state.phase === 'online' ? `${state.url} ${state.node}` : undefined}>
      <span className="pill-dot" aria-hidden="true" />
      {words(state)}
    </span>
  );
}

function words(state: ConnectionState): string {
  switch (state.phase) {
    case 'online':
      return 'Live';
    case 'connecting':
      return state.lastLive === undefined ? 'Connecting' : 'Reconnecting';
    case 'offline':
      return 'Signed out';
  }
}

/** Says, while the connection is down, of when the shown state is. */
export function StaleBanner() {
  const state = useConnectionState();
  const stale = state.phase === 'connecting' && (state.lastLive !== undefined || state.attempt > 1);
  return (
    <div role="status" className="stale-region">
      {stale && (
        <p className="stale">
          <strong>Not live.</strong> {state.lastLive !== undefined && `You see the state as of ${formatClock(state.lastLive)}. `}
          {reason(state)} <Retry at={state.retryAt} />
        </p>
      )}
    </div>
  );
}

function reason({ refusal, lastLive }: Extract<ConnectionState, { phase: 'connecting' }>): string {
  if (refusal === 'protocol') return 'This page is older than the hub: reload it.';
  if (refusal !== undefined) return sentenceFor(refusal);
  return lastLive === undefined ? 'The hub does not answer.' : '';
}

/** Hidden from screen readers: a second counted aloud every second would drown everything else. */
function Retry({ at }: { at: number | undefined }) {
  const now = useNow();
  if (at === undefined || at - now < 1_000) return <span aria-hidden="true">Reconnecting…</span>;
  return <span aria-hidden="true">Next try in {formatLeft(new Date(at).toISOString(), now)}.</span>;
}
