import { z } from 'zod';

/** The number of this protocol; a client sends it in the handshake as `auth.protocol`. A test holds it to the schemas' hash. */
export const PROTOCOL_VERSION = 1;

/** A position in a topic's history. `epoch` is opaque and changes when history cannot be continued. */
export const positionSchema = z.strictObject({ epoch: z.string().max(128), version: z.int().min(0) });
export type Position = z.infer<typeof positionSchema>;

export const subscribeSchema = z
  .array(z.strictObject({ topic: z.string().min(1).max(1024), at: positionSchema.optional() }))
  .min(1)
  .max(200);
export type Subscribe = z.infer<typeof subscribeSchema>;

export const unsubscribeSchema = z.array(z.int().min(1)).min(1).max(1000);

export const commandSchema = z.strictObject({
  id: z.string().min(1).max(128),
  to: z.string().min(3).max(97),
  event: z.looseObject({ type: z.string().min(1).max(64) }),
  ifVersion: z.int().min(0).optional(),
  traceparent: z.string().max(128).optional(),
});
export type Command = z.infer<typeof commandSchema>;

export const authenticateSchema = z.strictObject({ token: z.string().min(1).max(4096) });
export const creditSchema = z.int().min(1).max(1_000_000);

/** Whether the caller may send an event now; `reason` is a fault code and `sentence` says it to a person. */
export type Can = {
  readonly type: string;
  readonly ok: boolean;
  readonly reason?: string;
  readonly sentence?: string;
  readonly schema: unknown;
};

/** A pending timer: fires at `due` (ISO 8601, UTC). */
export type TimerView = { readonly id: string; readonly due: string };

export type SubscribeAck =
  | {
      readonly ok: true;
      readonly sub: number;
      readonly how: 'current' | 'replay' | 'snapshot';
      readonly epoch: string;
      readonly version: number;
    }
  | { readonly ok: false; readonly code: string; readonly reason: string };

export type CommandAck =
  | { readonly outcome: 'applied' | 'duplicate'; readonly version: number }
  | {
      readonly outcome: 'rejected';
      readonly code: string;
      readonly reason: string;
      readonly version: number;
      readonly can: readonly Can[];
    }
  | { readonly outcome: 'parked'; readonly reason: string }
  /** Nothing was done; `code` is a fault code that says why. */
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly code?: string };

/** One operation of RFC 6902, absolute within `context`. */
export type PatchOp =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** What of an actor goes to a screen, in one view. */
export type ActorView = {
  readonly address: string;
  readonly version: number;
  readonly state: readonly string[];
  readonly tags: readonly string[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly can: readonly Can[];
  readonly timers: readonly TimerView[];
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
};

/** A row of a list. */
export type ListItem = {
  readonly address: string;
  readonly version: number;
  readonly state: readonly string[];
  readonly tags: readonly string[];
  readonly title: string;
  readonly summary: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** What the view lets lists show of the context. */
  readonly context: Readonly<Record<string, unknown>>;
};

export type ListOp =
  | { readonly op: 'enter'; readonly index: number; readonly item: ListItem }
  | { readonly op: 'leave'; readonly address: string }
  | { readonly op: 'move'; readonly address: string; readonly index: number; readonly item: ListItem }
  | { readonly op: 'update'; readonly item: ListItem };

/** Which event caused a version, and who sent it. */
export type Cause = { readonly event: string; readonly by: string; readonly at: string };

export type Frame =
  /** `now` is the hub's clock (ISO 8601, UTC), so that a client whose own is wrong counts down rightly; older hubs do not say it. */
  | { readonly kind: 'hello'; readonly protocol: number; readonly node: string; readonly urls: readonly string[]; readonly now?: string }
  | {
      readonly kind: 'snapshot';
      readonly sub: number;
      readonly epoch: string;
      readonly version: number;
      readonly state: readonly string[];
      readonly tags: readonly string[];
      readonly context: Readonly<Record<string, unknown>>;
      readonly can: readonly Can[];
      readonly timers: readonly TimerView[];
      readonly updatedAt: string;
    }
  /** The snapshot of a list: `total` is how many match, `items` the window. */
  | {
      readonly kind: 'snapshot';
      readonly sub: number;
      readonly epoch: string;
      readonly version: number;
      readonly items: readonly ListItem[];
      readonly total: number;
    }
  | {
      readonly kind: 'patch';
      readonly sub: number;
      readonly base: number;
      readonly version: number;
      readonly ops: readonly PatchOp[];
      readonly state?: readonly string[];
      readonly tags?: readonly string[];
      readonly can?: readonly Can[];
      readonly timers?: readonly TimerView[];
      readonly updatedAt: string;
      readonly cause: Cause;
    }
  | {
      readonly kind: 'list';
      readonly sub: number;
      readonly base: number;
      readonly version: number;
      readonly ops: readonly ListOp[];
      readonly total: number;
    }
  /** `ended`: subscriptions that the hub has ended itself, in case the message that said so was lost. */
  | {
      readonly kind: 'heads';
      readonly heads: readonly { readonly sub: number; readonly version: number }[];
      readonly ended?: readonly number[];
    }
  | { readonly kind: 'resync'; readonly sub: number; readonly reason: string }
  | { readonly kind: 'revoked'; readonly sub: number }
  | { readonly kind: 'expiring'; readonly expiresAt: string }
  | { readonly kind: 'bye'; readonly afterMs: number; readonly reason?: string };
