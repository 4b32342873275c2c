import { formatAgo, formatLeft, formatTime, formatUtc } from '../../core/format.ts';
import { useNow } from '../services.ts';

/** A moment in the viewer's zone; its hint says it in UTC. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatUtc(at)}>
      {formatTime(at)}
    </time>
  );
}

/** How long ago it was; its hint says when, in UTC. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={`${formatTime(at)} (${formatUtc(at)})`}>
      {formatAgo(at, now)}
    </time>
  );
}

/** How long it is until then; its hint says when, in UTC. */
export function Left({ until }: { until: string }) {
  const now = useNow();
  return (
    <time dateTime={until} title={`${formatTime(until)} (${formatUtc(until)})`}>
      {formatLeft(until, now)}
    </time>
  );
}
