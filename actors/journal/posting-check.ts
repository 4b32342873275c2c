import type { Posting } from '../envelope.ts';
import { toPostingRows } from '../posting.ts';
import type { AuditLeg, AuditRow } from '../store/audit.ts';
import type { Finding } from './finding.ts';

const COMPARED = [
  'partition',
  'account',
  'currency',
  'amount_minor',
  'at',
  'pending',
  'effective',
  'kind',
  'of_version',
  'of_i',
] as const satisfies readonly (keyof AuditLeg)[];

/** The ledger's rows of one row of the journal against what its step posted. */
export function checkPostings(row: AuditRow, postings: readonly Posting[], legs: readonly AuditLeg[]): Finding[] {
  if (postings.length === 0 && legs.length === 0) return [];
  const { partition, seq, actor, version } = row;
  const found: Finding[] = [];
  const say = (i: number, leg: number, what: string, column?: string): void => {
    found.push({ partition, seq, actor, version, ...(column === undefined ? {} : { column }), what: `${what} (posting ${i}, leg ${leg})` });
  };
  const keyOf = ({ i, leg }: { i: number; leg: number }): string => `${i} ${leg}`;
  const expected = new Map(expectedLegs(row, postings).map((leg) => [keyOf(leg), leg]));
  for (const leg of legs) {
    const meant = expected.get(keyOf(leg));
    expected.delete(keyOf(leg));
    if (meant === undefined) {
      say(leg.i, leg.leg, 'a leg is in the ledger that was never posted, or is there twice');
      continue;
    }
    for (const column of COMPARED) {
      if (meant[column] !== leg[column]) say(leg.i, leg.leg, 'of the ledger was changed', column);
    }
  }
  for (const { i, leg } of expected.values()) say(i, leg, 'a leg that was posted is not in the ledger');
  return found;
}

function expectedLegs(row: AuditRow, postings: readonly Posting[]): AuditLeg[] {
  try {
    const { partition, actor, version, at } = row;
    // Amounts as PostgreSQL has them: a text, since a number would round what somebody made of them.
    return toPostingRows({ partition, actor, version, at }, postings).map((leg) => ({
      ...leg,
      amount_minor: String(leg.amount_minor + 0),
    }));
  } catch {
    return []; // What was posted cannot be read any more: every leg is one too many.
  }
}
