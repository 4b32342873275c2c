import { not } from 'xstate';
import * as rules from './dispute-rules.ts';
import { disputeSetup } from './dispute-setup.ts';
import { inquiry, needsResponse, underReview } from './dispute-status.ts';
import { disputeEvents, disputeFacts, disputeInput, disputeInternal } from './dispute-terms.ts';
import { defineMachine } from './machine.ts';
import type { Stamp } from './machine.ts';
import { toDecimal } from './money.ts';

const disputeMachine = disputeSetup.createMachine({
  id: 'dispute',
  context: ({ input }) => rules.toContext(input),
  type: 'parallel',
  states: {
    // First of the regions: what it posts comes before the timers of the others.
    status: {
      initial: 'opening',
      // The provider's word comes again and late: whatever no state takes is known, or older than what is known.
      on: { DISPUTE_UPDATED: {} },
      states: {
        opening: {
          always: [
            { guard: 'isInquiry', target: 'inquiry', actions: { type: 'announce', params: 'dispute.opened' } },
            { target: 'needs_response', actions: ['postWithdrawal', 'tellDisputed', { type: 'announce', params: 'dispute.opened' }] },
          ],
        },
        inquiry,
        needs_response: needsResponse,
        under_review: underReview,
        // What is given up is lost; the provider only says so later.
        accepted: {
          tags: ['final'],
          on: { DISPUTE_UPDATED: { guard: { type: 'says', params: 'lost' }, target: 'lost' } },
        },
        won: { tags: ['final'] },
        lost: { tags: ['final'] },
        prevented: { tags: ['final'] },
      },
    },
    // How near the moment is from which evidence comes too late.
    deadline: {
      initial: 'off',
      states: {
        off: { always: { guard: 'isAwaited', target: 'running' } },
        running: {
          initial: 'ahead',
          always: { guard: not('isAwaited'), target: 'off' },
          after: { evidence_due: 'over' },
          on: { DISPUTE_UPDATED: { guard: 'movesDeadline', target: 'running', reenter: true } },
          states: {
            ahead: {
              // What is as near as this when it comes is not announced: that it has come is.
              always: [
                { guard: { type: 'isNearer', params: 'half_day' }, target: 'half_day' },
                { guard: { type: 'isNearer', params: 'two_days' }, target: 'two_days' },
                { guard: { type: 'isNearer', params: 'week' }, target: 'week' },
              ],
              after: { week_before: { target: 'week', actions: { type: 'announce', params: 'dispute.due_soon' } } },
            },
            week: { after: { two_days_before: { target: 'two_days', actions: { type: 'announce', params: 'dispute.due_soon' } } } },
            two_days: { after: { half_day_before: { target: 'half_day', actions: { type: 'announce', params: 'dispute.due_soon' } } } },
            half_day: {},
          },
        },
        over: { always: { guard: not('isAwaited'), target: 'off' } },
      },
    },
    // What is not as it should be between the hub, the payment and the provider.
    attention: {
      initial: 'none',
      on: {
        'tell.refused': { target: '.wanted', actions: { type: 'noteRefused', params: ({ event }) => event } },
        DISPUTE_UPDATED: {
          guard: { type: 'contradicts', params: ({ event }) => event },
          target: '.wanted',
          actions: { type: 'noteContradiction', params: ({ event }) => event },
        },
      },
      states: {
        none: {},
        wanted: {
          tags: ['needs_somebody'],
          on: {
            ACKNOWLEDGE: {
              target: 'none',
              actions: ['forgetTroubles', { type: 'noteBecause', params: ({ event }) => event.reason }],
            },
          },
        },
      },
    },
  },
});

/**
 * A payer's bank that takes money back, or asks whether it should. Gateways have no operation that hands evidence in, so a person does that at
 * the provider, and by approving the evidence says that it is there. The provider decides; what it says comes repeated and in any order.
 */
export const dispute = defineMachine({
  type: 'dispute',
  version: 1,
  machine: disputeMachine,
  input: disputeInput,
  events: disputeEvents,
  internal: disputeInternal,
  facts: disputeFacts,
  permissions: {
    '@create': ['clerk', 'system'],
    SUBMIT_EVIDENCE: ['clerk'],
    APPROVE_EVIDENCE: ['approver', 'cfo'],
    ACCEPT: ['approver', 'cfo'],
    ACKNOWLEDGE: ['approver', 'cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  belongs: ({ client }) => ({ client }),
  title: ({ payment }) => payment,
  summary: ({ amount_minor, currency, reason }) => `${toDecimal({ amount_minor, currency })} ${currency} · ${reason}`,
  search: ({ id, payment, client, reason }) => [id, payment, client, reason],
  reasons: {
    APPROVE_EVIDENCE: ({ context }, event: Stamp) => rules.refuseApprove(context, event),
    ACCEPT: ({ context }, event: Stamp) => rules.refuseAccept(context, event),
  },
  samples: {
    SUBMIT_EVIDENCE: () => ({ summary: 'probe', documents: [] }),
    ACCEPT: () => ({ reason: 'probe' }),
    ACKNOWLEDGE: () => ({ reason: 'probe' }),
  },
});
