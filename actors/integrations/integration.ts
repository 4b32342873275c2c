import type { z } from 'zod';
import type { Definition } from '../../machines/machine.ts';
import type { Caller } from '../caller.ts';
import type { Outcome } from '../delivery.ts';
import type { Submission } from '../intake.ts';
import type { Ports } from '../ports/ports.ts';

/** One try at one effect. */
export type Call = {
  /** `<hub id>/<actor>@<version>#<index>/<hash of input>`: the same for every try of the same effect, and for no other. */
  readonly key: string;
  /** The second part of the effect's name, for example `authorize`. */
  readonly operation: string;
  readonly input: unknown;
  /** The address of the actor that asked. */
  readonly actor: string;
  readonly attempt: number;
  /** Aborts when the call is given up. */
  readonly signal: AbortSignal;
};

/** Codes of `retry` by which a provider asks for fewer calls: they slow the hub down, and are held against nobody. */
export const THROTTLED: readonly string[] = ['rate_limit', 'rate_limited', 'http_429', 'throttled', 'too_many_requests'];

/** How many calls a provider takes, of one node; what has to wait for it is not late by that. */
export type Limits = { readonly per_second?: number; readonly burst?: number; readonly per_day?: number };

/** What came of looking at the other side, or why nothing did. `unauthorized` is the code of credentials that are refused. */
export type Probed =
  | {
      readonly ok: true;
      /** Of the provider's program. */
      readonly version?: string;
      /**
       * Each part that the hub relies on, with a description or a fingerprint of it. A name that begins with `+` is of something that the other side asks of
       * the hub: a new one breaks. With `~` of something beside: it is told, and breaks nothing.
       */
      readonly contract?: Readonly<Record<string, string>>;
      /** When the credentials stop working. */
      readonly expires_at?: number;
    }
  | Exclude<CallResult, { kind: 'done' }>;

/** New credentials, which nothing uses yet, or why there are none. */
export type Rotated = { readonly ok: true; readonly secrets: Readonly<Record<string, string>> } | Exclude<CallResult, { kind: 'done' }>;

/** What a try came to. Whatever cannot be told for certain is `unknown`. */
export type CallResult =
  | { readonly kind: 'done'; readonly output: unknown }
  /** It did not happen and will not. */
  | { readonly kind: 'failed'; readonly code: string; readonly detail?: string }
  /** It did not happen; the same key may be tried again. */
  | { readonly kind: 'retry'; readonly code: string; readonly after_ms?: number }
  /** It may or may not have happened. */
  | { readonly kind: 'unknown'; readonly code: string; readonly detail?: string };

/**
 * An event that a provider's webhook turned into; `id` is the provider's id of the notification. `@create`, with the input beside it, creates the
 * actor where it is not there yet.
 */
export type WebhookEvent = {
  readonly id: string;
  readonly to: string;
  readonly event: { readonly type: string; readonly [field: string]: unknown };
};

export type Operation = {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** It only reads: when it is not answered, nothing happened. */
  readonly reads?: boolean;
  /**
   * Somebody was asked right before whether it may be done. Where it then had to wait, because its actor or the integration stood still, it is not
   * begun any more: it failed as `held`, and the machine asks again.
   */
  readonly asked_first?: boolean;
};

/** A configured integration, open for calls. */
export type Integration = {
  perform(call: Call): Promise<CallResult>;
  /** Checks the signature over the raw body and returns its events; throws a Fault for a body that is not the provider's. */
  webhook?(headers: Readonly<Record<string, string | undefined>>, body: Buffer): Promise<readonly WebhookEvent[]>;
  /** Looks, changing nothing, at what is there and whether it lets the hub in. */
  probe?(signal: AbortSignal): Promise<Probed>;
  /** Has the provider make new credentials; the old ones stay good. The same key is one exchange. */
  rotate?(exchange: { readonly key: string; readonly signal: AbortSignal }): Promise<Rotated>;
  /** Has the provider forget the credentials that this one was opened with. */
  revoke?(signal: AbortSignal): Promise<void>;
  /** What the settings say of it; without, those of its kind. */
  readonly limits?: Limits;
  close(): Promise<void>;
};

/** Where an integration finds the rest of the hub. */
export type Surroundings = {
  readonly ports: Ports;
  readonly config: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  /** Where the hub takes webhooks, for the sandbox that has to send them; undefined until the hub listens. */
  readonly hubUrl: () => string | undefined;
  /** Runs SQL of the integration's own tables; see actors/store. */
  readonly database: Database;
  /** The hub's own gate, for a part of the hub that sends what people have asked it to. */
  readonly gate: Gate;
};

/** Where commands go in that the hub sends in somebody's name. */
export type Gate = {
  readonly hub_id: string;
  readonly definition: (type: string) => Definition | undefined;
  /** Settings of a kind of actors. */
  readonly settings: (type: string) => unknown;
  /** Who somebody is now, with the rights that he has now; undefined for who may not come in any more. */
  readonly caller: (username: string) => Promise<Caller | undefined>;
  /** On the node that owns the actor. Throws the faults of the gate. */
  readonly submit: (submission: Submission) => Promise<Outcome>;
};

/** The narrow door to PostgreSQL that an embedded sandbox keeps its own journal behind. */
export type Database = { query(name: string, text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> };

/** A secret that an integration works with, as somebody is asked for it. */
export type SecretRule = {
  readonly title: string;
  /** What it is and where it is found. */
  readonly about: string;
  /** Nothing can be called without it. */
  readonly required: boolean;
  /** The hub makes one up until somebody gives another. */
  readonly made?: boolean;
};

/** An integration as a file declares it: one file, one line in integrations.ts. */
export type IntegrationKind = {
  /** Also the id of its actor, `integration/<name>`. */
  readonly name: string;
  readonly title: string;
  /** The first part of the effects that it does, for example `gateway`. */
  readonly provides: string;
  /** Part of the hub itself: nobody sets it up or turns it off, so it has no actor; and its SQL is that of reports. */
  readonly own?: true;
  /** The provider answers a repeated key with the first answer. Where not, a start is written down before the call. */
  readonly honours_keys: boolean;
  /** How many calls may be under way at once. */
  readonly concurrency: number;
  /** After so long without an answer a call is given up. */
  readonly timeout_ms: number;
  readonly operations: Readonly<Record<string, Operation>>;
  /** None without it. */
  readonly limits?: Limits;
  /** Shape of its settings, with defaults; secrets apart. Titles and descriptions are what people read who set it up. */
  readonly config: z.ZodObject;
  /** By name; none without it. */
  readonly secrets?: Readonly<Record<string, SecretRule>>;
  readonly open: (surroundings: Surroundings) => Promise<Integration>;
};

/** What an integration can do, as it is seen from what it is. */
export type Capabilities = {
  readonly operations: readonly string[];
  readonly reads: readonly string[];
  readonly webhooks: boolean;
  readonly probes: boolean;
  readonly rotates: boolean;
  readonly limits: Limits;
};

export function capabilitiesOf(kind: IntegrationKind, integration: Integration): Capabilities {
  const operations = Object.keys(kind.operations).toSorted();
  return {
    operations: operations.map((name) => `${kind.provides}.${name}`),
    reads: operations.filter((name) => kind.operations[name]?.reads === true).map((name) => `${kind.provides}.${name}`),
    webhooks: integration.webhook !== undefined,
    probes: integration.probe !== undefined,
    // What cannot be looked at could not be seen to work before it replaces what does.
    rotates: integration.rotate !== undefined && integration.probe !== undefined,
    limits: integration.limits ?? kind.limits ?? {},
  };
}

export function defineIntegration(kind: IntegrationKind): IntegrationKind {
  return kind;
}
