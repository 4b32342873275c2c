import { dispute } from './dispute.ts';
import type { DisputeContext } from './dispute-terms.ts';
import type { Post } from './machine.ts';
import { begin, send, START } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** What tests of disputes begin with. Nothing here is used by the hub itself. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** When evidence is due, unless the provider asks for more. */
export const DUE = START + 14 * DAY;

export const INPUT = {
  payment: 'pay_1',
  client: 'acme',
  amount_minor: 12_345,
  currency: 'EUR',
  reason: 'fraudulent',
  gateway: 'sandbox',
  due_by: DUE,
};

export const chargeback = (changes: object = {}): Stage => begin(dispute, { ...INPUT, kind: 'chargeback', ...changes }, { id: 'dp_1' });
export const inquiry = (changes: object = {}): Stage => chargeback({ kind: 'inquiry', ...changes });

export const said = (status: string, more: Partial<Cue> = {}): Cue => ({ type: 'DISPUTE_UPDATED', by: 'hub', status, v: 5, ...more });
export const submit = (changes: Partial<Cue> = {}): Cue => ({
  type: 'SUBMIT_EVIDENCE',
  summary: 'Signed for at the door',
  documents: ['delivery note'],
  ...changes,
});
export const APPROVE: Cue = { type: 'APPROVE_EVIDENCE', by: 'approver' };
export const ACCEPT: Cue = { type: 'ACCEPT', by: 'approver', reason: 'they are right' };
export const ACKNOWLEDGE: Cue = { type: 'ACKNOWLEDGE', by: 'approver', reason: 'looked at' };
export const REFUSED: Cue = {
  type: 'tell.refused',
  by: 'hub',
  to: 'payment/pay_1',
  event: 'DISPUTED',
  reason: 'not_found',
  sent: { dispute: 'dp_1' },
};

export const told = (stage: Stage, ...cues: readonly Cue[]): Stage => cues.reduce(send, stage);
export const contextOf = ({ snapshot }: Stage): DisputeContext => snapshot.context as DisputeContext;
export const postsOf = ({ facts }: Stage): readonly Post[] => facts.filter(({ type }) => type === '@post') as unknown as Post[];
/** What the payment was told, in order. */
export const tellsOf = ({ facts }: Stage): readonly string[] =>
  facts.flatMap((fact) => (fact.type === '@tell' ? [(fact as unknown as { event: { type: string } }).event.type] : []));
export const factsOf = ({ facts }: Stage): readonly string[] => facts.map(({ type }) => type).filter((type) => !type.startsWith('@'));
