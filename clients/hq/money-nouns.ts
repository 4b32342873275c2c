import type { Noun } from './nouns.ts';

/* How the console shows what guards the money of clients. */

export const limit: Noun = {
  type: 'limit',
  path: '/limits',
  one: 'limit',
  many: 'limits',
  tones: {
    'granting.open': 'well',
    'granting.blocked': 'wrong',
    'spends.counted': 'well',
    'raise.none': 'well',
    'raise.proposed': 'asking',
    'day.empty': 'resting',
    'day.counting': 'well',
    'use.normal': 'well',
    'use.near': 'moving',
  },
  sections: [
    { title: 'Limits', fields: ['client', 'limits', 'proposal', 'blocked_by', 'reason'] },
    { title: 'Today', fields: ['today', 'count_today', 'zone', 'near_ratio'] },
    { title: 'Payments', fields: ['spends'] },
    { title: 'Known payees', fields: ['payees'] },
  ],
  grave: ['BLOCK', 'DROP'],
  main: ['CONFIRM', 'UNBLOCK', 'SET'],
  basis: {
    SET: ['limits', 'today', 'client'],
    CONFIRM: ['proposal', 'limits', 'client'],
    DROP: ['proposal', 'limits', 'client'],
    '*': ['client', 'today', 'count_today'],
  },
  makers: ['clerk', 'cfo'],
  namedBy: 'client',
  references: [{ field: 'client', type: 'client', title: 'Client' }],
  relatives: [],
};

export const dispute: Noun = {
  type: 'dispute',
  path: '/disputes',
  one: 'dispute',
  many: 'disputes',
  figure: 'amount_minor',
  tones: {
    'status.opening': 'moving',
    'status.inquiry': 'moving',
    'status.needs_response': 'asking',
    'status.under_review': 'moving',
    'status.accepted': 'lost',
    'status.won': 'well',
    'status.lost': 'lost',
    'status.prevented': 'well',
    'deadline.off': 'resting',
    'deadline.running': 'well',
    'deadline.over': 'wrong',
    'attention.none': 'well',
    'attention.wanted': 'wrong',
  },
  sections: [
    { title: 'Dispute', fields: ['payment', 'client', 'amount_minor', 'currency', 'reason', 'kind', 'due_by', 'stands_because'] },
    { title: 'Evidence', fields: ['evidence'] },
    { title: 'To look at', fields: ['troubles'] },
    { title: 'Money', fields: ['gateway', 'ending', 'maker', 'opened_at'] },
  ],
  grave: ['ACCEPT'],
  main: ['SUBMIT_EVIDENCE', 'APPROVE_EVIDENCE', 'ACKNOWLEDGE'],
  basis: {
    APPROVE_EVIDENCE: ['evidence', 'payment', 'amount_minor', 'reason', 'due_by'],
    ACKNOWLEDGE: ['troubles', 'payment', 'amount_minor'],
    '*': ['payment', 'client', 'amount_minor', 'reason', 'due_by'],
  },
  makers: ['clerk'],
  references: [
    { field: 'payment', type: 'payment', title: 'Payment' },
    { field: 'client', type: 'client', title: 'Client' },
    { field: 'gateway', type: 'integration', title: 'Gateway' },
  ],
  relatives: [],
};

export const rates: Noun = {
  type: 'rates',
  path: '/rates',
  one: 'source of rates',
  many: 'exchange rates',
  tones: {
    'fetching.calling': 'moving',
    'fetching.idle': 'well',
    'fetching.pausing': 'moving',
    'age.none': 'resting',
    'age.fresh': 'well',
    'age.stale': 'wrong',
    'dispute.none': 'well',
    'dispute.open': 'asking',
  },
  sections: [
    { title: 'Rates', fields: ['title', 'source', 'newest', 'stale_after_days', 'days'] },
    { title: 'Other numbers', fields: ['disputed', 'discarded'] },
    { title: 'Fetching', fields: ['integration', 'fetched_at', 'looked_at', 'failure', 'tries', 'asks_all'] },
  ],
  grave: ['ACCEPT', 'KEEP'],
  main: ['FETCH'],
  basis: { '*': ['source', 'newest'], ACCEPT: ['source', 'disputed'], KEEP: ['source', 'disputed'] },
  makers: ['operator', 'admin'],
  references: [{ field: 'integration', type: 'integration', title: 'Fetched by' }],
  relatives: [],
};

export const period: Noun = {
  type: 'period',
  path: '/periods',
  one: 'period',
  many: 'periods',
  course: { line: ['open', 'reading', 'proposed', 'closed'], ends: ['closed'] },
  tones: { open: 'moving', reading: 'moving', proposed: 'asking', closed: 'well', reopening: 'moving' },
  sections: [
    { title: 'Period', fields: ['month', 'home_currency', 'asked', 'closed', 'reopening', 'reasons', 'payload_hash'] },
    { title: 'Figures', fields: ['figures', 'carried'] },
  ],
  grave: ['REOPEN'],
  main: ['CLOSE', 'CONFIRM'],
  basis: { CONFIRM: ['month', 'asked', 'reopening', 'payload_hash'], '*': ['month', 'closed'] },
  makers: ['cfo', 'approver'],
  references: [{ field: 'rates', type: 'rates', title: 'Rates' }],
  relatives: [],
};

/** Blocked, asked about, or nearly used up; where it is none of these, that it grants. */
export function limitHeadline(state: readonly string[]): readonly string[] {
  const found = ['granting.blocked', 'raise.proposed', 'use.near'].filter((trouble) => state.includes(trouble));
  return found.length > 0 ? found : state.filter((region) => region.startsWith('granting.'));
}

/** How it stands, shortly where nothing has been done yet, and that somebody has to look at it. */
export function disputeHeadline(state: readonly string[]): readonly string[] {
  const shown = state.filter((region) => region.startsWith('status.') || region === 'attention.wanted');
  return shown.map((region) => region.replace(/\.(?:asked|deciding)$/, ''));
}
