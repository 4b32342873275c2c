import { z } from 'zod';
import type { Birth, Stamp } from './machine.ts';
import { line } from './text.ts';

/** What an integration is made of: its input, its events, its context and the facts that it makes known. */

const reason = line(500);
const count = z.int().min(0).max(1_000_000_000);
const milliseconds = z.int().min(1).max(2_147_483_647);

/** What its kind can do, as the hub that runs knows it. */
const declared = z.strictObject({ probes: z.boolean(), rotates: z.boolean(), drains: z.boolean() });

export const integrationInput = z.strictObject({
  title: line(80).optional(),
  /** The first part of the effects that it does, for example `gateway`. */
  provides: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,31}$/, 'The first part of an effect, for example gateway')
    .optional(),
  declared: declared.optional(),
});

export const integrationSettings = z.strictObject({
  /** Fewer calls than this in the window say nothing. */
  min_volume: z.int().min(1).max(1_000_000).default(10),
  /** From this share of failed calls upwards the circuit opens. */
  failure_ratio: z.number().gt(0).max(1).default(0.5),
  window_ms: milliseconds.default(60_000),
  /** Rest after the first trip; doubles with every trip that follows without a recovery, up to the cap. */
  cool_down_ms: milliseconds.default(10_000),
  cool_down_cap_ms: milliseconds.default(300_000),
  /** So many calls must succeed, one after another, before the circuit closes. */
  probes: z.int().min(1).max(1000).default(3),
  /** How often an enabled integration is looked at, and how soon again when that came to nothing. */
  probe_every_ms: milliseconds.default(86_400_000),
  probe_pause_ms: milliseconds.default(30_000),
  /** Credentials are exchanged from so long before they expire; what failed is tried again after the pause. */
  expiry_notice_ms: milliseconds.default(14 * 86_400_000),
  rotation_pause_ms: milliseconds.default(3_600_000),
  /** Credentials that are refused again so soon after they were found good are not asked about once more. */
  doubt_ms: milliseconds.default(300_000),
  /** After a provider asked for fewer calls, a fifth more of the usual rate is made with each step. */
  recover_step_ms: milliseconds.default(5_000),
});

export const integrationEvents = {
  ENABLE: z.strictObject({}),
  DISABLE: z.strictObject({ reason: reason.optional() }),
  /** Opens the circuit by hand, until RESET. */
  TRIP: z.strictObject({ reason }),
  /** Closes the circuit and trusts the credentials again. */
  RESET: z.strictObject({}),
  /** Lets calls through before the rest is over, and looks at the integration now where its kind can be looked at. */
  PROBE: z.strictObject({}),
  /** Lets nothing out until RELEASE, whatever the integration says of itself. */
  QUARANTINE: z.strictObject({ reason }),
  RELEASE: z.strictObject({}),
  /** Exchanges the credentials now. */
  ROTATE: z.strictObject({}),
  /** Takes the contract as it was last seen, and no other: its fingerprint is part of it. */
  ACCEPT_CONTRACT: z.strictObject({ fingerprint: line(128) }),
};

const code = z.string().regex(/^[a-z0-9_]{1,64}$/);

export const integrationInternal = {
  /**
   * How calls went since the last report. Failed are those the provider is to blame for (no answer, connection lost, 5xx, 408,
   * 425, 429), never an answer such as a decline. Unauthorized (401, 403) are neither.
   */
  CALLS: z.strictObject({
    succeeded: count,
    failed: count,
    unauthorized: count.optional(),
    throttled: count.optional(),
    after_ms: count.optional(),
    codes: z.record(code, count).optional(),
  }),
  DECLARED: declared,
};

const part = z.string().min(1).max(120);
const described = z.string().max(200);

/** What a look at the other side came to: what it is, and when the credentials expire. Each part of the contract is described or a fingerprint. */
export const probeAnswer = z.strictObject({
  version: line(80).optional(),
  contract: z
    .record(part, described)
    .refine((parts) => Object.keys(parts).length <= 200, 'has more than 200 parts')
    .optional(),
  /** Of the whole contract. */
  fingerprint: line(128).optional(),
  expires_at: z.int().min(0).optional(),
});
export const rotationAnswer = z.strictObject({ expires_at: z.int().min(0).optional() });
export type ProbeAnswer = z.infer<typeof probeAnswer>;
export type RotationAnswer = z.infer<typeof rotationAnswer>;
export type IntegrationRequest = { readonly integration: string };

const fact = z.strictObject({ provides: z.string().nullable(), reason: z.string().nullable() });

export const integrationFacts = {
  'integration.enabled': fact,
  'integration.disabled': fact,
  'integration.opened': fact,
  'integration.half_opened': fact,
  'integration.closed': fact,
  'integration.unauthorized': fact,
  'integration.quarantined': fact,
  'integration.drifted': fact,
  'integration.expiring': fact,
  'integration.rotated': fact,
};

export type IntegrationFactName = keyof typeof integrationFacts;
export type IntegrationFact = z.infer<typeof fact> & { type: IntegrationFactName };

export type Declared = z.infer<typeof integrationInternal.DECLARED>;
export type Calls = z.infer<typeof integrationInternal.CALLS> & Stamp;

export type IntegrationEvent = Stamp &
  (
    | { type: 'ENABLE' | 'RESET' | 'PROBE' | 'RELEASE' | 'ROTATE' }
    | { type: 'ACCEPT_CONTRACT'; fingerprint: string }
    | ({ type: 'DECLARED' } & Declared)
    | { type: 'DISABLE'; reason?: string | undefined }
    | { type: 'TRIP' | 'QUARANTINE'; reason: string }
    | ({ type: 'CALLS' } & Calls)
  );

export type IntegrationRules = z.infer<typeof integrationSettings>;
export type IntegrationBirth = z.infer<typeof integrationInput> & Birth<IntegrationRules>;

/** Calls of half a window. */
export type Tally = { readonly succeeded: number; readonly failed: number };

/** The newest two half windows, so that trouble that lies across an edge is seen. */
export type CallWindow = { readonly since: number; readonly now: Tally; readonly before: Tally };

export type Change = {
  readonly part: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly was: string | null;
  readonly is: string | null;
};

/** What the other side looked like when a person, or the first look, took it; and how it differs now. */
export type Contract = {
  readonly accepted: Readonly<Record<string, string>> | null;
  readonly seen: Readonly<Record<string, string>> | null;
  readonly fingerprint: string | null;
  readonly version: string | null;
  readonly changes: readonly Change[];
};

export type Looking = {
  readonly wanted: boolean;
  /** Since it was wanted. */
  readonly passed: boolean;
  readonly at: number | null;
  readonly failure: { readonly code: string; readonly detail: string | null; readonly at: number } | null;
};

export type Credentials = {
  readonly expires_at: number | null;
  readonly expiring: boolean;
  readonly rotated_at: number | null;
  readonly doubted_at: number | null;
  readonly failure: string | null;
};

/** Something that the integration did or that befell it. */
export type Deed = { readonly at: number; readonly what: string; readonly detail: string | null };

export type IntegrationContext = {
  id: string;
  title: string;
  provides: string | null;
  rules: IntegrationRules;
  window: CallWindow;
  /** Trips since the circuit was last closed. */
  trips: number;
  /** Calls that succeeded since it was half opened. */
  probed: number;
  /** Why it is disabled, as a person put it. */
  disabled_because: string | null;
  /** Why the circuit is not closed: what a person wrote, or `too_many_failures` or `probe_failed`. */
  open_because: string | null;
  open_since: number | null;
  quarantined_because: string | null;
  /** Null until the hub has said. */
  declared: Declared | null;
  looking: Looking;
  credentials: Credentials;
  contract: Contract;
  /** When it may be called again, and the share of the usual rate that is made then, in hundredths. */
  limited_until: number | null;
  share: number;
  succeeded_at: number | null;
  failed_at: number | null;
  /** Failures by their code since it was made; what finds no place any more is counted as `other`. */
  errors: Readonly<Record<string, number>>;
  /** The newest first. */
  did: readonly Deed[];
};
