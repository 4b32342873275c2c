import { formatDay, formatMoney, formatNumber } from '../core/format.ts';
import type { Conversion, CreditRecord, DisputeRecord, Operation } from '../../machines/payment-terms.ts';
import type { OperationState } from '../../machines/payment-operations.ts';
import { declineOf, isDeclineCode } from '../../machines/declines.ts';
import type { Funding } from './payment.ts';
import { counted } from './texts.ts';

/* The texts of a payment's page: its attempts, its exchange, and what is not known. */

const OPERATIONS: Readonly<Record<Operation, string>> = {
  authorize: 'Authorization',
  capture: 'Capture',
  void: 'Giving back of the authorization',
  refund: 'Refund',
};

const STATES: Readonly<Record<OperationState, string>> = {
  INIT: 'Under way',
  PENDING: 'Not known',
  SUCCESS: 'Done',
  FAILED: 'Not done',
  ERRORED: 'Taken for not done',
};

/** Why a payment has ended, or what stands in its way. Codes that a fault has too are said as that one. */
const REASONS: Readonly<Record<string, string>> = {
  not_the_clients: 'The account is not one of this client.',
  no_such_account: 'There is no such account.',
  account_unreachable: 'The account did not answer.',
  client_unreachable: 'The client did not answer.',
  rates_unreachable: 'The exchange rates did not answer.',
  out_of_step: 'It and another actor do not agree: somebody has to look.',
  decided_by_people: 'Two people decided that the gateway had not done it.',
  no_such_bill: 'There is no such bill.',
  bill_not_open: 'Its bill is not to be paid any more, or not now.',
  bill_unreachable: 'The bill did not answer.',
  never_happened: 'The gateway never did it.',
  not_called: 'The gateway stood still for so long that it was not called.',
  canceled: 'It was canceled.',
  denied: 'It was denied.',
  not_approved_in_time: 'Nobody approved it in time.',
  not_cleared_in_time: 'Nobody said in time whether its payee is the one on the list.',
  authorization_expired: 'The authorization ran out before it was captured.',
  void_refused: 'The gateway refused to give the authorization back.',
};

/** What was found about a payee, as the one who looks him up says it. */
export function findingSentence(finding: string): string {
  if (finding === 'unanswered') return 'Nobody answered whether the payee is on a list.';
  return finding.startsWith('listed:') ? `Like a name on a list: ${finding.slice('listed:'.length)}` : finding;
}

export function reasonSentence(code: string): string | undefined {
  if (Object.hasOwn(REASONS, code)) return REASONS[code];
  return isDeclineCode(code) ? declineOf(code).sentence : undefined;
}

/** `1,250.00 EUR = 1,352.88 USD at 1.0823 (ecb, 30 Oct 2026), spread 3.39 USD, charged 1,356.27 USD` */
export function conversionSentence({ from, to, rate, source, date, spread_minor }: Conversion, charged_minor: number): string {
  const money = ({ amount_minor, currency }: { amount_minor: number; currency: string }): string => formatMoney(amount_minor, currency);
  const spread = spread_minor === 0 ? [] : [`spread ${formatMoney(spread_minor, to.currency)}`];
  const whole =
    charged_minor > 0
      ? `charged ${formatMoney(charged_minor, to.currency)}`
      : `${formatMoney(to.amount_minor + spread_minor, to.currency)} in all, not charged yet`;
  return [`${money(from)} = ${money(to)} at ${rate} (${source}, ${formatDay(date)})`, ...spread, whole].join(', ');
}

/** `at 1.0823 (ecb, 30 Oct 2026), spread 3.39 USD of it` */
export function rateSentence({ to, rate, source, date, spread_minor }: Conversion): string {
  const spread = spread_minor === 0 ? '' : `, spread ${formatMoney(spread_minor, to.currency)} of it`;
  return `at ${rate} (${source}, ${formatDay(date)})${spread}`;
}

/** Why it cannot be done just now, where the hub says no more than that; by event. */
const WHILE_ASKING: Readonly<Record<string, string>> = {
  CANCEL:
    'Not while its account is asked to keep the money: nobody knows yet whether that is kept. It goes on, or can be canceled, as soon as the account has answered.',
};

export function whyNotNow(type: string, state: readonly string[]): Readonly<Record<string, string>> {
  return type === 'payment' && state.some((one) => one.startsWith('reserving')) ? WHILE_ASKING : {};
}

export const paymentTexts = {
  operation: (name: string): string => (name in OPERATIONS ? OPERATIONS[name as Operation] : name),
  state: (name: string): string => (name in STATES ? STATES[name as OperationState] : name),
  attempts: {
    label: 'Attempts',
    columns: { begun: 'Begun', ended: 'Ended', answer: 'Answer', id: 'Operation', gateway: 'Gateway' },
    open: '—',
  },
  disputeStates: { open: 'open', won: 'won', lost: 'lost' } as Readonly<Record<DisputeRecord['state'], string>>,
  creditStates: { told: 'given back', owed: 'owed: the account does not take it now' } as Readonly<Record<CreditRecord['state'], string>>,
  screening: {
    label: 'Findings',
    clearedBy: (who: string): string => `${who} says that it is somebody else:`,
  },
  labels: {
    screening: 'Payee on lists',
    screened_by: 'Looked up by',
    out_of_step: 'Not agreed on with another actor',
    account: 'Paid from',
    account_currency: 'Currency of the account',
    conversion: 'Exchange',
    spread_basis_points: 'Spread, in hundredths of a percent',
    hold: 'Kept under',
    holds: 'Times asked to keep it',
    capture_minor: 'To be captured',
    approval_from_minor: 'Approval is needed from',
    funds_until: 'Its money is to be kept by',
    limited: 'Counts in the limits',
    credits: 'Given back',
    due_at: 'Executed from',
    execute_on: 'To be executed on',
    operations: 'Attempts',
    operation: 'Last operation',
    attempt: 'Its number',
  } as Readonly<Record<string, string>>,
  statement: 'Statement',
  statementOf: (account: string) => ` of ${account}`,
  postings: {
    title: 'Postings',
    about: 'What this payment itself has posted. What left the account is posted by the account.',
    label: 'What this payment has posted',
    columns: { account: 'Account', debit: 'Debit', credit: 'Credit', version: 'Version' },
    asOf: (version: number) => `Version ${version}, as it was`,
    some: 'Of the versions that the history shows; older ones may have posted more.',
  },
  funds: {
    titles: {
      quoting: 'It asks for the exchange rate',
      asking: 'It waits for its account',
      no_money: 'It waits for its money',
      no_rate: 'It waits for an exchange rate',
      expired: 'It has ended without its money',
    } as Readonly<Record<Funding['kind'], string>>,
    about: {
      quoting: 'What it costs on its account is worked out by the newest rate. Then the account is asked to keep that.',
      asking: 'The account has been asked to keep what it costs and has not answered yet. Nothing leaves before it has.',
      no_money: 'The account does not keep what it costs now. It is asked again and again; when the time is over the payment expires.',
      no_rate: 'There is no rate that is new enough. It is looked for again and again; when the time is over the payment expires.',
      expired: 'It has waited as long as it may, and what it costs was never kept. Nothing was paid.',
    } as Readonly<Record<Funding['kind'], string>>,
    fields: {
      account: 'Account',
      cost: 'Cost there',
      why: 'Why not',
      until: 'Waits until',
      waited: 'Waited until',
      next: 'Tried again in',
    },
    tries: 'Tries that have failed',
    earlier: (count: number) => `and ${formatNumber(count)} before`,
    noReason: 'no reason is known',
  },
  deciding: {
    title: 'What it would take from its account',
    account: 'Account',
    available: 'Available there',
    cost: 'Cost by the newest rate',
    thereafter: 'Left thereafter',
    short: 'not enough: it would wait for its money',
    noRate: 'There is no exchange rate that is new enough: it would wait for one.',
    unknown: 'not known yet',
    limits: 'Limits: left today, with this one counted',
    payments: (count: number, most: number) => `${formatNumber(count)} of ${counted(most, 'payment', 'payments')}`,
    openLimits: 'All of its limits',
  },
  unknown: {
    title: 'What became of it is not known',
    begun: (what: string, amount: string) => `${what} of ${amount}`,
    finding:
      'The gateway took it and did not answer. It is asked until it tells what became of it; until then nothing is done a second time.',
    deciding:
      'The gateway has not told for days. Two people decide: one proposes, another confirms. It is still asked once a day, and what it tells then holds.',
    fields: {
      operation: 'Operation',
      begun: 'Begun',
      gateway: 'Gateway',
      reference: 'Reference of the authorization',
      tries: 'Asked since then',
    },
    noReference: 'none yet',
    tries: (count: number) => counted(count, 'time without an answer', 'times without an answer'),
    looks: 'How often it was asked, and what came',
    look: { lookup: 'Looked up', close: 'Asked to close it' },
    answered: 'answered',
    unanswered: 'no answer',
    earlier: (count: number) => `and ${formatNumber(count)} before`,
    none: 'Nobody has proposed what became of it yet.',
    proposed: 'Proposed:',
    says: { done: 'It was done', failed: 'It was not done' } as Readonly<Record<string, string>>,
    by: (who: string) => `by ${who}`,
    evidence: 'Evidence',
    gatewayReference: 'Reference',
    another: 'Another person has to confirm it, or anybody drops it.',
    own: 'You proposed it: another person has to confirm it.',
  },
} as const;
