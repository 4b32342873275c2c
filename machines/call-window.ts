import type { CallWindow, Calls, IntegrationContext, IntegrationRules, Tally } from './integration-terms.ts';

/** How a circuit counts: a window of two halves, which moves on by halves as the reports come in. */

const NONE: Tally = { succeeded: 0, failed: 0 };

export function emptyWindow(since: number): CallWindow {
  return { since, now: NONE, before: NONE };
}

/** The window with a report in it. Time comes with the report, so that a window needs no timer. */
export function withCalls(window: CallWindow, report: Calls, rules: IntegrationRules): CallWindow {
  const moved = moveOn(window, report.at, rules.window_ms / 2);
  return {
    ...moved,
    now: { succeeded: moved.now.succeeded + report.succeeded, failed: moved.now.failed + report.failed },
  };
}

function moveOn(window: CallWindow, at: number, half_ms: number): CallWindow {
  const halves = Math.floor((at - window.since) / half_ms);
  if (halves < 1) return window;
  return { since: window.since + halves * half_ms, now: NONE, before: halves === 1 ? window.now : NONE };
}

/** Whether the circuit opens when this report has been counted. */
export function wouldTrip({ window, rules }: IntegrationContext, report: Calls): boolean {
  // A report without failures never opens a circuit, whatever went before.
  if (report.failed === 0) return false;
  const { now, before } = withCalls(window, report, rules);
  const failed = now.failed + before.failed;
  const volume = failed + now.succeeded + before.succeeded;
  return volume >= rules.min_volume && failed / volume >= rules.failure_ratio;
}

/** How long an open circuit rests: doubles with every trip without a recovery in between, up to the cap. */
export function coolDown({ trips, rules }: IntegrationContext): number {
  return Math.min(rules.cool_down_ms * 2 ** Math.min(Math.max(trips - 1, 0), 30), rules.cool_down_cap_ms);
}
