import { isRecord } from '../core/problem.ts';
import { unreadable } from './office.ts';

/** What an operator did, as the hub lists it. */
export type OperatorAction = {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly action: string;
  /** An address, a kind of actors, the id of a dead letter, or what letters have in common. */
  readonly target: string;
  /** The actor that it was done to, or that the letter was for. */
  readonly address: string | null;
  readonly reason: string;
  readonly outcome: string | null;
  readonly detail: string;
  /** Of a state that two people forced: who the other one is. */
  readonly other: { readonly by: string; readonly at: string } | null;
  /** The state that somebody else has still to confirm. */
  readonly proposed: { readonly version: number; readonly state: string } | null;
};

export type OperationPage = { readonly items: readonly OperatorAction[]; readonly next: string | null };

export function readOperations(answer: unknown): OperationPage {
  if (isRecord(answer) && Array.isArray(answer['items'])) return answer as unknown as OperationPage;
  throw unreadable();
}

/** What can be asked for: who did it, what was done, and on what. */
export const OPERATION_FILTERS = ['by', 'action', 'target'] as const;
export type OperationFilters = Readonly<Partial<Record<(typeof OPERATION_FILTERS)[number], string>>>;

export function toOperationSearch(filters: OperationFilters): string {
  const given = OPERATION_FILTERS.map((name) => [name, filters[name]?.trim() ?? '']).filter(([, value]) => value !== '');
  return new URLSearchParams(given).toString();
}

/** What it was done to, for a link. */
export type Aim =
  | { readonly kind: 'actor'; readonly address: string }
  | { readonly kind: 'letter'; readonly address: string | null }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'cause'; readonly cause: string };

const OF_LETTERS = new Set(['resubmit', 'edit', 'discard']);

export function aimOf({ action, target, address }: OperatorAction): Aim {
  if (OF_LETTERS.has(action)) return { kind: 'letter', address };
  if (action === 'replay') return { kind: 'cause', cause: target.trim() };
  return address === null ? { kind: 'type', type: target } : { kind: 'actor', address };
}

/** What came of it. */
export type Fate =
  | { readonly kind: 'waits'; readonly state: string }
  | { readonly kind: 'confirmed' | 'done'; readonly version: number | undefined; readonly other: OperatorAction['other'] }
  | { readonly kind: 'counted'; readonly counts: string }
  | { readonly kind: 'lapsed' | 'kept' | 'under_way' | 'unknown' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'shown'; readonly as: string }
  | { readonly kind: 'hidden'; readonly as: string; readonly code: string };

export function fateOf({ action, outcome, detail, other, proposed }: OperatorAction): Fate {
  if (outcome === null) return { kind: 'unknown' };
  if (action === 'see_as') return outcome === 'shown' ? { kind: 'shown', as: detail } : { kind: 'hidden', as: detail, code: outcome };
  // Of a discarded letter the event is refused for good: that is what was wanted.
  if (action === 'discard' && outcome !== 'refused') return { kind: 'done', version: undefined, other };
  switch (outcome) {
    case 'rejected':
    case 'refused':
      return { kind: 'refused', code: detail };
    case 'parked':
      return { kind: 'kept' };
    case 'under_way':
      return { kind: 'under_way' };
    default:
      if (action === 'replay') return { kind: 'counted', counts: detail };
      return action === 'propose' ? fateOfProposal(detail, other, proposed) : { kind: 'done', version: versionOf(detail), other };
  }
}

function fateOfProposal(detail: string, other: OperatorAction['other'], proposed: OperatorAction['proposed']): Fate {
  if (proposed !== null) return { kind: 'waits', state: proposed.state };
  return other === null ? { kind: 'lapsed' } : { kind: 'confirmed', version: versionOf(detail), other };
}

function versionOf(detail: string): number | undefined {
  const version = /^version (\d{1,15})$/.exec(detail)?.[1];
  return version === undefined ? undefined : Number(version);
}
