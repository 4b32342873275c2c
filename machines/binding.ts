import { assign, emit, enqueueActions, not, setup } from 'xstate';
import * as rules from './binding-rules.ts';
import { bindingEvents, bindingFacts, bindingInput, bindingInternal, bindingSettings } from './binding-terms.ts';
import type {
  BindingBirth,
  BindingContext,
  BindingEvent,
  BindingFact,
  BindingFactName,
  Decide,
  Ours,
  Problem,
  Refusal,
  Theirs,
} from './binding-terms.ts';
import { isPassing } from './erp.ts';
import type { ErpRecord, PushAnswer, PushRequest, ReadAnswer, ReadRequest } from './erp.ts';
import { defineMachine, effect, readEffectError, tell } from './machine.ts';
import type { EffectError } from './machine.ts';

/** When the event was taken. Results carry it too; XState's types of them do not know. */
function momentOf(event: object): number {
  return 'at' in event && typeof event.at === 'number' ? event.at : 0;
}

const bindingSetup = setup({
  types: {
    context: {} as BindingContext,
    events: {} as BindingEvent,
    input: {} as BindingBirth,
    emitted: {} as BindingFact,
    tags: {} as 'final' | 'needs_somebody' | 'in_step',
  },
  actors: { 'erp.push': effect<PushAnswer, PushRequest>(), 'erp.read': effect<ReadAnswer, ReadRequest>() },
  delays: { pause: ({ context }) => rules.pause(context) },
  guards: {
    isNews: ({ context }, event: Theirs) => rules.isNews(context, event),
    isNewer: ({ context }, event: Ours) => rules.isNewer(context, event),
    isMeeting: ({ context }) => rules.isMeeting(context),
    isUsable: ({ context }) => rules.isUsable(context),
    isNamed: ({ context }) => context.external_id !== null,
    isGone: ({ context }) => context.theirs?.gone === true,
    isBad: ({ context }) => context.theirs?.bad !== undefined,
    hasForErp: ({ context }) => context.theirs === undefined || Object.keys(rules.forErp(context)).length > 0,
    hasForHub: ({ context }) => Object.keys(rules.forHub(context)).length > 0,
    hasConflict: ({ context }) => rules.compare(context).conflicts.length > 0,
    canDecide: ({ context }, event: Decide) => rules.refuseDecide(context, event) === undefined,
    wasRefused: (_, { event, is, reason }: { event: Refusal; is: string; reason?: string }) =>
      event.event === is && (reason === undefined || event.reason === reason),
    isPassing: (_, error: EffectError) => isPassing(error),
    isUnknown: (_, { kind }: EffectError) => kind === 'unknown',
    isUnknownOfNamed: ({ context }, { kind }: EffectError) => kind === 'unknown' && context.external_id !== null,
  },
  actions: {
    announce: emit(({ context }, { type, reason = null }: { type: BindingFactName; reason?: string | null }) =>
      rules.toFact(type, context, reason),
    ),
    noteTheirs: assign(({ context }, record: ErpRecord) => rules.withTheirs(context, record)),
    noteOurs: assign(({ context }, event: Ours) => rules.withOurs(context, event)),
    notePushed: assign(({ context }, answer: PushAnswer) => rules.withPushed(context, answer)),
    noteFound: assign(({ context, event }, answer: ReadAnswer) => rules.withFound(context, answer, momentOf(event))),
    noteSentToErp: assign(({ context }) => ({ sent: { to: 'erp' as const, fields: rules.forErp(context) } })),
    noteSentToHub: assign(({ context }) => ({ sent: { to: 'hub' as const, fields: rules.forHub(context) } })),
    noteOverruled: enqueueActions(({ enqueue, context, event }) => {
      const fresh = rules.newlyOverruled(context);
      for (const { field } of fresh) enqueue.emit(rules.toFact('binding.overruled', context, field));
      enqueue.assign(rules.withOverruled(context, fresh, momentOf(event)));
    }),
    noteConflict: assign(({ context }) => ({ conflicts: rules.compare(context).conflicts })),
    noteDecision: assign(({ context }, event: Decide) => rules.withDecision(context, event)),
    noteAgreement: assign(({ context, event }) => rules.withAgreement(context, momentOf(event))),
    noteProblem: assign((_, problem: Problem) => ({ problem })),
    noteBad: assign(({ context: { theirs } }) => ({
      problem: { where: 'erp' as const, code: 'unreadable', detail: `${theirs?.bad?.field}: ${theirs?.bad?.why}`, at: theirs?.at ?? 0 },
    })),
    forgetProblem: assign({ problem: undefined }),
    forgetTheirs: assign({ theirs: undefined, base: undefined, external_id: null }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    tellLink: tell(({ context }) => rules.toLink(context)),
    tellCreate: tell(({ context }) => rules.toCreate(context)),
    tellSync: tell(({ context }) => rules.toSync(context)),
  },
});

/** Where nothing is under way, what either side says that is new is compared at once. */
const news = bindingSetup.createStateConfig({
  on: {
    THEIRS: [
      {
        guard: { type: 'isNews', params: ({ event }) => event },
        target: '#binding.comparing',
        actions: { type: 'noteTheirs', params: ({ event }) => event.record },
      },
      {},
    ],
    OURS: [
      {
        guard: { type: 'isNewer', params: ({ event }) => event },
        target: '#binding.comparing',
        actions: { type: 'noteOurs', params: ({ event }) => event },
      },
      {},
    ],
  },
});

const bindingMachine = bindingSetup.createMachine({
  id: 'binding',
  context: ({ input }) => rules.toContext(input),
  initial: 'meeting',
  on: {
    // What is older than what is known, or the same, is known. What comes in between two steps is noted and compared behind them.
    THEIRS: [
      { guard: { type: 'isNews', params: ({ event }) => event }, actions: { type: 'noteTheirs', params: ({ event }) => event.record } },
      {},
    ],
    OURS: [{ guard: { type: 'isNewer', params: ({ event }) => event }, actions: { type: 'noteOurs', params: ({ event }) => event } }, {}],
    'tell.refused': {},
  },
  states: {
    // Which of the hub's actors it is: one that is there, or one that is made of what the ERP says.
    meeting: {
      always: [
        { guard: not('isMeeting'), target: 'comparing' },
        { guard: 'isBad', target: 'refused', actions: 'noteBad' },
        { guard: 'isUsable', target: 'creating' },
        { target: 'linking' },
      ],
    },
    creating: {
      entry: 'tellCreate',
      on: {
        OURS: { target: 'comparing', actions: { type: 'noteOurs', params: ({ event }) => event } },
        'tell.refused': [
          { guard: { type: 'wasRefused', params: ({ event }) => ({ event, is: '@create', reason: 'exists' }) }, target: 'linking' },
          {
            guard: { type: 'wasRefused', params: ({ event }) => ({ event, is: '@create' }) },
            target: 'refused',
            actions: { type: 'noteProblem', params: ({ event }) => rules.refusedBy(event, event.at) },
          },
          {},
        ],
      },
    },
    linking: {
      entry: 'tellLink',
      on: {
        OURS: { target: 'comparing', actions: { type: 'noteOurs', params: ({ event }) => event } },
        'tell.refused': [
          {
            guard: { type: 'wasRefused', params: ({ event }) => ({ event, is: 'LINK' }) },
            target: 'refused',
            actions: { type: 'noteProblem', params: ({ event }) => rules.refusedBy(event, event.at) },
          },
          {},
        ],
      },
    },
    comparing: {
      always: [
        { guard: 'isMeeting', target: 'meeting' },
        { guard: 'isGone', target: 'gone' },
        { guard: 'isBad', target: 'refused', actions: 'noteBad' },
        { guard: 'hasForErp', target: 'pushing', actions: 'noteOverruled' },
        { guard: 'hasForHub', target: 'applying', actions: 'noteOverruled' },
        { guard: 'hasConflict', target: 'conflict', actions: 'noteConflict' },
        { target: 'agreed', actions: 'noteAgreement' },
      ],
    },
    pushing: {
      entry: 'noteSentToErp',
      invoke: {
        id: 'push',
        src: 'erp.push',
        input: ({ context }) => rules.toPush(context),
        onDone: { target: 'comparing', actions: { type: 'notePushed', params: ({ event }) => event.output } },
        onError: [
          // What is made under its own name is simply made again: it is there once.
          { guard: { type: 'isUnknownOfNamed', params: ({ event }) => readEffectError(event) }, target: 'looking' },
          { guard: { type: 'isUnknown', params: ({ event }) => readEffectError(event) }, target: 'waiting' },
          { guard: { type: 'isPassing', params: ({ event }) => readEffectError(event) }, target: 'waiting' },
          {
            target: 'refused',
            actions: {
              type: 'noteProblem',
              params: ({ event }) => ({ where: 'erp' as const, detail: null, ...readEffectError(event), at: momentOf(event) }),
            },
          },
        ],
      },
    },
    // Whether a write whose answer was lost has come about is seen by what is there.
    looking: {
      invoke: {
        id: 'look',
        src: 'erp.read',
        input: ({ context }) => rules.toRead(context),
        onDone: { target: 'comparing', actions: { type: 'noteFound', params: ({ event }) => event.output } },
        onError: { target: 'waiting' },
      },
    },
    waiting: {
      entry: 'countTry',
      after: { pause: [{ guard: 'isNamed', target: 'looking' }, { target: 'comparing' }] },
      on: { RETRY: [{ guard: 'isNamed', target: 'looking' }, { target: 'comparing' }] },
    },
    applying: {
      entry: ['noteSentToHub', 'tellSync'],
      on: {
        OURS: [
          {
            guard: { type: 'isNewer', params: ({ event }) => event },
            target: 'comparing',
            actions: { type: 'noteOurs', params: ({ event }) => event },
          },
          {},
        ],
        'tell.refused': [
          {
            guard: { type: 'wasRefused', params: ({ event }) => ({ event, is: 'SYNC' }) },
            target: 'refused',
            actions: { type: 'noteProblem', params: ({ event }) => rules.refusedBy(event, event.at) },
          },
          {},
        ],
      },
    },
    conflict: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: { type: 'binding.conflict' } },
      on: {
        DECIDE: {
          guard: { type: 'canDecide', params: ({ event }) => event },
          target: 'comparing',
          actions: { type: 'noteDecision', params: ({ event }) => event },
        },
        ...news.on,
      },
    },
    refused: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: { type: 'binding.refused' } },
      exit: 'forgetProblem',
      on: {
        RETRY: 'comparing',
        ...news.on,
      },
    },
    agreed: {
      tags: ['in_step'],
      entry: { type: 'announce', params: { type: 'binding.agreed' } },
      on: {
        ...news.on,
      },
    },
    // Deleted there. Whether it shall be there again is for a person to say.
    gone: {
      tags: ['needs_somebody'],
      entry: { type: 'announce', params: { type: 'binding.gone' } },
      on: {
        RECREATE: { target: 'comparing', actions: 'forgetTheirs' },
        RELEASE: { target: 'released', actions: { type: 'announce', params: { type: 'binding.released' } } },
        THEIRS: [
          {
            guard: { type: 'isNews', params: ({ event }) => event },
            target: 'comparing',
            actions: { type: 'noteTheirs', params: ({ event }) => event.record },
          },
          {},
        ],
      },
    },
    released: { tags: ['final'], on: { THEIRS: {}, OURS: {} } },
  },
});

/** A record that the hub and an ERP both keep, and what each of them last said of it. */
export const binding = defineMachine({
  type: 'binding',
  version: 1,
  machine: bindingMachine,
  input: bindingInput,
  events: bindingEvents,
  internal: bindingInternal,
  facts: bindingFacts,
  settings: bindingSettings,
  permissions: {
    '@create': ['operator', 'admin'],
    DECIDE: ['clerk', 'approver', 'cfo'],
    RETRY: ['clerk', 'operator', 'admin'],
    RECREATE: ['clerk'],
    RELEASE: ['clerk'],
  },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: ({ actor }) => actor,
  summary: ({ integration, model, external_id, problem }) =>
    [integration, model, external_id, problem?.code].filter((text) => typeof text === 'string').join(' · '),
  search: ({ actor, external_id, theirs }) => {
    const name = theirs?.fields?.['name'] ?? theirs?.fields?.['number'];
    return [actor, external_id ?? '', typeof name === 'string' ? name : ''];
  },
  reasons: {
    '@create': (_, birth: BindingBirth) => rules.refuseBirth(birth),
    DECIDE: ({ context }: { context: BindingContext }, event: Decide) => rules.refuseDecide(context, event),
  },
  questions: {
    /** What the record is called in the ERP; null while it is not there. */
    record: ({ context: { integration, model, external_id } }) => ({ integration, model, external_id }),
  },
  samples: { DECIDE: ({ conflicts }) => ({ field: conflicts[0]?.field ?? 'name', side: 'hub' }) },
});
