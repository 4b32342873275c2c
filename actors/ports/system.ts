import { randomBytes } from 'node:crypto';
import type { Cancel, Log, Ports } from './ports.ts';

const LONGEST_MS = 2 ** 31 - 1;

/** The real clock, timers and randomness of this machine. */
export function systemPorts(log: Log): Ports {
  return {
    log,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    timers: { after, every, soon: (run) => void setImmediate(run), deadline },
    random: { next: () => Math.random(), id: () => randomBytes(16).toString('base64url').slice(0, 22) },
    reach: nothing,
  };
}

function nothing(): void {}

function after(delay_ms: number, run: () => void): Cancel {
  const timer = setTimeout(run, Math.min(Math.max(0, delay_ms), LONGEST_MS));
  return () => clearTimeout(timer);
}

function every(period_ms: number, run: () => void): Cancel {
  const timer = setInterval(run, period_ms);
  return () => clearInterval(timer);
}

function deadline(delay_ms: number): { signal: AbortSignal; cancel: Cancel } {
  const controller = new AbortController();
  const cancel = after(delay_ms, () => controller.abort(new Error(`No answer within ${delay_ms} ms`)));
  return { signal: controller.signal, cancel };
}
