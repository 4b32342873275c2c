import { and, assign, emit, enqueueActions, not, or, setup, stateIn } from 'xstate';
import { coolDown, emptyWindow, withCalls, wouldTrip } from './call-window.ts';
import {
  isBroken,
  isUsual,
  momentOf,
  withAccepted,
  withDeed,
  withExpiry,
  withLimit,
  withMore,
  withProbe,
  withReport,
} from './integration-rules.ts';
import type {
  Calls,
  IntegrationBirth,
  IntegrationContext,
  IntegrationEvent,
  IntegrationFact,
  IntegrationFactName,
  IntegrationRequest,
  ProbeAnswer,
  RotationAnswer,
} from './integration-terms.ts';
import { effect } from './machine.ts';
import type { EffectError } from './machine.ts';

const UNAUTHORIZED = 'unauthorized';
/** Why it is quarantined where nobody said so. */
const DRIFT = 'contract';

function reasonOf(event: object): string | null {
  return 'reason' in event && typeof event.reason === 'string' ? event.reason : null;
}

/** The input of the effects that are about the integration itself. */
export function itself({ context }: { context: IntegrationContext }): IntegrationRequest {
  return { integration: context.id };
}

export const integrationSetup = setup({
  types: {
    context: {} as IntegrationContext,
    events: {} as IntegrationEvent,
    input: {} as IntegrationBirth,
    emitted: {} as IntegrationFact,
    tags: {} as 'callable' | 'probing' | 'needs_somebody',
  },
  actors: {
    'integration.probe': effect<ProbeAnswer, IntegrationRequest>(),
    'integration.rotate': effect<RotationAnswer, IntegrationRequest>(),
    'integration.drain': effect<object, IntegrationRequest>(),
  },
  delays: {
    cool_down: ({ context }) => coolDown(context),
    retry_after: ({ context, event }) => Math.max((context.limited_until ?? 0) - momentOf(event), 1),
    recover_step: ({ context }) => context.rules.recover_step_ms,
    probe_every: ({ context }) => context.rules.probe_every_ms,
    probe_pause: ({ context }) => context.rules.probe_pause_ms,
    rotation_pause: ({ context }) => context.rules.rotation_pause_ms,
  },
  guards: {
    wouldTrip: ({ context }, report: Calls) => wouldTrip(context, report),
    hasFailed: (_, report: Calls) => report.failed > 0,
    hasProbedEnough: ({ context }, report: Calls) => context.probed + report.succeeded >= context.rules.probes,
    isUnauthorized: ({ event }) => event.type === 'CALLS' && (event.unauthorized ?? 0) > 0,
    isEnabled: stateIn({ lifecycle: 'enabled' }),
    isTrusted: or([stateIn({ auth: 'valid' }), stateIn({ auth: 'expiring' }), stateIn({ auth: 'rotating' })]),
    isLimited: stateIn({ throttle: 'limited' }),
    isThrottled: ({ event }) => event.type === 'CALLS' && (event.throttled ?? 0) > 0,
    isUsual: ({ context }) => isUsual(context),
    canProbe: ({ context }) => context.declared?.probes === true,
    canRotate: ({ context }) => context.declared?.rotates === true,
    canDrain: ({ context }) => context.declared?.drains === true,
    isWatched: and(['canProbe', not(stateIn({ lifecycle: 'disabled' }))]),
    isWanted: ({ context }) => context.looking.wanted,
    hasPassed: ({ context }) => context.looking.passed,
    isRefused: ({ context }) => context.looking.failure?.code === UNAUTHORIZED,
    isUnauthorizedAnswer: (_, error: EffectError) => error.code === UNAUTHORIZED,
    /** They were found good a moment ago, so asking again would only be the next of many. */
    wasDoubted: ({ context, event }) => {
      const { doubted_at } = context.credentials;
      return doubted_at !== null && momentOf(event) - doubted_at < context.rules.doubt_ms;
    },
    isDoubtful: and(['isUnauthorized', 'canProbe', not('wasDoubted')]),
    isExpiring: ({ context }) => context.credentials.expiring,
    isBroken: ({ context }) => isBroken(context),
    hasDrifted: ({ context }) => context.contract.changes.length > 0,
    isSeen: ({ context, event }) => event.type === 'ACCEPT_CONTRACT' && event.fingerprint === context.contract.fingerprint,
    isOverDrift: ({ context }) => context.quarantined_because === DRIFT && !isBroken(context),
    isClosed: stateIn({ circuit: 'closed' }),
    isHalfOpen: stateIn({ circuit: 'half_open' }),
  },
  actions: {
    announce: emit(({ context }, { type, reason = null }: { type: IntegrationFactName; reason?: string | null }) => ({
      type,
      provides: context.provides,
      reason,
    })),
    announceEnabled: emit(({ context }) => ({ type: 'integration.enabled' as const, provides: context.provides, reason: null })),
    announceDisabled: emit(({ context }) => ({
      type: 'integration.disabled' as const,
      provides: context.provides,
      reason: context.disabled_because,
    })),
    announceQuarantined: emit(({ context }) => ({
      type: 'integration.quarantined' as const,
      provides: context.provides,
      reason: context.quarantined_because,
    })),
    announceUnauthorized: emit(({ context }) => ({ type: 'integration.unauthorized' as const, provides: context.provides, reason: null })),
    announceExpiring: emit(({ context }) => ({ type: 'integration.expiring' as const, provides: context.provides, reason: null })),
    announceOpened: emit(({ context }) => ({
      type: 'integration.opened' as const,
      provides: context.provides,
      reason: context.open_because,
    })),
    count: assign({ window: ({ context }, report: Calls) => withCalls(context.window, report, context.rules) }),
    countProbe: assign({ probed: ({ context }, report: Calls) => context.probed + report.succeeded }),
    countTrip: assign({ trips: ({ context }) => context.trips + 1 }),
    forgetProbes: assign({ probed: 0 }),
    close: assign((_, at: number) => ({ window: emptyWindow(at), trips: 0, open_because: null, open_since: null })),
    noteOpened: assign({ open_since: ({ context, event }) => context.open_since ?? momentOf(event) }),
    noteCalls: assign(({ context, event }) => (event.type === 'CALLS' ? withReport(context, event) : {})),
    declare: assign({
      declared: ({ context, event }) =>
        event.type === 'DECLARED' ? { probes: event.probes, rotates: event.rotates, drains: event.drains } : context.declared,
    }),
    noteQuarantine: assign({ quarantined_because: ({ event }) => reasonOf(event) ?? DRIFT }),
    forgetQuarantine: assign({ quarantined_because: null }),
    wantProbe: assign({ looking: ({ context }) => ({ ...context.looking, wanted: true, passed: false, failure: null }) }),
    takeProbe: enqueueActions(({ context, event, enqueue }, answer: ProbeAnswer) => {
      const taken = withProbe(context, answer, momentOf(event));
      const isNew = JSON.stringify(taken.contract?.changes) !== JSON.stringify(context.contract.changes);
      if (isNew && (taken.contract?.changes.length ?? 0) > 0) {
        enqueue.emit({ type: 'integration.drifted', provides: context.provides, reason: taken.contract?.changes[0]?.part ?? null });
      }
      enqueue.assign(taken);
    }),
    noteProbe: assign(({ context, event }, { code, detail = null }: { code: string; detail?: string | null }) => {
      const at = momentOf(event);
      return {
        looking: { wanted: false, passed: false, at, failure: { code, detail: detail?.slice(0, 300) ?? null, at } },
        did: withDeed(context.did, at, 'probe_failed', code),
      };
    }),
    trust: assign({ looking: ({ context }) => ({ ...context.looking, failure: null, wanted: context.declared?.probes === true }) }),
    noteDoubt: assign({ credentials: ({ context, event }) => ({ ...context.credentials, doubted_at: momentOf(event) }) }),
    takeRotation: assign(({ context, event }, { expires_at }: RotationAnswer) => {
      const at = momentOf(event);
      const credentials = { ...withExpiry(context, expires_at, at), rotated_at: at, failure: null };
      return { credentials, did: withDeed(context.did, at, 'rotated') };
    }),
    noteRotation: assign(({ context, event }, { code }: { code: string }) => ({
      credentials: { ...context.credentials, failure: code },
      did: withDeed(context.did, momentOf(event), 'rotation_failed', code),
    })),
    acceptContract: assign(({ context, event }) => withAccepted(context, momentOf(event))),
    limit: assign(({ context, event }) => (event.type === 'CALLS' ? withLimit(context, event) : {})),
    allowMore: assign(({ context }) => withMore(context)),
    unlimit: assign({ limited_until: null, share: 100 }),
    noteDisabled: assign({ disabled_because: ({ event }) => reasonOf(event) }),
    noteOpen: assign({ open_because: (_, reason: string) => reason }),
  },
});
