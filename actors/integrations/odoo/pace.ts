import type { Ports } from '../../ports/ports.ts';
import { RateLimit } from '../../rate-limit.ts';
import type { Limits } from '../integration.ts';
import { OdooError } from './failures.ts';

/** Waits until one more request keeps to what Odoo takes. */
export type Pace = (signal: AbortSignal) => Promise<void>;

/** One operation is several requests, and it is requests that Odoo counts. */
export function paceOf(limits: Limits, { clock, timers }: Pick<Ports, 'clock' | 'timers'>): Pace {
  const rate = new RateLimit();
  return async (signal) => {
    for (;;) {
      if (signal.aborted) throw new OdooError('unavailable', 'There was no time left for one more request to Odoo.');
      const wait_ms = rate.take(limits, { monotonic: clock.monotonic(), utc: clock.now() });
      if (wait_ms === 0) return;
      await new Promise<void>((resolve) => timers.after(wait_ms, resolve));
    }
  };
}
