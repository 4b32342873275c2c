import { mustBeText } from './gate.ts';
import type { CallResult } from './integrations/integration.ts';
import type { Result } from './step.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** An answer that does not have the promised shape is no answer. What only reads has not happened when it is not answered. */
export function toResult(
  result: Exclude<CallResult, { kind: 'retry' }>,
  output: { safeParse(value: unknown): { success: boolean; data?: unknown } } | undefined,
  reads: boolean,
): Result {
  if (result.kind === 'done') {
    const parsed = output?.safeParse(result.output);
    if (parsed?.success === true && isText(parsed.data)) return { kind: 'done', output: parsed.data };
    return { kind: reads ? 'failed' : 'unknown', code: 'unreadable' };
  }
  const detail = result.detail === undefined ? {} : { detail: result.detail.slice(0, 300) };
  return { kind: result.kind === 'unknown' && reads ? 'failed' : result.kind, code: result.code, ...detail };
}

/** A provider's answer is from outside too: what no event may contain, no result may. */
function isText(value: unknown): boolean {
  try {
    mustBeText(value, 0);
    return true;
  } catch {
    return false;
  }
}

/** How long to wait before the next try, in milliseconds; `chance` is from 0 to 1. */
export function backoff(attempt: number, chance: number): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  return most / 2 + (most / 2) * chance;
}

/** It was not done, as far as this call can tell: certain only where there was no other before it, or where nothing is done by it. */
export function notDone(
  { perhaps }: { readonly perhaps: boolean },
  reads: boolean,
  { code, detail }: { readonly code: string; readonly detail?: string },
): Result {
  return { kind: perhaps && !reads ? 'unknown' : 'failed', code, ...(detail === undefined ? {} : { detail }) };
}

/** Which integration an effect is for, by its input. */
export function integrationOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('integration' in input)) return undefined;
  return typeof input.integration === 'string' ? input.integration : undefined;
}
