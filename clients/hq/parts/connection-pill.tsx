import { useSyncExternalStore } from 'react';
import { sentenceFor } from '../../../machines/fault.ts';
import type { ConnectionState } from '../../core/connection.ts';
import { formatClock, formatLeft } from '../../core/format.ts';
import { useBehind, useConnectionState, useNow, useServices } from '../services.ts';
import { texts } from '../texts.ts';

/** Whether what is on the screen is what the hub holds now. Always in sight. */
export function ConnectionPill() {
  const state = useConnectionState();
  const behind = useBehind();
  const network = useNetwork();
  const phase = state.phase === 'online' && behind ? 'behind' : state.phase;
  return (
    <span className="pill" data-phase={phase} title={state.phase === 'online' ? texts.connection.at(state.url, state.node) : undefined}>
      <span className="pill-dot" aria-hidden="true" />
      <span>{words(state, behind, network)}</span>
      {state.phase === 'connecting' && state.lastLive !== undefined && <Since at={state.lastLive} />}
    </span>
  );
}

function words(state: ConnectionState, behind: boolean, network: boolean): string {
  switch (state.phase) {
    case 'online':
      return behind ? texts.connection.catchingUp : texts.connection.live;
    case 'connecting':
      if (!network) return texts.connection.noNetwork;
      return state.lastLive === undefined ? texts.connection.connecting : texts.connection.reconnecting;
    case 'offline':
      return texts.connection.signedOut;
  }
}

/** For how long it has not been live; not counted aloud. */
function Since({ at }: { at: number }) {
  const now = useDeviceTime();
  return (
    <span className="pill-since" aria-hidden="true">
      {formatLeft(new Date(now).toISOString(), Math.min(at, now - 1_000))}
    </span>
  );
}

/** When the connection broke and when it tries again is measured by the clock of this device, right or wrong. */
function useDeviceTime(): number {
  const { clock } = useServices();
  useNow(); // once a second
  return clock.now();
}

/** Whether the device believes that it has a network at all. */
function useNetwork(): boolean {
  return useSyncExternalStore(subscribeNetwork, () => navigator.onLine);
}

function subscribeNetwork(changed: () => void): () => void {
  addEventListener('online', changed);
  addEventListener('offline', changed);
  return () => {
    removeEventListener('online', changed);
    removeEventListener('offline', changed);
  };
}

/** Says, while the connection is down, of when the shown state is. */
export function StaleBanner() {
  const { connection, clock } = useServices();
  const state = useConnectionState();
  const stale = state.phase === 'connecting' && (state.lastLive !== undefined || state.attempt > 1);
  return (
    <div role="status" className="stale-region">
      {stale && (
        <p className="stale">
          <strong>{texts.connection.notLive}</strong>{' '}
          {state.lastLive !== undefined && texts.connection.stateAsOf(formatClock(state.lastLive + connection.time.now() - clock.now()))}
          {reason(state)} <Retry at={state.retryAt} />
        </p>
      )}
    </div>
  );
}

function reason({ refusal, lastLive }: Extract<ConnectionState, { phase: 'connecting' }>): string {
  if (refusal === 'protocol') return texts.connection.outdated;
  if (refusal !== undefined) return sentenceFor(refusal);
  return lastLive === undefined ? texts.connection.silent : '';
}

/** Hidden from screen readers: a second counted aloud every second would drown everything else. */
function Retry({ at }: { at: number | undefined }) {
  const now = useDeviceTime();
  if (at === undefined || at - now < 1_000) return <span aria-hidden="true">{texts.connection.trying}</span>;
  return <span aria-hidden="true">{texts.connection.nextTry(formatLeft(new Date(at).toISOString(), now))}</span>;
}
