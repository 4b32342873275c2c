import { assign, emit, enqueueActions, setup } from 'xstate';
import { effect, post } from './machine.ts';
import type { Answer, EffectError, Question, Stamp } from './machine.ts';
import * as rules from './period-rules.ts';
import type {
  Confirm,
  PeriodBirth,
  PeriodContext,
  PeriodEvent,
  PeriodFact,
  PeriodReading,
  ReadPeriod,
  Reopen,
  Trouble,
} from './period-terms.ts';

/** The words that the chart of a period is written in. */
export const periodSetup = setup({
  types: {
    context: {} as PeriodContext,
    events: {} as PeriodEvent,
    input: {} as PeriodBirth,
    emitted: {} as PeriodFact,
    tags: {} as 'needs_somebody',
  },
  actors: { ask: effect<Answer, Question>(), 'ledger.read_period': effect<PeriodReading, ReadPeriod>() },
  guards: {
    canClose: ({ context }, event: Stamp) => rules.refuseClose(context, event) === undefined,
    canConfirm: ({ context }, event: Confirm) => rules.refuseConfirm(context, event) === undefined,
    canReopen: ({ context }, event: Confirm) => rules.refuseConfirmReopening(context, event) === undefined,
    followsOn: ({ context }, answer: Answer) => rules.refusePrevious(context, answer) === undefined,
    isLast: ({ context }, answer: Answer) => rules.refuseNext(context, answer) === undefined,
    isSound: (_, { troubles }: PeriodReading) => troubles.length === 0,
  },
  actions: {
    ask: assign(({ context }, event: Stamp) => rules.ask(context, event)),
    carry: assign(({ context }, answer: Answer) => rules.carry(context, answer)),
    noteFigures: assign(({ context }, reading: PeriodReading) => rules.withFigures(context, reading)),
    withdraw: assign(({ context }) => rules.returned(context, [])),
    notePrevious: assign(({ context }, answer: Answer) => rules.returned(context, known(rules.refusePrevious(context, answer)))),
    noteTroubles: assign(({ context }, { troubles }: PeriodReading) => rules.returned(context, troubles)),
    noteFailure: assign(({ context }, { code, detail }: EffectError) => rules.returned(context, [{ code, detail: detail ?? null }])),
    postClosing: enqueueActions(({ context, enqueue }, { v }: Stamp) => {
      for (const one of rules.closingPosts(context, v)) enqueue(post(() => one));
    }),
    close: assign(({ context }, event: Confirm) => rules.close(context, event)),
    wantOpen: assign(({ context }, event: Reopen) => rules.wantOpen(context, event)),
    stayClosed: assign(({ context }) => rules.stayClosed(context, [])),
    noteNext: assign(({ context }, answer: Answer) => rules.stayClosed(context, known(rules.refuseNext(context, answer)))),
    noteUnasked: assign(({ context }, { code, detail }: EffectError) => rules.stayClosed(context, [{ code, detail: detail ?? null }])),
    postReopening: enqueueActions(({ context, enqueue }) => {
      for (const one of rules.reopeningPosts(context)) enqueue(post(() => one));
    }),
    reopen: assign(({ context }) => rules.reopen(context)),
    announceProposed: emit(({ context }) => rules.toProposed(context)),
    announceClosed: emit(({ context }, event: Confirm) => rules.toClosed(context, event)),
    announceReopened: emit(({ context }, event: Confirm) => rules.toReopened(context, event)),
  },
});

function known(trouble: Trouble | undefined): readonly Trouble[] {
  return trouble === undefined ? [] : [trouble];
}
