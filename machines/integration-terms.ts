import { z } from 'zod';
import type { Birth, Stamp } from './machine.ts';
import { line } from './text.ts';

/** What an integration is made of: its input, its events, its context and the facts that it makes known. */

const reason = line(500);
const count = z.int().min(0).max(1_000_000_000);
const milliseconds = z.int().min(1).max(2_147_483_647);

export const integrationInput = z.strictObject({
  title: line(80).optional(),
  /** The first part of the effects that it does, for example `gateway`. */
  provides: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,31}$/, 'The first part of an effect, for example gateway')
    .optional(),
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
});

export const integrationEvents = {
  ENABLE: z.strictObject({}),
  DISABLE: z.strictObject({ reason: reason.optional() }),
  /** Opens the circuit by hand, until RESET. */
  TRIP: z.strictObject({ reason }),
  /** Closes the circuit and trusts the credentials again. */
  RESET: z.strictObject({}),
  /** Lets calls through before the rest is over. */
  PROBE: z.strictObject({}),
};

export const integrationInternal = {
  /**
   * How calls went since the last report. Failed are those the provider is to blame for (no answer, connection lost, 5xx, 408,
   * 425, 429), never an answer such as a decline. Unauthorized (401, 403) are neither.
   */
  CALLS: z.strictObject({ succeeded: count, failed: count, unauthorized: count.optional() }),
};

const fact = z.strictObject({ provides: z.string().nullable(), reason: z.string().nullable() });

export const integrationFacts = {
  'integration.enabled': fact,
  'integration.disabled': fact,
  'integration.opened': fact,
  'integration.half_opened': fact,
  'integration.closed': fact,
  'integration.unauthorized': fact,
};

export type IntegrationFactName = keyof typeof integrationFacts;
export type IntegrationFact = z.infer<typeof fact> & { type: IntegrationFactName };

export type Calls = z.infer<typeof integrationInternal.CALLS> & Stamp;

export type IntegrationEvent = Stamp &
  (
    | { type: 'ENABLE' | 'RESET' | 'PROBE' }
    | { type: 'DISABLE'; reason?: string | undefined }
    | { type: 'TRIP'; reason: string }
    | ({ type: 'CALLS' } & Calls)
  );

export type IntegrationRules = z.infer<typeof integrationSettings>;
export type IntegrationBirth = z.infer<typeof integrationInput> & Birth<IntegrationRules>;

/** Calls of half a window. */
export type Tally = { readonly succeeded: number; readonly failed: number };

/** The newest two half windows, so that trouble that lies across an edge is seen. */
export type CallWindow = { readonly since: number; readonly now: Tally; readonly before: Tally };

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
};
