import { disputeSetup } from './dispute-setup.ts';

/* What each state takes of the provider's word. What is older than what is known falls through to the region, and changes nothing. */

/** It was an inquiry and is a chargeback, whichever word of that came first. */
const ESCALATE = ['postWithdrawal', 'noteWithdrawal', 'tellDisputed', { type: 'announce', params: 'dispute.opened' }] as const;
const WIN = ['postReturn', 'tellWon', { type: 'noteEnding', params: 'won' }, { type: 'announce', params: 'dispute.won' }] as const;
const LOSE = ['postLoss', 'tellLost', { type: 'noteEnding', params: 'lost' }, { type: 'announce', params: 'dispute.lost' }] as const;
const PREVENT = [
  { type: 'noteEnding', params: 'prevented' },
  { type: 'announce', params: 'dispute.prevented' },
] as const;
const SEND = ['noteApproval', { type: 'announce', params: 'dispute.submitted' }] as const;
const MISS = { type: 'noteBecause', params: 'no_evidence_in_time' } as const;

const ENDS = [
  { guard: { type: 'says', params: 'won' }, target: 'won', actions: WIN },
  { guard: { type: 'says', params: 'lost' }, target: 'lost', actions: LOSE },
  { guard: { type: 'says', params: 'prevented' }, target: 'prevented', actions: ['postReturn', 'tellWon', ...PREVENT] },
] as const;

/** A bank asks. No money has moved: it is given up by refunding the payment, not here. */
export const inquiry = disputeSetup.createStateConfig({
  initial: 'asked',
  on: {
    DISPUTE_UPDATED: [
      { guard: { type: 'says', params: 'needs_response' }, target: 'needs_response', actions: ESCALATE },
      { guard: { type: 'says', params: 'under_review' }, target: 'under_review', actions: ESCALATE },
      { guard: { type: 'says', params: 'won' }, target: 'won', actions: [...ESCALATE, ...WIN] },
      { guard: { type: 'says', params: 'lost' }, target: 'lost', actions: [...ESCALATE, ...LOSE] },
      { guard: { type: 'says', params: 'prevented' }, target: 'prevented', actions: PREVENT },
    ],
  },
  states: {
    asked: {
      tags: ['needs_somebody', 'awaits_evidence'],
      always: { guard: 'isOverdue', target: 'lapsed', actions: MISS },
      on: {
        SUBMIT_EVIDENCE: { target: 'drafted', actions: { type: 'noteEvidence', params: ({ event }) => event } },
        DISPUTE_UPDATED: { guard: { type: 'saysLater', params: 'inquiry' }, actions: 'noteDue' },
      },
    },
    drafted: {
      tags: ['needs_somebody', 'awaits_evidence'],
      always: { guard: 'isOverdue', target: 'lapsed', actions: MISS },
      on: {
        SUBMIT_EVIDENCE: { actions: { type: 'noteEvidence', params: ({ event }) => event } },
        APPROVE_EVIDENCE: { guard: { type: 'canApprove', params: ({ event }) => event }, target: 'answered', actions: SEND },
        DISPUTE_UPDATED: { guard: { type: 'saysLater', params: 'inquiry' }, actions: 'noteDue' },
      },
    },
    answered: {
      on: {
        DISPUTE_UPDATED: { guard: { type: 'saysLater', params: 'inquiry' }, target: 'asked', actions: ['beginRound', 'noteDue'] },
      },
    },
    lapsed: {
      tags: ['overdue'],
      on: {
        DISPUTE_UPDATED: { guard: { type: 'saysLater', params: 'inquiry' }, target: 'asked', actions: ['beginRound', 'noteDue'] },
      },
    },
  },
});

/** The money has been taken back, and the house may say why that is wrong. */
export const needsResponse = disputeSetup.createStateConfig({
  tags: ['needs_somebody', 'awaits_evidence'],
  initial: 'asked',
  always: { guard: 'isOverdue', target: 'under_review.overdue', actions: MISS },
  on: {
    ACCEPT: {
      guard: { type: 'canAccept', params: ({ event }) => event },
      target: 'accepted',
      actions: [
        { type: 'noteBecause', params: ({ event }) => event.reason },
        'postLoss',
        'tellLost',
        { type: 'noteEnding', params: 'accepted' },
        { type: 'announce', params: 'dispute.lost' },
      ],
    },
    DISPUTE_UPDATED: [
      ...ENDS,
      { guard: { type: 'saysLater', params: 'needs_response' }, actions: 'noteDue' },
      { guard: { type: 'saysNoOlder', params: 'under_review' }, target: 'under_review', actions: 'noteDue' },
    ],
  },
  states: {
    asked: { on: { SUBMIT_EVIDENCE: { target: 'drafted', actions: { type: 'noteEvidence', params: ({ event }) => event } } } },
    drafted: {
      on: {
        SUBMIT_EVIDENCE: { actions: { type: 'noteEvidence', params: ({ event }) => event } },
        APPROVE_EVIDENCE: {
          guard: { type: 'canApprove', params: ({ event }) => event },
          target: '#dispute.status.under_review',
          actions: SEND,
        },
      },
    },
  },
});

/** The bank decides. Where it asks for more, until a later moment, there is something to say again. */
export const underReview = disputeSetup.createStateConfig({
  initial: 'deciding',
  on: {
    DISPUTE_UPDATED: [
      ...ENDS,
      { guard: { type: 'saysLater', params: 'needs_response' }, target: 'needs_response', actions: ['beginRound', 'noteDue'] },
      { guard: { type: 'saysLater', params: 'under_review' }, target: '.deciding', actions: ['beginRound', 'noteDue'] },
    ],
  },
  states: {
    deciding: {},
    /** Nothing was sent in time; the provider decides all the same. */
    overdue: { tags: ['overdue'] },
  },
});
