import type { TimerView } from '../../../hub/protocol/messages.ts';
import { formatLeft, formatTime, formatUtc, nameWords } from '../../core/format.ts';
import { useNow } from '../services.ts';
import { timerTexts as TIMERS } from '../texts-actor.ts';

/** What will happen by itself, and in how long. */
export function Timers({ timers }: { timers: readonly TimerView[] }) {
  const now = useNow();
  return (
    <ul className="timers">
      {timers
        .toSorted((a, b) => a.due.localeCompare(b.due))
        .map(({ id, due }) => (
          <li key={id} className="timer">
            <span className="timer-name">{timerWords(id)}</span>
            <time className="timer-left" dateTime={due} title={`${formatTime(due)} (${formatUtc(due)})`}>
              {formatLeft(due, now)}
            </time>
          </li>
        ))}
    </ul>
  );
}

/** XState calls them `xstate.after.approval_ttl.payment.needs_approval`: only the delay's name means something to a person, and not each of them. */
export function timerWords(id: string): string {
  const name = /^xstate\.after\.([^.]+)\./.exec(id)?.[1] ?? id;
  if (Object.hasOwn(TIMERS, name)) return TIMERS[name] ?? name;
  return /^\d+$/.test(name) ? 'Next step' : nameWords(name).replace(/\bttl\b/, 'runs out');
}
