import { assign, emit, or, setup, stateIn } from 'xstate';
import * as rules from './dispute-rules.ts';
import type {
  DisputeBirth,
  DisputeContext,
  DisputeEvent,
  DisputeFact,
  DisputeFactName,
  DisputeStatus,
  DisputeUpdated,
  SubmitEvidence,
  TellRefused,
} from './dispute-terms.ts';
import { post, tell } from './machine.ts';
import type { Stamp } from './machine.ts';

/** The words that the chart of a dispute is written in. */
export const disputeSetup = setup({
  types: {
    context: {} as DisputeContext,
    events: {} as DisputeEvent,
    input: {} as DisputeBirth,
    emitted: {} as DisputeFact,
    tags: {} as 'final' | 'needs_somebody' | 'overdue' | 'awaits_evidence',
  },
  delays: {
    week_before: ({ context, event }) => rules.waitUntil(context, momentOf(event, context), 'week'),
    two_days_before: ({ context, event }) => rules.waitUntil(context, momentOf(event, context), 'two_days'),
    half_day_before: ({ context, event }) => rules.waitUntil(context, momentOf(event, context), 'half_day'),
    evidence_due: ({ context, event }) => rules.waitUntil(context, momentOf(event, context)),
  },
  guards: {
    isInquiry: ({ context }) => context.kind === 'inquiry',
    isAwaited: or([
      stateIn({ status: 'needs_response' }),
      stateIn({ status: { inquiry: 'asked' } }),
      stateIn({ status: { inquiry: 'drafted' } }),
    ]),
    isOverdue: stateIn({ deadline: 'over' }),
    isNearer: ({ context, event }, notice: rules.Notice) => rules.waitUntil(context, momentOf(event, context), notice) === 0,
    says: ({ event }, status: DisputeStatus) => event.type === 'DISPUTE_UPDATED' && event.status === status,
    saysLater: ({ context, event }, status: DisputeStatus) =>
      event.type === 'DISPUTE_UPDATED' && event.status === status && rules.isLater(context, event),
    saysNoOlder: ({ context, event }, status: DisputeStatus) =>
      event.type === 'DISPUTE_UPDATED' && event.status === status && !rules.isOlder(context, event),
    movesDeadline: ({ context, event }) => event.type === 'DISPUTE_UPDATED' && rules.movesDeadline(context, event),
    contradicts: ({ context }, event: DisputeUpdated) => rules.contradicts(context, event),
    canApprove: ({ context }, event: Stamp) => rules.refuseApprove(context, event) === undefined,
    canAccept: ({ context }, event: Stamp) => rules.refuseAccept(context, event) === undefined,
  },
  actions: {
    announce: emit(({ context }, type: DisputeFactName) => rules.toFact(type, context)),
    noteDue: assign({ due_by: ({ context, event }) => rules.dueBy(context, event) }),
    noteBecause: assign({ stands_because: (_, because: string | null) => because }),
    noteEvidence: assign({ evidence: (_, event: SubmitEvidence) => rules.toEvidence(event) }),
    noteApproval: assign({ evidence: ({ context, event }) => rules.approved(context, event.by) }),
    beginRound: assign({ evidence: null, stands_because: null }),
    noteEnding: assign({ ending: (_, ending: DisputeContext['ending']) => ending }),
    /** Before anything else that its step asks for: a later posting names it by that. */
    postWithdrawal: post(({ context }) => rules.toWithdrawalPost(context)),
    noteWithdrawal: assign(({ context, event }) => rules.escalate(context, event)),
    postReturn: post(({ context }) => rules.toReturnPost(context)),
    postLoss: post(({ context }) => rules.toLossPost(context)),
    tellDisputed: tell(({ context }) => rules.toDisputed(context)),
    tellWon: tell(({ context }) => rules.toEnded(context, 'DISPUTE_WON')),
    tellLost: tell(({ context }) => rules.toEnded(context, 'DISPUTE_LOST')),
    noteRefused: assign({ troubles: ({ context }, event: TellRefused) => rules.withTrouble(context, rules.toRefusal(event)) }),
    noteContradiction: assign({
      troubles: ({ context }, event: DisputeUpdated) => rules.withTrouble(context, rules.toContradiction(event)),
    }),
    forgetTroubles: assign({ troubles: [] }),
  },
});

/** When the event was taken. Timers carry it too; XState's types of them do not know, and creation has it in its input. */
function momentOf(event: object, { opened_at }: DisputeContext): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : opened_at;
}
