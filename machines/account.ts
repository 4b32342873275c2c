import { and, not, stateIn } from 'xstate';
import { life } from './account-life.ts';
import * as rules from './account-rules.ts';
import { accountSetup } from './account-setup.ts';
import type { AccountContext, OfDeposit, Reserve, SetOverdraft, Settle, Release, Credit, Deposit } from './account-terms.ts';
import { accountEvents, accountFacts, accountInput, accountInternal, accountSettings } from './account-terms.ts';
import { defineMachine } from './machine.ts';
import type { Seen, Stamp } from './machine.ts';
import { toDecimal } from './money.ts';

const accountMachine = accountSetup.createMachine({
  id: 'account',
  context: ({ input }) => rules.toContext(input),
  type: 'parallel',
  states: {
    life,
    debits: {
      initial: 'open',
      states: {
        open: {
          on: {
            BLOCK_DEBITS: {
              target: 'blocked',
              actions: [
                { type: 'noteReason', params: ({ event }) => event.reason },
                { type: 'announce', params: 'account.blocked' },
              ],
            },
          },
        },
        blocked: {
          tags: ['needs_somebody'],
          on: {
            UNBLOCK_DEBITS: {
              target: 'open',
              actions: { type: 'announce', params: 'account.unblocked' },
            },
          },
        },
      },
    },
    credits: {
      initial: 'open',
      states: {
        open: {
          on: {
            BLOCK_CREDITS: {
              target: 'blocked',
              actions: [
                { type: 'noteReason', params: ({ event }) => event.reason },
                { type: 'announce', params: 'account.blocked' },
              ],
            },
          },
        },
        blocked: {
          tags: ['needs_somebody'],
          on: {
            UNBLOCK_CREDITS: {
              target: 'open',
              actions: { type: 'announce', params: 'account.unblocked' },
            },
          },
        },
      },
    },
    freeze: {
      initial: 'clear',
      states: {
        clear: {
          on: {
            FREEZE: {
              target: 'frozen',
              actions: [
                { type: 'noteFreezer', params: ({ event }) => event },
                { type: 'announce', params: 'account.frozen' },
              ],
            },
          },
        },
        frozen: {
          tags: ['needs_somebody'],
          on: {
            UNFREEZE: {
              guard: { type: 'canUnfreeze', params: ({ event }) => event },
              target: 'clear',
              actions: [
                { type: 'forgetFreezer', params: ({ event }) => event.reason },
                { type: 'announce', params: 'account.unfrozen' },
              ],
            },
          },
        },
      },
    },
    // What the other regions come to, so that one tag says whether money may leave, and another whether it may come.
    paying: {
      initial: 'no',
      states: {
        no: {
          always: { guard: 'mayPay', target: 'yes' },
          // Asked twice it is kept once, and answered again.
          on: {
            RESERVE: {
              guard: { type: 'isKept', params: ({ event }) => event },
              actions: { type: 'tellReserved', params: ({ event }) => event },
            },
          },
        },
        yes: {
          tags: ['payable'],
          always: { guard: not('mayPay'), target: 'no' },
          on: {
            RESERVE: [
              { guard: { type: 'isKept', params: ({ event }) => event }, actions: { type: 'tellReserved', params: ({ event }) => event } },
              {
                guard: { type: 'canReserve', params: ({ event }) => event },
                actions: [
                  { type: 'postReserve', params: ({ event }) => event },
                  { type: 'reserve', params: ({ event }) => event },
                  { type: 'tellReserved', params: ({ event }) => event },
                ],
              },
            ],
          },
        },
      },
    },
    taking: {
      initial: 'no',
      states: {
        no: {
          always: { guard: 'mayTake', target: 'yes' },
          on: { CREDIT: { guard: { type: 'isCredited', params: ({ event }) => event } } },
        },
        yes: {
          tags: ['takes_credits'],
          always: { guard: not('mayTake'), target: 'no' },
          on: {
            CREDIT: [
              { guard: { type: 'isCredited', params: ({ event }) => event } },
              {
                guard: { type: 'canCredit', params: ({ event }) => event },
                actions: [
                  { type: 'postCredit', params: ({ event }) => event },
                  { type: 'credit', params: ({ event }) => event },
                ],
              },
            ],
            DEPOSIT: {
              guard: and([not(stateIn({ life: 'closing' })), { type: 'canDeposit', params: ({ event }: { event: Deposit }) => event }]),
              actions: [
                { type: 'postDeposit', params: ({ event }) => event },
                { type: 'deposit', params: ({ event }) => event },
              ],
            },
            CONFIRM: {
              guard: { type: 'canConfirm', params: ({ event }) => event },
              actions: [
                { type: 'postConfirm', params: ({ event }) => event },
                { type: 'confirm', params: ({ event }) => event },
              ],
            },
          },
        },
      },
    },
    // Money that was kept has left, or will not: no block changes what has happened.
    funds: {
      initial: 'counted',
      states: {
        counted: {
          on: {
            SETTLE: {
              guard: { type: 'canSettle', params: ({ event }) => event },
              actions: [
                { type: 'postSettle', params: ({ event }) => event },
                { type: 'settle', params: ({ event }) => event },
              ],
            },
            RELEASE: [
              {
                guard: { type: 'holds', params: ({ event }) => event },
                actions: [
                  { type: 'postRelease', params: ({ event }) => event },
                  { type: 'free', params: ({ event }) => event },
                ],
              },
              { guard: { type: 'canRelease', params: ({ event }) => event } },
            ],
            DROP: {
              guard: { type: 'canDrop', params: ({ event }) => event },
              actions: [
                { type: 'postDrop', params: ({ event }) => event },
                { type: 'drop', params: ({ event }) => event },
                { type: 'noteReason', params: ({ event }) => event.reason },
              ],
            },
            SET_OVERDRAFT: {
              guard: { type: 'canSetOverdraft', params: ({ event }) => event },
              actions: { type: 'setOverdraft', params: ({ event }) => event },
            },
          },
        },
      },
    },
    limit: {
      initial: 'normal',
      states: {
        normal: { always: { guard: 'isNear', target: 'near' } },
        near: { entry: { type: 'announce', params: 'account.near_limit' }, always: { guard: not('isNear'), target: 'normal' } },
      },
    },
    overdue: {
      initial: 'clear',
      states: {
        clear: { always: { guard: 'isBelowZero', target: 'below_zero' } },
        below_zero: { always: { guard: not('isBelowZero'), target: 'clear' }, after: { first_overdue: 'first' } },
        first: {
          entry: { type: 'announce', params: 'account.overdue' },
          always: { guard: not('isBelowZero'), target: 'clear' },
          after: { second_overdue: 'second' },
        },
        second: {
          tags: ['needs_somebody'],
          entry: { type: 'announce', params: 'account.overdue' },
          always: { guard: not('isBelowZero'), target: 'clear' },
          after: { third_overdue: 'third' },
        },
        third: {
          tags: ['needs_somebody'],
          entry: { type: 'announce', params: 'account.overdue' },
          always: { guard: not('isBelowZero'), target: 'clear' },
        },
      },
    },
  },
});

type SeenAccount = Seen<AccountContext>;

/** Why nothing may be paid from it, whatever the amount. */
function whyNotPay({ state, tags }: SeenAccount): string | undefined {
  if (tags.includes('payable')) return undefined;
  if (!state.includes('life.active') && !state.includes('life.closing')) return 'account_not_active';
  if (state.includes('freeze.frozen')) return 'account_frozen';
  return state.includes('debits.blocked') ? 'debits_blocked' : 'account_overdue';
}

function whyNotTake({ state, tags }: SeenAccount): string | undefined {
  if (tags.includes('takes_credits')) return undefined;
  return state.includes('credits.blocked') ? 'credits_blocked' : 'account_not_active';
}

/** What the client whose account it is may see: his own money, and not why the house has blocked it. */
const CUSTOMER_FIELDS = ['client', 'name', 'currency', 'overdraft_minor', 'posted_minor', 'held_minor', 'available_minor'] as const;

/** Money of one client in one currency. It alone decides what may be spent: nothing is paid that it has not kept before. */
export const account = defineMachine({
  type: 'account',
  version: 1,
  machine: accountMachine,
  input: accountInput,
  events: accountEvents,
  internal: accountInternal,
  facts: accountFacts,
  settings: accountSettings,
  permissions: {
    '@create': ['clerk', 'system'],
    ACTIVATE: ['approver', 'cfo'],
    BLOCK_DEBITS: ['approver', 'cfo', 'reviewer'],
    UNBLOCK_DEBITS: ['approver', 'cfo'],
    BLOCK_CREDITS: ['approver', 'cfo', 'reviewer'],
    UNBLOCK_CREDITS: ['approver', 'cfo'],
    FREEZE: ['approver', 'cfo', 'reviewer'],
    UNFREEZE: ['approver', 'cfo'],
    WAKE: ['approver', 'cfo'],
    SET_OVERDRAFT: ['cfo'],
    DEPOSIT: ['clerk'],
    CONFIRM: ['approver', 'cfo'],
    DROP: ['clerk', 'approver', 'cfo'],
    CLOSE: ['approver', 'cfo'],
    REOPEN: ['cfo'],
  },
  views: { hq: { rows: 'all', fields: 'all' }, customer: { rows: 'client', fields: CUSTOMER_FIELDS } },
  belongs: ({ client }) => ({ client }),
  title: ({ name }) => name,
  summary: ({ available_minor, currency }) => `${toDecimal({ amount_minor: available_minor, currency })} ${currency}`,
  search: ({ id, client, name, currency }) => [id, client, name, currency],
  reasons: {
    RESERVE: (seen, event: Reserve) =>
      rules.isKept(seen.context, event)
        ? rules.refuseReserve(seen.context, event)
        : (whyNotPay(seen) ?? rules.refuseReserve(seen.context, event)),
    SETTLE: ({ context }, event: Settle) => rules.refuseSettle(context, event),
    RELEASE: ({ context }, event: Release) => rules.refuseRelease(context, event),
    CREDIT: (seen, event: Credit) =>
      rules.isCredited(seen.context, event) ? undefined : (whyNotTake(seen) ?? rules.refuseCredit(seen.context, event)),
    DEPOSIT: ({ state, context }, event: Deposit) =>
      state.includes('life.closing') ? 'account_closing' : rules.refuseDeposit(context, event),
    CONFIRM: ({ context }, event: OfDeposit) => rules.refuseConfirm(context, event),
    DROP: ({ context }, event: OfDeposit) => rules.refuseDrop(context, event),
    SET_OVERDRAFT: ({ context }, event: SetOverdraft) => rules.refuseOverdraft(context, event),
    ACTIVATE: ({ context }, event: Stamp) => rules.refuseActivate(context, event),
    UNFREEZE: ({ context }, event: Stamp) => rules.refuseUnfreeze(context, event),
    CLOSE: ({ state, context }) => (state.includes('life.pending') ? rules.refuseClose(context) : undefined),
  },
  samples: {
    BLOCK_DEBITS: () => ({ reason: 'probe' }),
    BLOCK_CREDITS: () => ({ reason: 'probe' }),
    FREEZE: () => ({ reason: 'probe' }),
    UNFREEZE: () => ({ reason: 'probe' }),
    REOPEN: () => ({ reason: 'probe' }),
    DEPOSIT: ({ deposits }) => ({ deposit: `probe_${deposits.length}`, amount_minor: 1, reference: 'probe' }),
    CONFIRM: ({ deposits }) => ({ deposit: deposits[0]?.deposit ?? 'none' }),
    DROP: ({ deposits }) => ({ deposit: deposits[0]?.deposit ?? 'none', reason: 'probe' }),
    SET_OVERDRAFT: ({ overdraft_minor }) => ({ overdraft_minor: overdraft_minor + 1 }),
  },
  questions: {
    /** Whether it may be paid from now, and what there is. */
    standing: (seen) => ({
      payable: whyNotPay(seen) === undefined,
      reason: whyNotPay(seen) ?? null,
      client: seen.context.client,
      currency: seen.context.currency,
      available_minor: seen.context.available_minor,
    }),
  },
});
