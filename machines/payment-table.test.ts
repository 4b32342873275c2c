import { describe, expect, test } from 'vitest';
import { BILL_ROWS } from './payment-bill-rows.ts';
import { HAPPENINGS } from './payment-happenings.ts';
import * as scene from './payment-rehearsal.ts';
import { ACTIVE, answered, approve, contextOf, cue, DECLINED, DONE, failed, SUSPENDED } from './payment-rehearsal.ts';
import { play, send, stateOf } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const REFUSALS = Object.keys(HAPPENINGS).filter((name) => / refused/.test(name));

const ASKING_AUTHORIZE = {
  'standing: active': 'authorizing.calling',
  'standing: suspended': 'declined',
  'standing: no such client': 'declined',
  'standing: failed': 'authorizing.pausing',
  'standing: unknown': 'authorizing.pausing',
};
const ASKING_CAPTURE = {
  'standing: active': 'capturing.calling',
  'standing: suspended': 'authorized.voiding',
  'standing: no such client': 'authorized.voiding',
  'standing: failed': 'capturing.pausing',
  'standing: unknown': 'capturing.pausing',
};
const WAITING = { GATEWAY_NOTIFIED: 'unknown.looking', 'after lookup_wait': 'unknown.looking' };
const DISPUTABLE = (state: string) => ({ DISPUTED: state });
const DECIDING = (inside: string) => ({
  GATEWAY_NOTIFIED: `${inside}.looking`,
  PROPOSE_OUTCOME: `${inside}.deciding`,
  'after lookup_wait': `${inside}.looking`,
});
const REFUND_WAITING = { GATEWAY_NOTIFIED: 'settled.refund_unknown.looking', 'after lookup_wait': 'settled.refund_unknown.looking' };

/** Where looking and closing lead: done and declined are as the call would have ended; canceled begins anew. */
const looking = (inside: string, done: string, declined: string) => ({
  GATEWAY_NOTIFIED: `${inside}.looking`,
  'lookup: done': done,
  'lookup: declined': declined,
  'lookup: not found': `${inside}.closing`,
  'lookup: failed': `${inside}.waiting`,
  'lookup: unknown': `${inside}.waiting`,
});
const closing = (inside: string, done: string, declined: string, anew: string) => ({
  GATEWAY_NOTIFIED: `${inside}.closing`,
  'close: done': done,
  'close: declined': declined,
  'close: canceled': anew,
  'close: failed': `${inside}.waiting`,
  'close: unknown': `${inside}.waiting`,
});

/** The whole table. What is not listed is refused, and changes nothing. */
const TABLE: readonly [row: string, stage: () => Stage, state: string, cells: Readonly<Record<string, string>>][] = [
  ['draft', () => scene.draft(), 'draft', { SUBMIT: 'needs_approval', AMEND: 'draft', CANCEL: 'canceled' }],
  [
    'draft below the limit',
    () => scene.draft({ amount_minor: 99_999 }),
    'draft',
    { SUBMIT: 'authorizing.asking', AMEND: 'draft', CANCEL: 'canceled' },
  ],
  [
    'needs_approval',
    () => scene.needingApproval(),
    'needs_approval',
    {
      APPROVE: 'authorizing.asking',
      DENY: 'declined',
      AMEND: 'needs_approval',
      HOLD: 'held',
      CANCEL: 'canceled',
      'after first_reminder': 'needs_approval',
      'after second_reminder': 'needs_approval',
      'after approval_ttl': 'expired',
    },
  ],
  [
    'needs_approval of two, none yet',
    () => scene.needingApproval({}, { approvals_needed: 2 }),
    'needs_approval',
    {
      APPROVE: 'needs_approval',
      DENY: 'declined',
      AMEND: 'needs_approval',
      HOLD: 'held',
      CANCEL: 'canceled',
      'after first_reminder': 'needs_approval',
      'after second_reminder': 'needs_approval',
      'after approval_ttl': 'expired',
    },
  ],
  [
    'screening, asking',
    () => scene.screening(),
    'screening.asking',
    {
      'payee: on no list': 'needs_approval',
      'payee: like one on a list': 'screening.review',
      'payee: unknown': 'screening.pausing',
    },
  ],
  [
    'screening, asking about little',
    () => scene.screening({ amount_minor: 99 }),
    'screening.asking',
    {
      'payee: on no list': 'authorizing.asking',
      'payee: like one on a list': 'screening.review',
      'payee: unknown': 'screening.pausing',
    },
  ],
  [
    'screening, pausing',
    () => play(scene.screening(), failed('payee', 'unknown')),
    'screening.pausing',
    { 'after ask_pause': 'screening.asking' },
  ],
  [
    'screening, review',
    () => scene.reviewing(),
    'screening.review',
    {
      CLEAR: 'needs_approval',
      DENY: 'declined',
      AMEND: 'screening.asking',
      CANCEL: 'canceled',
      'after review_reminder': 'screening.review',
      'after approval_ttl': 'expired',
    },
  ],
  [
    'screened: needs_approval',
    () => play(scene.screening(), answered('payee', scene.CLEAN)),
    'needs_approval',
    {
      APPROVE: 'authorizing.asking',
      DENY: 'declined',
      AMEND: 'screening.asking',
      HOLD: 'held',
      CANCEL: 'canceled',
      'after first_reminder': 'needs_approval',
      'after second_reminder': 'needs_approval',
      'after approval_ttl': 'expired',
    },
  ],
  [
    'screened, from an account: review',
    () =>
      play(
        scene.draft(scene.FROM, scene.SCREENED),
        cue({ type: 'SUBMIT' }),
        answered('account', scene.payable()),
        scene.granted,
        answered('payee', scene.LIKE),
      ),
    'screening.review',
    {
      CLEAR: 'needs_approval',
      DENY: 'declined',
      AMEND: 'validating.asking',
      CANCEL: 'canceled',
      'after review_reminder': 'screening.review',
      'after approval_ttl': 'expired',
    },
  ],
  ['authorizing, asking', () => scene.authorizing(), 'authorizing.asking', ASKING_AUTHORIZE],
  [
    'authorizing, asking for the last time',
    () => {
      let stage = scene.authorizing();
      for (let i = 1; i < 10; i++) stage = play(stage, failed('standing', 'unknown'), scene.fired('ask_pause'));
      return stage;
    },
    'authorizing.asking',
    { ...ASKING_AUTHORIZE, 'standing: failed': 'failed', 'standing: unknown': 'failed' },
  ],
  [
    'authorizing, pausing',
    () => play(scene.authorizing(), failed('standing', 'failed')),
    'authorizing.pausing',
    { 'after ask_pause': 'authorizing.asking' },
  ],
  [
    'authorizing, calling',
    () => scene.callingAuthorize(),
    'authorizing.calling',
    {
      'authorize: done': 'capturing.asking',
      'authorize: declined': 'declined',
      'authorize: failed': 'failed',
      'authorize: held': 'authorizing.asking',
      'authorize: unknown': 'unknown.waiting',
    },
  ],
  [
    'authorizing, calling, to be captured by hand',
    () => scene.callingAuthorize({ capture: 'manual' }),
    'authorizing.calling',
    {
      'authorize: done': 'authorized.holding',
      'authorize: declined': 'declined',
      'authorize: failed': 'failed',
      'authorize: held': 'authorizing.asking',
      'authorize: unknown': 'unknown.waiting',
    },
  ],
  [
    'authorized, holding',
    () => scene.held(),
    'authorized.holding',
    { CAPTURE: 'capturing.asking', CANCEL: 'authorized.voiding', 'after authorization_ttl': 'authorized.voiding' },
  ],
  [
    'authorized, voiding on CANCEL',
    () => scene.voiding(),
    'authorized.voiding',
    {
      'void: done': 'canceled',
      'void: declined': 'authorized.holding',
      'void: failed': 'authorized.holding',
      'void: unknown': 'unknown.waiting',
    },
  ],
  [
    'authorized, voiding for a suspended client',
    () => play(scene.capturing(), answered('standing', SUSPENDED)),
    'authorized.voiding',
    {
      'void: done': 'declined',
      'void: declined': 'authorized.holding',
      'void: failed': 'authorized.holding',
      'void: unknown': 'unknown.waiting',
    },
  ],
  [
    'authorized, voiding after a capture that failed',
    () => play(scene.callingCapture(), failed('capture', 'failed')),
    'authorized.voiding',
    {
      'void: done': 'failed',
      'void: declined': 'authorized.holding',
      'void: failed': 'authorized.holding',
      'void: unknown': 'unknown.waiting',
    },
  ],
  ['capturing, asking', () => scene.capturing(), 'capturing.asking', ASKING_CAPTURE],
  [
    'capturing, pausing',
    () => play(scene.capturing(), failed('standing', 'unknown')),
    'capturing.pausing',
    { 'after ask_pause': 'capturing.asking' },
  ],
  [
    'capturing, calling',
    () => scene.callingCapture(),
    'capturing.calling',
    {
      'capture: done': 'settled.idle',
      'capture: declined': 'authorized.voiding',
      'capture: failed': 'authorized.voiding',
      'capture: held': 'capturing.asking',
      'capture: unknown': 'unknown.waiting',
    },
  ],
  ['unknown authorization, waiting', () => scene.unknownOf('authorize'), 'unknown.waiting', WAITING],
  [
    'unknown authorization, looking',
    () => scene.lookingFor('authorize'),
    'unknown.looking',
    looking('unknown', 'capturing.asking', 'declined'),
  ],
  [
    'unknown authorization, closing',
    () => scene.closing('authorize'),
    'unknown.closing',
    closing('unknown', 'capturing.asking', 'declined', 'authorizing.asking'),
  ],
  ['unknown capture, waiting', () => scene.unknownOf('capture'), 'unknown.waiting', WAITING],
  [
    'unknown capture, looking',
    () => scene.lookingFor('capture'),
    'unknown.looking',
    looking('unknown', 'settled.idle', 'authorized.voiding'),
  ],
  [
    'unknown capture, closing',
    () => scene.closing('capture'),
    'unknown.closing',
    closing('unknown', 'settled.idle', 'authorized.voiding', 'capturing.asking'),
  ],
  ['unknown void, waiting', () => scene.unknownOf('void'), 'unknown.waiting', WAITING],
  ['unknown void, looking', () => scene.lookingFor('void'), 'unknown.looking', looking('unknown', 'canceled', 'authorized.holding')],
  [
    'unknown void, closing',
    () => scene.closing('void'),
    'unknown.closing',
    closing('unknown', 'canceled', 'authorized.holding', 'authorized.voiding'),
  ],
  ['settled', () => scene.settled(), 'settled.idle', { REFUND: 'settled.refunding', ...DISPUTABLE('settled.idle') }],
  [
    'settled, a dispute open',
    () => play(scene.settled(), cue({ type: 'DISPUTED', dispute: 'd0', amount_minor: 1_000 })),
    'settled.idle',
    { REFUND: 'settled.refunding', DISPUTE_WON: 'settled.idle', DISPUTE_LOST: 'settled.idle', ...DISPUTABLE('settled.idle') },
  ],
  [
    'settled, refunding',
    () => scene.refunding(),
    'settled.refunding',
    {
      REFUND: 'settled.refunding',
      ...DISPUTABLE('settled.refunding'),
      'refund: done': 'settled.idle',
      'refund: declined': 'settled.idle',
      'refund: failed': 'settled.idle',
      'refund: unknown': 'settled.refund_unknown.waiting',
    },
  ],
  [
    'settled, unknown refund, waiting',
    () => scene.unknownOf('refund'),
    'settled.refund_unknown.waiting',
    { REFUND: 'settled.refund_unknown.waiting', ...DISPUTABLE('settled.refund_unknown.waiting'), ...REFUND_WAITING },
  ],
  [
    'settled, unknown refund, looking',
    () => scene.lookingFor('refund'),
    'settled.refund_unknown.looking',
    {
      REFUND: 'settled.refund_unknown.looking',
      ...DISPUTABLE('settled.refund_unknown.looking'),
      ...looking('settled.refund_unknown', 'settled.idle', 'settled.idle'),
    },
  ],
  [
    'settled, unknown refund, closing',
    () => scene.closing('refund'),
    'settled.refund_unknown.closing',
    {
      REFUND: 'settled.refund_unknown.closing',
      ...DISPUTABLE('settled.refund_unknown.closing'),
      ...closing('settled.refund_unknown', 'settled.idle', 'settled.idle', 'settled.refunding'),
    },
  ],
  [
    'held',
    () => play(scene.needingApproval(), cue({ type: 'HOLD', by: 'cfo', reason: 'looks odd' })),
    'held',
    { RELEASE: 'needs_approval', DENY: 'declined', CANCEL: 'canceled' },
  ],
  ['scheduled', () => scene.scheduled(), 'scheduled', { HOLD: 'held', CANCEL: 'canceled', 'after until_due': 'authorizing.asking' }],
  [
    'held, approved before',
    () => play(scene.scheduled(), cue({ type: 'HOLD', by: 'cfo', reason: 'looks odd' })),
    'held',
    { RELEASE: 'scheduled', DENY: 'declined', CANCEL: 'canceled' },
  ],
  ...BILL_ROWS,
  [
    'from an account: validating, asking',
    () => scene.validating(),
    'validating.asking',
    {
      'account: payable': 'validating.limits',
      'account: frozen': 'rejected',
      'account: of another client': 'rejected',
      'account: none': 'rejected',
      'account: failed': 'validating.pausing',
    },
  ],
  [
    'from an account: validating, pausing',
    () => play(scene.validating(), failed('account', 'failed')),
    'validating.pausing',
    { 'after ask_pause': 'validating.asking' },
  ],
  [
    'from an account: validating, limits',
    () => scene.limiting(),
    'validating.limits',
    {
      LIMIT_GRANTED: 'needs_approval',
      'SPEND refused': 'rejected',
      'SPEND refused: no limits': 'needs_approval',
      'after answer_wait': 'validating.limits',
    },
  ],
  [
    'from an account: needs_approval',
    () => play(scene.limiting(), scene.granted),
    'needs_approval',
    {
      APPROVE: 'reserving.quoting',
      DENY: 'declined',
      AMEND: 'validating.asking',
      HOLD: 'held',
      CANCEL: 'canceled',
      'after first_reminder': 'needs_approval',
      'after second_reminder': 'needs_approval',
      'after approval_ttl': 'expired',
    },
  ],
  [
    'from an account: reserving, quoting',
    () => scene.quoting(),
    'reserving.quoting',
    {
      'rates: fresh': 'reserving.keeping',
      'rates: stale': 'awaiting_funds.rates',
      'rates: none': 'awaiting_funds.rates',
      'rates: failed': 'awaiting_funds.rates',
    },
  ],
  [
    'from an account: reserving, keeping',
    () => scene.keeping(),
    'reserving.keeping',
    {
      RESERVED: 'authorizing.asking',
      'RESERVE refused for now': 'awaiting_funds.money',
      'RESERVE refused for good': 'failed',
      'after answer_wait': 'reserving.keeping',
    },
  ],
  [
    'from an account: awaiting_funds, money',
    () => play(scene.keeping(), scene.refused('RESERVE', 'insufficient_funds')),
    'awaiting_funds.money',
    { CANCEL: 'canceled', 'after funds_pause': 'reserving.quoting', 'after funds_ttl': 'expired' },
  ],
  [
    'from an account: awaiting_funds, rates',
    () => play(scene.quoting(), answered('rates', scene.STALE)),
    'awaiting_funds.rates',
    { CANCEL: 'canceled', 'after rates_pause': 'reserving.quoting', 'after funds_ttl': 'expired' },
  ],
  [
    'from an account: authorizing, asking the account',
    () => scene.checking(),
    'authorizing.asking_account',
    {
      'account: payable': 'authorizing.calling',
      'account: frozen': 'awaiting_funds.money',
      'account: of another client': 'awaiting_funds.money',
      'account: none': 'awaiting_funds.money',
      'account: failed': 'authorizing.pausing',
    },
  ],
  [
    'of two gateways: authorizing, choosing',
    () => scene.choosing(),
    'authorizing.choosing',
    {
      'gateway: callable': 'authorizing.calling',
      'gateway: stands still': 'authorizing.calling',
      'gateway: failed': 'authorizing.calling',
    },
  ],
  [
    'of two gateways: authorizing, calling the first',
    () => play(scene.choosing(), answered('gateway', scene.CALLABLE)),
    'authorizing.calling',
    {
      'authorize: done': 'capturing.asking',
      'authorize: declined': 'declined',
      'authorize: failed': 'authorizing.asking',
      'authorize: held': 'authorizing.asking',
      'authorize: unknown': 'unknown.waiting',
    },
  ],
  [
    'from an account: capturing, asking the account',
    () => play(scene.paying(), answered('authorize', DONE), answered('standing', ACTIVE)),
    'capturing.asking_account',
    {
      'account: payable': 'capturing.calling',
      'account: frozen': 'authorized.voiding',
      'account: of another client': 'authorized.voiding',
      'account: none': 'authorized.voiding',
      'account: failed': 'capturing.pausing',
    },
  ],
  ['from an account: settled', () => scene.paid(), 'settled.idle', { REFUND: 'settled.refunding', ...DISPUTABLE('settled.idle') }],
  [
    'from an account: settled, the account owed what came back',
    () =>
      play(
        scene.paid(),
        cue({ type: 'REFUND', refund: 'r1', amount_minor: 25_000 }),
        answered('refund', DONE),
        scene.refused('CREDIT', 'credits_blocked'),
      ),
    'settled.owing',
    { REFUND: 'settled.refunding', ...DISPUTABLE('settled.owing'), 'after credit_pause': 'settled.idle' },
  ],
  ...(['authorize', 'capture', 'void'] as const).map(
    (operation) =>
      [
        `unknown ${operation}, deciding`,
        () => scene.deciding(operation),
        'unknown.deciding',
        DECIDING('unknown'),
      ] as (typeof TABLE)[number],
  ),
  [
    'unknown authorization, deciding, an outcome proposed',
    () => scene.proposed('authorize'),
    'unknown.deciding',
    {
      GATEWAY_NOTIFIED: 'unknown.looking',
      CONFIRM_OUTCOME: 'capturing.asking',
      DROP_OUTCOME: 'unknown.deciding',
      'after lookup_wait': 'unknown.looking',
    },
  ],
  [
    'settled, unknown refund, deciding',
    () => scene.deciding('refund'),
    'settled.refund_unknown.deciding',
    { REFUND: 'settled.refund_unknown.deciding', ...DISPUTABLE('settled.refund_unknown.deciding'), ...DECIDING('settled.refund_unknown') },
  ],
  ['rejected', () => play(scene.validating(), answered('account', { found: false })), 'rejected', {}],
  ['declined', () => play(scene.callingAuthorize(), answered('authorize', DECLINED)), 'declined', {}],
  ['failed', () => play(scene.callingAuthorize(), failed('authorize', 'failed')), 'failed', {}],
  ['canceled', () => play(scene.voiding(), answered('void', DONE)), 'canceled', {}],
  ['expired', () => play(scene.needingApproval(), scene.fired('approval_ttl')), 'expired', {}],
];

describe('what may happen to a payment, state by state and event by event', () => {
  test.each(TABLE)('[PAY-1] %s takes what the table lists, goes where it says, and refuses everything else', (_, toStage, state, cells) => {
    const stage = toStage();
    expect(stateOf(stage)).toBe(state);
    const found: Record<string, string> = {};
    for (const [name, happen] of Object.entries(HAPPENINGS)) {
      const next = happen(stage);
      if (next.refused === undefined) found[name] = stateOf(next);
      else expect(next.snapshot).toBe(stage.snapshot);
    }
    // What the account keeps under a name that the payment does not know is told to be let go, wherever the payment is.
    const { account, hold = null, limited = false } = contextOf(stage);
    const uncounted = limited ? [] : ['LIMIT_GRANTED', 'LIMIT_GRANTED for another revision'];
    const stray = account === undefined ? [] : ['RESERVED under another name', ...(hold === null ? ['RESERVED'] : []), ...uncounted];
    expect(found).toEqual({ ...Object.fromEntries([...REFUSALS, ...stray].map((name) => [name, state])), ...cells });
  });

  test('[PAY-1] every state that a payment can rest in has a row', () => {
    const rows = new Set(TABLE.map(([, , state]) => state));
    expect([...rows].sort()).toEqual(leaves().sort());
  });

  test('[PAY-1] an event that no state declares at this moment is refused as not in state', () => {
    expect(send(scene.draft(), { type: 'CAPTURE' }).refused).toBe('not_in_state');
    expect(play(scene.draft(), cue({ type: 'CANCEL' }), (stage) => send(stage, { type: 'SUBMIT' })).refused).toBe('not_in_state');
    expect(play(scene.needingApproval(), approve, (stage) => send(stage, { type: 'DENY', reason: 'x' })).refused).toBe('not_in_state');
  });
});

type Node = { path: string[]; states: Record<string, Node> };

/** The states that a payment can rest in: those without inner states that it does not only pass through. */
function leaves(): string[] {
  const passed = new Set([
    'authorizing.answered',
    'authorized.answered',
    'capturing.answered',
    'settled.answered',
    'authorizing.asked',
    'authorizing.payable',
    'capturing.payable',
    'authorizing.ready',
    'capturing.asked',
    'approved',
    'validating.checked',
    'screening.passed',
    'reserving.deciding',
  ]);
  const visit = (node: Node): string[] => {
    const inner = Object.values(node.states);
    if (inner.length > 0) return inner.flatMap(visit);
    const path = node.path.join('.');
    return passed.has(path) || /\.(found|beginning_anew)$/.test(path) ? [] : [path];
  };
  return visit(scene.draft().definition.machine.root as unknown as Node);
}
