import { assign, emit, enqueueActions, setup } from 'xstate';
import * as details from './client-details.ts';
import { CHECKS, clientEvents, clientFacts, clientInput, clientInternal, clientSettings } from './client-terms.ts';
import type {
  Check,
  CheckRecord,
  ClientBirth,
  ClientContext,
  ClientEvent,
  ClientFact,
  ClientFactName,
  Details,
  Submit,
} from './client-terms.ts';
import type { CheckAnswer, CheckRequest } from './gateway.ts';
import * as linked from './linked.ts';
import { defineMachine, effect, tell } from './machine.ts';
import type { Fields } from './sync-merge.ts';

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;

/** Waits between tries at a check that was not answered; after the last one it counts as unanswered. */
const CHECK_PAUSES = [10 * SECOND, 60 * SECOND, 300 * SECOND, 1800 * SECOND];

const UNCHECKED: CheckRecord = { verdict: null, tries: 0, findings: [] };

function toContext(birth: ClientBirth): ClientContext {
  const { id, by, settings } = birth;
  return {
    ...details.toDetails(birth),
    id,
    standing: 'invited',
    ...(settings.erp === undefined ? {} : { erp: settings.erp }),
    ...linked.linkedBy(by),
    checks_by: settings.checks,
    documents: [],
    bank_account: null,
    checks: { identity: UNCHECKED, bank_account: UNCHECKED, sanctions: UNCHECKED },
    reason: null,
  };
}

function toCheckRequest({ id, name, country, documents, bank_account, checks_by }: ClientContext): CheckRequest {
  return { integration: checks_by, client: id, name, country, documents, bank_account: bank_account ?? '' };
}

function toFact(type: ClientFactName, { name, country, kind, reason }: ClientContext): ClientFact {
  return { type, name, country, kind, reason };
}

function withCheck(context: ClientContext, check: Check, change: Partial<CheckRecord>): Pick<ClientContext, 'checks'> {
  return { checks: { ...context.checks, [check]: { ...context.checks[check], ...change } } };
}

function checkPause({ checks }: ClientContext, check: Check): number {
  return CHECK_PAUSES[checks[check].tries - 1] ?? DAY;
}

const clientSetup = setup({
  types: {
    context: {} as ClientContext,
    events: {} as ClientEvent,
    input: {} as ClientBirth,
    emitted: {} as ClientFact,
    tags: {} as 'final' | 'needs_somebody' | 'active',
  },
  actors: {
    'checks.identity': effect<CheckAnswer, CheckRequest>(),
    'checks.bank_account': effect<CheckAnswer, CheckRequest>(),
    'checks.sanctions': effect<CheckAnswer, CheckRequest>(),
  },
  delays: {
    invitation_ttl: 14 * DAY,
    identity_pause: ({ context }) => checkPause(context, 'identity'),
    bank_account_pause: ({ context }) => checkPause(context, 'bank_account'),
    sanctions_pause: ({ context }) => checkPause(context, 'sanctions'),
  },
  guards: {
    hasPassed: (_, answer: CheckAnswer) => answer.passed,
    haveAllPassed: ({ context }) => CHECKS.every((check) => context.checks[check].verdict === 'passed'),
    isAsSeen: ({ context }, before: Fields) => linked.isAsSeen(details.toRecord(context), before),
    isOpen: ({ context }) => details.isOpen(context),
    mayLink: ({ context }, by: string) => linked.mayLink(context.link, by),
    mayTryAgain: ({ context }, check: Check) => context.checks[check].tries < CHECK_PAUSES.length,
  },
  actions: {
    announce: emit(({ context }, type: ClientFactName) => toFact(type, context)),
    takeDocuments: assign((_, { documents, bank_account }: Submit) => ({ documents, bank_account, reason: null })),
    forgetChecks: assign({ checks: { identity: UNCHECKED, bank_account: UNCHECKED, sanctions: UNCHECKED } }),
    noteAnswer: assign(({ context }, { check, answer }: { check: Check; answer: CheckAnswer }) =>
      withCheck(context, check, { verdict: answer.passed ? 'passed' : 'refused', findings: answer.findings.slice(0, 20) }),
    ),
    noteUnanswered: assign(({ context }, check: Check) => withCheck(context, check, { verdict: 'unanswered', findings: [] })),
    countTry: assign(({ context }, check: Check) => withCheck(context, check, { tries: context.checks[check].tries + 1 })),
    noteReason: assign({ reason: (_, reason: string | null) => reason }),
    noteLink: assign({ link: (_, by: string) => by }),
    amend: assign((_, said: Details) => details.withDetails(said)),
    // The ERP is told what it is now, and of one that is active for the first time that it is.
    stand: enqueueActions(({ enqueue, context: before, event }, standing: string) => {
      const context = { ...before, standing };
      enqueue.assign({ standing });
      const { link, erp } = context;
      if (link !== undefined) enqueue(tell(() => linked.toOurs(link, details.toRecord(context), linked.momentOf(event))));
      else if (standing === 'active' && erp !== undefined) enqueue(tell(() => linked.toBind(erp, 'partner', `client/${context.id}`)));
    }),
    tellLinked: enqueueActions(({ enqueue, context, event }) => {
      const { link } = context;
      if (link !== undefined) enqueue(tell(() => linked.toOurs(link, details.toRecord(context), linked.momentOf(event))));
    }),
  },
});

const clientMachine = clientSetup.createMachine({
  id: 'client',
  context: ({ input }) => toContext(input),
  initial: 'invited',
  on: {
    AMEND: {
      guard: 'isOpen',
      actions: [{ type: 'amend', params: ({ event }) => event }, 'tellLinked'],
    },
    LINK: {
      guard: { type: 'mayLink', params: ({ event }) => event.by },
      actions: [{ type: 'noteLink', params: ({ event }) => event.by }, 'tellLinked'],
    },
    SYNC: [
      {
        guard: { type: 'isAsSeen', params: ({ event }) => event.before },
        actions: [{ type: 'amend', params: ({ event }) => event.fields }, 'tellLinked'],
      },
      { actions: 'tellLinked' },
    ],
  },
  states: {
    // Known to the house, not yet written to. Documents that are at hand already need no invitation.
    invited: {
      entry: { type: 'stand', params: 'invited' },
      on: {
        INVITE: 'collecting',
        SUBMIT: {
          target: 'submitted',
          actions: [
            { type: 'takeDocuments', params: ({ event }) => event },
            { type: 'announce', params: 'client.submitted' },
          ],
        },
        CLOSE: 'closed',
      },
    },
    collecting: {
      entry: [
        { type: 'stand', params: 'collecting' },
        { type: 'announce', params: 'client.invited' },
      ],
      after: {
        invitation_ttl: { target: 'closed', actions: { type: 'noteReason', params: 'invitation_expired' } },
      },
      on: {
        INVITE: { target: 'collecting', reenter: true },
        SUBMIT: {
          target: 'submitted',
          actions: [
            { type: 'takeDocuments', params: ({ event }) => event },
            { type: 'announce', params: 'client.submitted' },
          ],
        },
        CLOSE: 'closed',
      },
    },
    submitted: {
      tags: ['needs_somebody'],
      entry: { type: 'stand', params: 'submitted' },
      on: {
        // Better documents, also after a verification that found something.
        SUBMIT: {
          actions: [
            { type: 'takeDocuments', params: ({ event }) => event },
            'forgetChecks',
            { type: 'announce', params: 'client.submitted' },
          ],
        },
        VERIFY: 'verifying',
        REJECT: { target: 'rejected', actions: { type: 'noteReason', params: ({ event }) => event.reason } },
        CLOSE: 'closed',
      },
    },
    verifying: {
      type: 'parallel',
      entry: ['forgetChecks', { type: 'stand', params: 'verifying' }],
      on: { CLOSE: 'closed' },
      states: {
        identity: {
          initial: 'checking',
          states: {
            checking: {
              invoke: {
                id: 'identity',
                src: 'checks.identity',
                input: ({ context }) => toCheckRequest(context),
                onDone: [
                  {
                    guard: { type: 'hasPassed', params: ({ event }) => event.output },
                    target: 'passed',
                    actions: { type: 'noteAnswer', params: ({ event }) => ({ check: 'identity', answer: event.output }) },
                  },
                  {
                    target: 'refused',
                    actions: { type: 'noteAnswer', params: ({ event }) => ({ check: 'identity', answer: event.output }) },
                  },
                ],
                onError: [
                  {
                    guard: { type: 'mayTryAgain', params: 'identity' },
                    target: 'pausing',
                    actions: { type: 'countTry', params: 'identity' },
                  },
                  { target: 'refused', actions: { type: 'noteUnanswered', params: 'identity' } },
                ],
              },
            },
            pausing: { after: { identity_pause: 'checking' } },
            passed: { type: 'final' },
            refused: { type: 'final' },
          },
        },
        bank_account: {
          initial: 'checking',
          states: {
            checking: {
              invoke: {
                id: 'bank_account',
                src: 'checks.bank_account',
                input: ({ context }) => toCheckRequest(context),
                onDone: [
                  {
                    guard: { type: 'hasPassed', params: ({ event }) => event.output },
                    target: 'passed',
                    actions: { type: 'noteAnswer', params: ({ event }) => ({ check: 'bank_account', answer: event.output }) },
                  },
                  {
                    target: 'refused',
                    actions: { type: 'noteAnswer', params: ({ event }) => ({ check: 'bank_account', answer: event.output }) },
                  },
                ],
                onError: [
                  {
                    guard: { type: 'mayTryAgain', params: 'bank_account' },
                    target: 'pausing',
                    actions: { type: 'countTry', params: 'bank_account' },
                  },
                  { target: 'refused', actions: { type: 'noteUnanswered', params: 'bank_account' } },
                ],
              },
            },
            pausing: { after: { bank_account_pause: 'checking' } },
            passed: { type: 'final' },
            refused: { type: 'final' },
          },
        },
        sanctions: {
          initial: 'checking',
          states: {
            checking: {
              invoke: {
                id: 'sanctions',
                src: 'checks.sanctions',
                input: ({ context }) => toCheckRequest(context),
                onDone: [
                  {
                    guard: { type: 'hasPassed', params: ({ event }) => event.output },
                    target: 'passed',
                    actions: { type: 'noteAnswer', params: ({ event }) => ({ check: 'sanctions', answer: event.output }) },
                  },
                  {
                    target: 'refused',
                    actions: { type: 'noteAnswer', params: ({ event }) => ({ check: 'sanctions', answer: event.output }) },
                  },
                ],
                onError: [
                  {
                    guard: { type: 'mayTryAgain', params: 'sanctions' },
                    target: 'pausing',
                    actions: { type: 'countTry', params: 'sanctions' },
                  },
                  { target: 'refused', actions: { type: 'noteUnanswered', params: 'sanctions' } },
                ],
              },
            },
            pausing: { after: { sanctions_pause: 'checking' } },
            passed: { type: 'final' },
            refused: { type: 'final' },
          },
        },
      },
      onDone: [
        { guard: 'haveAllPassed', target: 'active', actions: { type: 'announce', params: 'client.activated' } },
        { target: 'submitted', actions: { type: 'announce', params: 'client.verification_refused' } },
      ],
    },
    active: {
      tags: ['active'],
      entry: { type: 'stand', params: 'active' },
      on: {
        SUSPEND: { target: 'suspended', actions: { type: 'noteReason', params: ({ event }) => event.reason } },
        CLOSE: 'closed',
      },
    },
    suspended: {
      entry: [
        { type: 'stand', params: 'suspended' },
        { type: 'announce', params: 'client.suspended' },
      ],
      on: {
        REINSTATE: {
          target: 'active',
          actions: [
            { type: 'noteReason', params: null },
            { type: 'announce', params: 'client.reinstated' },
          ],
        },
        CLOSE: 'closed',
      },
    },
    rejected: {
      tags: ['final'],
      entry: [
        { type: 'stand', params: 'rejected' },
        { type: 'announce', params: 'client.rejected' },
      ],
      on: { CLOSE: 'closed' },
    },
    closed: {
      tags: ['final'],
      entry: [
        { type: 'stand', params: 'closed' },
        { type: 'announce', params: 'client.closed' },
      ],
    },
  },
});

/** What a client may see of itself: what it told us, never what we found out or why we judged so. */
const CUSTOMER_FIELDS = ['name', 'country', 'email', 'kind', 'vat', 'phone', 'street', 'city', 'zip', 'documents', 'bank_account'] as const;

/** A client on its way from an invitation to an account in good standing, and out of it. */
export const client = defineMachine({
  type: 'client',
  version: 2,
  migrate: { 1: details.liftClient },
  machine: clientMachine,
  input: clientInput,
  events: clientEvents,
  internal: clientInternal,
  facts: clientFacts,
  settings: clientSettings,
  permissions: {
    '@create': ['clerk', 'system'],
    INVITE: ['clerk'],
    SUBMIT: ['clerk', 'customer', 'system'],
    VERIFY: ['approver', 'cfo'],
    SUSPEND: ['approver', 'cfo'],
    REINSTATE: ['approver', 'cfo'],
    REJECT: ['approver', 'cfo'],
    CLOSE: ['approver', 'cfo'],
    AMEND: ['clerk'],
  },
  views: { hq: { rows: 'all', fields: 'all' }, customer: { rows: 'client', fields: CUSTOMER_FIELDS } },
  belongs: (_, id) => ({ client: id }),
  title: ({ name }) => name,
  summary: ({ country, kind }) => `${kind}, ${country}`,
  search: ({ name, country, email }) => [name, country, email],
  samples: {
    SUBMIT: () => ({ documents: ['probe'], bank_account: 'DE89370400440532013000' }),
    SUSPEND: () => ({ reason: 'probe' }),
    REJECT: () => ({ reason: 'probe' }),
  },
  imports: {
    name: { as: 'text', names: ['name', 'company', 'company name', 'firma', 'client', 'customer'] },
    country: { as: 'country', names: ['country', 'country code', 'land'] },
    email: { as: 'text', names: ['email', 'e-mail', 'mail', 'email address'] },
    kind: { as: 'lower', names: ['kind', 'type', 'art'] },
  },
  reasons: { AMEND: ({ context }: { context: ClientContext }) => (details.isOpen(context) ? undefined : 'not_in_state') },
  questions: {
    /** Whether money may move for it. */
    standing: ({ state }) => {
      const [top = ''] = (state[0] ?? '').split('.');
      return { active: top === 'active', state: top };
    },
  },
});
