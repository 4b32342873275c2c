import { isRecord } from '../core/problem.ts';

/** An event that could not be applied, as the hub keeps it. */
export type Letter = {
  readonly id: string;
  readonly address: string;
  readonly event: Readonly<{ type: string } & Record<string, unknown>>;
  readonly caller: string;
  readonly reason: string;
  readonly detail: string;
  readonly at: string;
  readonly resolution: 'applied' | 'rejected' | 'discarded' | null;
  readonly resolved_by: string | null;
  readonly note: string | null;
};

export type CauseKey = { readonly type: string; readonly event: string; readonly reason: string; readonly detail: string };
export type Cause = CauseKey & { readonly count: number; readonly first_at: string; readonly last_at: string };

export function sameCause(a: CauseKey, b: CauseKey): boolean {
  return a.type === b.type && a.event === b.event && a.reason === b.reason && a.detail === b.detail;
}

/** An event as a person has written it; undefined for what is none. */
export function readEvent(text: string): { type: string } | undefined {
  const value = readObject(text);
  return value !== undefined && typeof value['type'] === 'string' && value['type'] !== '' ? (value as { type: string }) : undefined;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
