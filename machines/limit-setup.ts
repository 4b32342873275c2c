import { assign, emit, setup } from 'xstate';
import * as rules from './limit-rules.ts';
import type {
  LimitBirth,
  LimitContext,
  LimitEvent,
  LimitFact,
  LimitFactName,
  OfPayment,
  OfProposal,
  SetLimits,
  Spend,
} from './limit-terms.ts';
import { tell } from './machine.ts';
import type { Stamp } from './machine.ts';

/** The words that the chart of the limits is written in. */
export const limitSetup = setup({
  types: {
    context: {} as LimitContext,
    events: {} as LimitEvent,
    input: {} as LimitBirth,
    emitted: {} as LimitFact,
    tags: {} as 'needs_somebody',
  },
  delays: { midnight: ({ context }) => rules.midnightWait(context) },
  guards: {
    isGranted: ({ context }, event: Spend) => rules.isGranted(context, event) && rules.refuseSpend(context, event) === undefined,
    isOutdated: ({ context }, event: Spend) => rules.isOutdated(context, event),
    canSpend: ({ context }, event: Spend) => rules.refuseSpend(context, event) === undefined,
    canEnd: ({ context }, event: OfPayment) => rules.refuseEnd(context, event) === undefined,
    tightens: ({ context }, event: SetLimits) => rules.isTightening(context, event),
    doesBoth: ({ context }, event: SetLimits) => rules.isTightening(context, event) && rules.isLoosening(context, event),
    loosens: ({ context }, event: SetLimits) => rules.isLoosening(context, event),
    canConfirm: ({ context }, event: OfProposal) => rules.refuseConfirm(context, event) === undefined,
    canDrop: ({ context }, event: OfProposal) => rules.refuseDrop(context, event) === undefined,
    canUnblock: ({ context }, event: Stamp) => rules.refuseUnblock(context, event) === undefined,
    isNear: ({ context }) => rules.isNear(context),
    hasToday: ({ context }) => rules.hasToday(context),
  },
  actions: {
    announce: emit(({ context }, type: LimitFactName) => rules.toFact(type, context)),
    look: assign(({ context, event }) => rules.look(context, momentOf(event, context.looked_at))),
    spend: assign(({ context }, event: Spend) => rules.spend(context, event)),
    tellGranted: tell(({ context }, event: Spend) => rules.toGrant(context, event)),
    unspend: assign(({ context }, event: OfPayment) => rules.unspend(context, event)),
    pay: assign(({ context }, event: OfPayment) => rules.pay(context, event)),
    tighten: assign(({ context }, event: SetLimits) => rules.tighten(context, event)),
    propose: assign(({ context }, event: SetLimits) => rules.propose(context, event)),
    confirm: assign(({ context }, event: OfProposal) => rules.confirm(context, event)),
    dropProposal: assign({ proposal: null }),
    noteBlocker: assign((_, { by, reason }: { by: string; reason: string }) => ({ blocked_by: by, reason })),
    forgetBlocker: assign((_, reason: string) => ({ blocked_by: null, reason })),
  },
});

/** When the event was taken. Timers carry it too; XState's types of them do not know. */
function momentOf(event: object, before: number): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : before;
}
