import type { ChartState } from '../../hub/protocol/chart.ts';
import type { Course } from '../core/journey.ts';
import { topOf } from '../core/journey.ts';
import { fileImport } from './import-noun.ts';
import { bill, binding, booking, feed } from './erp-nouns.ts';
import { dispute, disputeHeadline, limit, limitHeadline, period, rates } from './money-nouns.ts';

/** How a state is to be taken: what is well, what moves by itself, what waits for a person, what is wrong, what rests, what ended badly. */
export type Tone = 'well' | 'moving' | 'asking' | 'wrong' | 'resting' | 'lost';

/** How the console shows one kind of actor. What it does not name is shown all the same, only plainer. */
export type Noun = {
  readonly type: string;
  /** The address of its list. */
  readonly path: string;
  readonly one: string;
  readonly many: string;
  /** The states at the top of its chart; absent for charts of parallel regions. */
  readonly course?: Course;
  /** The field that is its figure: shown large. */
  readonly figure?: string;
  readonly tones: Readonly<Record<string, Tone>>;
  /** What its context is sorted into, in the order in which people ask for it. */
  readonly sections: readonly { readonly title: string; readonly fields: readonly string[] }[];
  /** Events that take something away: asked about before they are sent. */
  readonly grave: readonly string[];
  /** The events that lead on; shown first, and as the usual next step. */
  readonly main: readonly string[];
  /** What is shown above the form of an event, so that nobody decides on what he does not see. */
  readonly basis: Readonly<Record<string, readonly string[]>>;
  /** Who may create one; the hub has the last word. */
  readonly makers: readonly string[];
  /** The field of its input whose id it takes for its own: there is one for each of those, and under another id it is none. */
  readonly namedBy?: string;
  /** Fields of its context that name another actor. */
  readonly references: readonly Reference[];
  /** Kinds of actors whose lists can be narrowed to those that belong to this one. */
  readonly relatives: readonly Relatives[];
  /** Whether the hub makes a receipt of one that is settled. */
  readonly hasReceipt?: true;
};

export type Reference = { readonly field: string; readonly type: string; readonly title: string };
export type Relatives = { readonly type: string; readonly title: string; readonly filter: 'client' | 'agent' };

const payment: Noun = {
  type: 'payment',
  path: '/payments',
  one: 'payment',
  many: 'payments',
  hasReceipt: true,
  figure: 'amount_minor',
  course: {
    line: ['draft', 'needs_approval', 'authorizing', 'authorized', 'capturing', 'settled'],
    ends: ['settled', 'rejected', 'declined', 'failed', 'canceled', 'expired'],
  },
  tones: {
    draft: 'resting',
    validating: 'moving',
    screening: 'moving',
    needs_approval: 'asking',
    held: 'asking',
    approved: 'moving',
    scheduled: 'resting',
    claiming: 'moving',
    reserving: 'moving',
    awaiting_funds: 'asking',
    authorizing: 'moving',
    authorized: 'moving',
    capturing: 'moving',
    settled: 'well',
    unknown: 'wrong',
    rejected: 'lost',
    declined: 'lost',
    failed: 'lost',
    canceled: 'resting',
    expired: 'resting',
  },
  sections: [
    {
      title: 'Payment',
      fields: [
        'amount_minor',
        'payee',
        'reference',
        'client',
        'bill',
        'capture',
        'execute_on',
        'due_at',
        'reason',
        'note',
        'out_of_step',
        'held_by',
      ],
    },
    {
      title: 'Money',
      fields: ['currency', 'authorized_minor', 'capture_minor', 'captured_minor', 'refunded_minor', 'refunds', 'disputes'],
    },
    {
      title: 'Account',
      fields: [
        'account',
        'account_currency',
        'conversion',
        'charged_minor',
        'rates',
        'spread_basis_points',
        'hold',
        'holds',
        'funds_until',
        'limited',
        'credits',
      ],
    },
    {
      title: 'Approval',
      fields: [
        'screening',
        'screened_by',
        'maker',
        'amended_by',
        'approvals_needed',
        'approval_from_minor',
        'approvals',
        'revision',
        'payload_hash',
      ],
    },
    {
      title: 'Gateway',
      fields: [
        'gateway',
        'gateways',
        'gateway_reference',
        'capture_reference',
        'operation',
        'attempt',
        'retries',
        'tries',
        'operations',
        'proposal',
      ],
    },
  ],
  grave: ['DENY', 'CANCEL', 'REFUND', 'CONFIRM_OUTCOME'],
  main: ['SUBMIT', 'CLEAR', 'APPROVE', 'CAPTURE', 'CONFIRM_OUTCOME'],
  basis: {
    APPROVE: ['amount_minor', 'payee', 'client', 'reference', 'account', 'execute_on', 'maker', 'payload_hash'],
    CLEAR: ['payee', 'screening', 'amount_minor', 'client', 'reference'],
    CAPTURE: ['amount_minor', 'authorized_minor', 'payee', 'client'],
    REFUND: ['captured_minor', 'refunded_minor', 'refunds', 'payee', 'client'],
    PROPOSE_OUTCOME: ['amount_minor', 'payee', 'client', 'operations', 'gateway', 'gateway_reference'],
    CONFIRM_OUTCOME: ['amount_minor', 'payee', 'client', 'proposal', 'operations', 'gateway', 'gateway_reference'],
    DROP_OUTCOME: ['amount_minor', 'payee', 'client', 'proposal'],
    '*': ['amount_minor', 'payee', 'client', 'reference'],
  },
  makers: ['clerk'],
  references: [
    { field: 'client', type: 'client', title: 'Client' },
    { field: 'account', type: 'account', title: 'Account' },
    { field: 'rates', type: 'rates', title: 'Rates' },
    { field: 'gateway', type: 'integration', title: 'Gateway' },
  ],
  relatives: [],
};

const client: Noun = {
  type: 'client',
  path: '/clients',
  one: 'client',
  many: 'clients',
  course: { line: ['invited', 'collecting', 'submitted', 'verifying', 'active'], ends: ['rejected', 'closed'] },
  tones: {
    invited: 'resting',
    collecting: 'moving',
    submitted: 'asking',
    verifying: 'moving',
    active: 'well',
    suspended: 'wrong',
    rejected: 'lost',
    closed: 'resting',
  },
  sections: [
    { title: 'Client', fields: ['name', 'kind', 'country', 'email', 'reason'] },
    { title: 'Documents', fields: ['documents', 'bank_account'] },
    { title: 'Checks', fields: ['checks_by', 'checks'] },
  ],
  grave: ['SUSPEND', 'REJECT', 'CLOSE'],
  main: ['INVITE', 'SUBMIT', 'VERIFY', 'REINSTATE'],
  basis: { '*': ['name', 'kind', 'country', 'email'] },
  makers: ['clerk'],
  references: [{ field: 'checks_by', type: 'integration', title: 'Checks by' }],
  relatives: [
    { type: 'payment', title: 'Payments', filter: 'client' },
    { type: 'account', title: 'Accounts', filter: 'client' },
    { type: 'limit', title: 'Limits', filter: 'client' },
    { type: 'dispute', title: 'Disputes', filter: 'client' },
  ],
};

const account: Noun = {
  type: 'account',
  path: '/accounts',
  one: 'account',
  many: 'accounts',
  figure: 'available_minor',
  tones: {
    'life.pending': 'asking',
    'life.verifying': 'moving',
    'life.active': 'well',
    'life.dormant': 'resting',
    'life.closing': 'asking',
    'life.closed': 'resting',
    'debits.open': 'well',
    'debits.blocked': 'wrong',
    'credits.open': 'well',
    'credits.blocked': 'wrong',
    'freeze.clear': 'well',
    'freeze.frozen': 'wrong',
    'paying.yes': 'well',
    'paying.no': 'resting',
    'taking.yes': 'well',
    'taking.no': 'resting',
    'funds.counted': 'well',
    'limit.normal': 'well',
    'limit.near': 'moving',
    'overdue.clear': 'well',
    'overdue.below_zero': 'moving',
    'overdue.first': 'asking',
    'overdue.second': 'wrong',
    'overdue.third': 'wrong',
  },
  sections: [
    { title: 'Account', fields: ['name', 'client', 'currency', 'maker', 'reason', 'frozen_by'] },
    { title: 'Money', fields: ['available_minor', 'posted_minor', 'held_minor', 'incoming_minor', 'overdraft_minor'] },
    { title: 'On its way', fields: ['holds', 'deposits', 'credits'] },
    { title: 'Rules', fields: ['rules'] },
  ],
  grave: ['BLOCK_DEBITS', 'BLOCK_CREDITS', 'FREEZE', 'DROP', 'CLOSE'],
  main: ['ACTIVATE', 'DEPOSIT', 'CONFIRM', 'UNFREEZE', 'WAKE'],
  basis: {
    CONFIRM: ['deposits', 'posted_minor', 'client'],
    DROP: ['deposits', 'client'],
    SET_OVERDRAFT: ['overdraft_minor', 'posted_minor', 'held_minor', 'client'],
    '*': ['name', 'client', 'available_minor', 'posted_minor', 'held_minor'],
  },
  makers: ['clerk'],
  references: [{ field: 'client', type: 'client', title: 'Client' }],
  relatives: [],
};

const integration: Noun = {
  type: 'integration',
  path: '/integrations',
  one: 'integration',
  many: 'integrations',
  tones: {
    'lifecycle.enabled': 'well',
    'lifecycle.disabled': 'resting',
    'circuit.closed': 'well',
    'circuit.open': 'wrong',
    'circuit.half_open': 'moving',
    'circuit.forced_open': 'wrong',
    'auth.valid': 'well',
    'auth.invalid': 'wrong',
    'admission.all': 'well',
    'admission.probes': 'moving',
    'admission.none': 'resting',
    'lifecycle.probing': 'moving',
    'lifecycle.draining': 'moving',
    'lifecycle.quarantined': 'wrong',
    'auth.doubted': 'moving',
    'auth.expiring': 'asking',
    'auth.rotating': 'moving',
    'throttle.normal': 'well',
    'throttle.limited': 'asking',
    'throttle.recovering': 'moving',
    'contract.compatible': 'well',
    'contract.drifted_additive': 'asking',
    'contract.drifted_breaking': 'wrong',
    'probe.none': 'resting',
    'probe.idle': 'well',
    'probe.calling': 'moving',
    'probe.pausing': 'moving',
  },
  sections: [
    { title: 'Integration', fields: ['title', 'provides', 'disabled_because', 'quarantined_because', 'open_because'] },
    { title: 'Calls', fields: ['succeeded_at', 'failed_at', 'errors', 'limited_until', 'share'] },
    { title: 'Circuit', fields: ['open_since', 'trips', 'probed', 'window', 'rules'] },
    { title: 'Credentials and contract', fields: ['credentials', 'contract', 'looking', 'declared', 'did'] },
  ],
  grave: ['DISABLE', 'TRIP', 'QUARANTINE', 'ACCEPT_CONTRACT'],
  main: ['ENABLE', 'RESET', 'PROBE'],
  basis: { '*': ['title', 'provides', 'disabled_because', 'open_because'], ACCEPT_CONTRACT: ['title', 'contract'] },
  makers: [], // integrations come with the hub; who may create one does so by its API
  references: [],
  relatives: [],
};

/** The kinds that have lists and screens of their own. */
export const NOUNS: readonly Noun[] = [
  payment,
  client,
  account,
  limit,
  dispute,
  integration,
  rates,
  period,
  fileImport,
  bill,
  binding,
  booking,
  feed,
];

/** The noun of a type; a plain one for a kind of actor that this console does not know yet. */
export function nounOf(type: string): Noun {
  const known = NOUNS.find((noun) => noun.type === type);
  return (
    known ?? {
      type,
      path: '/',
      one: type,
      many: `${type}s`,
      tones: {},
      sections: [],
      grave: [],
      main: [],
      basis: {},
      makers: [],
      references: [],
      relatives: [],
    }
  );
}

/** How one state of an actor is to be taken. Tags tell it for kinds that are not named here. */
export function toneOf(noun: Noun, state: string, tags: readonly string[]): Tone {
  const named = noun.tones[state] ?? noun.tones[topOf(state)];
  const tagged = tags.includes('needs_somebody') ? 'asking' : tags.includes('final') ? 'resting' : 'moving';
  // An authorization that is held waits for somebody; while it is given back it does not.
  return named === 'moving' && tagged === 'asking' ? 'asking' : (named ?? tagged);
}

/** How a state on a chart is to be taken; one that only holds others together is nothing by itself. */
export function toneOnChart(noun: Noun, { path, tags, states }: Pick<ChartState, 'path' | 'tags' | 'states'>): Tone {
  return states.length > 0 && noun.tones[path] === undefined && noun.tones[topOf(path)] === undefined
    ? 'resting'
    : toneOf(noun, path, tags);
}

/** The states worth a word in a list: the one of a plain chart; of parallel regions those that are not as they should be. */
export function headlineStates(noun: Noun, state: readonly string[]): readonly string[] {
  if (noun.type === 'integration') return integrationHeadline(state);
  if (noun.type === 'account') return accountHeadline(state);
  if (noun.type === 'limit') return limitHeadline(state);
  if (noun.type === 'dispute') return disputeHeadline(state);
  if (noun.type === 'rates') return ratesHeadline(state);
  const tops = [...new Set(state.map(topOf))];
  return tops.length === 1 ? [state.length === 1 ? (state[0] ?? '') : (tops[0] ?? '')] : state;
}

/** Switched off, refused, tripped: whatever keeps calls from going out; `closed` only when nothing does. */
function integrationHeadline(state: readonly string[]): readonly string[] {
  const troubles = [
    ...['disabled', 'probing', 'draining', 'quarantined'].map((one) => `lifecycle.${one}`),
    ...['contract.drifted_breaking', 'auth.invalid', 'auth.doubted'],
    ...['circuit.forced_open', 'circuit.open', 'circuit.half_open', 'throttle.limited'],
  ];
  const found = troubles.filter((trouble) => state.includes(trouble));
  return found.length > 0 ? found : state.filter((region) => region.startsWith('circuit.'));
}

/** Whatever keeps money from moving, or soon will; where nothing does, how it stands in life. */
function accountHeadline(state: readonly string[]): readonly string[] {
  const life = state.filter((region) => region.startsWith('life.'));
  const troubles = ['freeze.frozen', 'debits.blocked', 'credits.blocked', 'overdue.third', 'overdue.second', 'overdue.first'];
  const found = troubles.filter((trouble) => state.includes(trouble));
  return life[0] === 'life.active' && found.length > 0 ? found : life;
}

/** Whatever keeps its rates from being taken; where nothing does, how old they are. */
function ratesHeadline(state: readonly string[]): readonly string[] {
  const found = ['age.none', 'age.stale', 'dispute.open', 'fetching.pausing'].filter((trouble) => state.includes(trouble));
  return found.length > 0 ? found : state.filter((region) => region.startsWith('age.'));
}
