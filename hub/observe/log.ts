import { pino } from 'pino';
import type { Logger } from 'pino';
import { redact } from './redact.ts';

export type HubLog = Logger;

/** JSON lines on standard output, redacted by value; on a terminal only what needs attention, since the banner says the rest. */
export function openLog(options: { readonly level: string; readonly terminal: boolean; readonly node: string }): HubLog {
  const level = options.terminal && options.level === 'info' ? 'warn' : options.level;
  return pino({
    level,
    base: { node: options.node },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Paths miss whatever moves by one level, so every line is read as a whole before it leaves.
    hooks: { streamWrite: redact },
  });
}
