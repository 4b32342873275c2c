import { emit, fromPromise } from 'xstate';
import type { ActionFunction, AnyStateMachine, ContextFrom, EventObject, MachineContext, ParameterizedObject } from 'xstate';
import { z } from 'zod';
import type { Reading } from './import-words.ts';

/** Who may ask for what. `system` is another system over NATS: it may create and submit, never approve. */
export const ROLES = [
  'admin',
  'clerk',
  'approver',
  'cfo',
  'operator',
  'auditor',
  'developer',
  'reviewer',
  'dispatcher',
  'customer',
  'agent',
  'system',
] as const;
export type Role = (typeof ROLES)[number];

/** The views that an actor is shown in. */
export const AUDIENCES = ['hq', 'customer', 'agent'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** What an audience may see: which actors at all (all, those of the caller's client, those given to the agent), which fields. */
export type View = {
  readonly rows: 'all' | 'client' | 'agent' | 'none';
  readonly fields: 'all' | readonly string[];
};

/** What every event carries beside its payload; put there by the door, never by the sender. */
export type Stamp = {
  /** Who sent it: a username, `system:<source>`, or an actor's address. */
  readonly by: string;
  /** When it was taken, in epoch milliseconds (UTC). */
  readonly at: number;
  /** The version that it makes of the actor: with its position the name of what is posted now, for a later posting's `of`. */
  readonly v: number;
};

/** What a machine's input carries beside the caller's own. */
export type Birth<Settings = unknown> = Stamp & { readonly id: string; readonly settings: Settings };

/** Names that no payload field may have, because the door writes them. */
export const RESERVED_FIELDS = ['id', 'type', 'by', 'at', 'v', 'ifVersion', 'settings'] as const;

export type Schemas = Readonly<Record<string, z.ZodObject>>;

/** The state of an actor as questions, reasons and views see it. */
export type Seen<Context> = { readonly state: readonly string[]; readonly tags: readonly string[]; readonly context: Context };

/** What asked for a timer or an effect; a new one of a migration has none yet. */
type AskedBy = { readonly v?: number | undefined; readonly i?: number | undefined };

/**
 * A stored actor on its way to the next version of its machine. A migration changes the snapshot, the timers and the effects. Those
 * that are under way keep their `v` and `i`, and an effect its input too, since both are in the key that the provider knows; what is
 * new has neither. A timer's event is its id; `due` is in epoch milliseconds, and `at` is when the last event was taken.
 */
export type StoredActor = {
  readonly machine: string;
  readonly machine_version: number;
  readonly version: number;
  readonly at: number;
  readonly snapshot: {
    readonly status: string;
    readonly value: unknown;
    readonly context: Readonly<Record<string, unknown>>;
    readonly historyValue?: unknown;
    readonly output?: unknown;
  };
  readonly timers: Readonly<Record<string, AskedBy & { readonly due: number; readonly event: string }>>;
  readonly effects: Readonly<Record<string, AskedBy & { readonly src: string; readonly input: unknown; readonly started?: true }>>;
};

export type Options<M extends AnyStateMachine, Events extends Schemas, Input extends z.ZodObject = z.ZodObject> = {
  /** The noun: lower case, also the first token of its subjects and addresses. */
  readonly type: string;
  /** Raised whenever a stored envelope of the version before would not fit; `migrate` then has an entry for that version. */
  readonly version: number;
  /** From each older version to the next: takes and returns the stored actor, timers and effects included. */
  readonly migrate?: Readonly<Record<number, (actor: StoredActor) => StoredActor>>;
  readonly machine: M;
  /** What a creator sends. */
  readonly input: Input;
  /** What may come from outside, by event name. */
  readonly events: Events;
  /** What only the hub itself and other actors send. */
  readonly internal?: Schemas;
  /** The domain events that it emits, by name, as other systems read them. */
  readonly facts?: Schemas;
  /** Which roles may send which event; `@create` is creation. An event that is absent is closed to everybody. */
  readonly permissions: Readonly<Record<string, readonly Role[]>>;
  readonly views: Readonly<Partial<Record<Audience, View>>>;
  /** Whose it is, for row scope: the client it belongs to, the agent it is given to. */
  readonly belongs?: (context: ContextFrom<M>, id: string) => { client?: string; agent?: string };
  readonly title: (context: ContextFrom<M>, id: string) => string;
  readonly summary: (context: ContextFrom<M>) => string;
  /** What full-text search finds it by. */
  readonly search: (context: ContextFrom<M>) => readonly string[];
  /**
   * Why the machine's guards would refuse this event in this state, as a fault code; undefined when they would not. That of `@create` is asked of an
   * input before there is a state.
   */
  readonly reasons?: Readonly<Record<string, (seen: Seen<ContextFrom<M>>, event: never) => string | undefined>>;
  /** A payload that stands for the usual one when `can` asks whether an event would be taken now. */
  readonly samples?: Readonly<Record<string, (context: ContextFrom<M>) => Record<string, unknown>>>;
  /** What other actors may ask it; answered from its newest committed state. */
  readonly questions?: Readonly<Record<string, (seen: Seen<ContextFrom<M>>) => Record<string, unknown>>>;
  /** Settings with their defaults; given to the machine with its input. */
  readonly settings?: z.ZodObject;
  /** The fields of the input that rows of a file may make one from. Without it none is made from a file. */
  readonly imports?: ImportFields;
};

/** How a field is read from a cell where nobody says otherwise, and what its column is usually called, in small letters. */
export type ImportFields = Readonly<Record<string, { readonly as: Reading; readonly names: readonly string[] }>>;

/** A machine as the hub knows it: everything about one noun. */
export type Definition = {
  readonly type: string;
  readonly version: number;
  readonly migrate: Readonly<Record<number, (actor: StoredActor) => StoredActor>>;
  readonly machine: AnyStateMachine;
  readonly input: z.ZodObject;
  readonly events: Schemas;
  readonly internal: Schemas;
  readonly facts: Schemas;
  readonly permissions: Readonly<Record<string, readonly Role[]>>;
  readonly views: Readonly<Partial<Record<Audience, View>>>;
  readonly belongs: (context: Record<string, unknown>, id: string) => { client?: string; agent?: string };
  readonly title: (context: Record<string, unknown>, id: string) => string;
  readonly summary: (context: Record<string, unknown>) => string;
  readonly search: (context: Record<string, unknown>) => readonly string[];
  readonly reasons: Readonly<Record<string, (seen: Seen<never>, event: never) => string | undefined>>;
  readonly samples: Readonly<Record<string, (context: never) => Record<string, unknown>>>;
  readonly questions: Readonly<Record<string, (seen: Seen<never>) => Record<string, unknown>>>;
  readonly settings: z.ZodObject;
  readonly imports?: ImportFields;
};

/** A definition that still knows its types, for clients that are typed from it. `types` never holds a value. */
export type TypedDefinition<M extends AnyStateMachine, Events extends Schemas, Input extends z.ZodObject> = Definition & {
  readonly types?: { readonly machine: M; readonly events: Events; readonly input: Input };
};

/** Binds a machine to everything that the hub must know about it, and refuses what could not be made durable. */
export function defineMachine<M extends AnyStateMachine, const Events extends Schemas, Input extends z.ZodObject>(
  options: Options<M, Events, Input>,
): TypedDefinition<M, Events, Input> {
  checkNames(options);
  checkMigrations(options);
  checkChart(options.type, options.machine);
  return {
    migrate: {},
    internal: {},
    facts: {},
    belongs: () => ({}),
    reasons: {},
    samples: {},
    questions: {},
    settings: z.strictObject({}),
    ...options,
  } as unknown as TypedDefinition<M, Events, Input>;
}

function checkNames(options: Options<AnyStateMachine, Schemas>): void {
  const schemas = { '@create': options.input, ...options.events, ...options.internal };
  for (const [name, schema] of Object.entries(schemas)) {
    if (name !== '@create' && (name.startsWith('xstate.') || name.startsWith('@'))) {
      throw new Error(`${options.type}: an event may not be named ${name}: the hub uses such names itself`);
    }
    for (const field of Object.keys(schema.shape)) {
      if ((RESERVED_FIELDS as readonly string[]).includes(field)) {
        throw new Error(`${options.type}: ${name} may not have a field ${field}: the door writes it`);
      }
    }
  }
  for (const name of Object.keys(options.permissions)) {
    if (name !== '@create' && !Object.hasOwn(options.events, name)) {
      throw new Error(`${options.type}: permissions name ${name}, which is no public event`);
    }
  }
}

/** A gap would leave the actors of an older release without a way up. The oldest steps may be dropped when none of theirs is left. */
function checkMigrations({ type, version, migrate = {} }: Options<AnyStateMachine, Schemas>): void {
  const steps = Object.keys(migrate).map(Number);
  const [oldest = version - 1] = steps;
  for (let from = oldest; from >= 1 && from < version; from++) {
    if (!steps.includes(from)) throw new Error(`${type}: migrate has no step from ${from}, which version ${version} needs`);
  }
  const odd = steps.find((from) => !(from >= 1 && from < version));
  if (odd !== undefined) throw new Error(`${type}: migrate has a step from ${odd}, which is no older version than ${version}`);
}

type Node = { id: string; invoke: readonly InvokeNode[]; config: { invoke?: unknown }; states: Record<string, Node> };
type InvokeNode = { id: string; src: unknown; systemId?: string; onError?: unknown };

/** An effect without `onError` would strand its actor when it fails, and an inline one could not be restored by name. */
function checkChart(type: string, machine: AnyStateMachine): void {
  const visit = (node: Node): void => {
    for (const invoke of node.invoke) {
      if (typeof invoke.src !== 'string' || invoke.src.startsWith('xstate.invoke.')) {
        throw new Error(`${type}: ${node.id} invokes an inline actor; name it in setup({ actors })`);
      }
      if (invoke.systemId !== undefined) throw new Error(`${type}: ${node.id} uses systemId, which cannot be made durable`);
      const onError = invoke.onError ?? (node as unknown as { on: Record<string, unknown> }).on[`xstate.error.actor.${invoke.id}`];
      if (onError === undefined) throw new Error(`${type}: ${node.id} invokes ${invoke.src} without onError`);
    }
    Object.values(node.states).forEach(visit);
  };
  visit(machine.root as unknown as Node);
}

/**
 * Declares an effect: a thing that the hub does after the commit, outside the machine, and whose result comes back as an
 * event. `invoke` it by name; it is never run inside the machine.
 */
export function effect<Output, Input>() {
  return fromPromise<Output, Input>(() => Promise.reject(new Error('An effect is done by the hub, never by the machine')));
}

/** Why an effect did not succeed: `failed` did not happen; `unknown` may or may not have, and must be asked about. */
export type EffectError = { readonly kind: 'failed' | 'unknown'; readonly code: string; readonly detail?: string };

/** Reads the error of an `onError` event; anything unexpected is unknown, never failed. */
export function readEffectError(event: { error: unknown }): EffectError {
  const { error } = event;
  const known = typeof error === 'object' && error !== null && 'kind' in error && 'code' in error;
  return known ? (error as EffectError) : { kind: 'unknown', code: 'unreadable' };
}

/** The input of the effect `ask`: a question to another actor. */
export type Question = { readonly to: string; readonly question: string };
/** Its answer, with the version of the actor that gave it. */
export type Answer = { readonly found: boolean; readonly version?: number; readonly answer?: Record<string, unknown> };

/** What `tell()` asks for. */
export type Tell = { readonly to: string; readonly event: { readonly type: string; readonly [field: string]: unknown } };

/** An action as `setup()` and `createMachine()` infer it: like `assign`, it takes its types from where it stands. */
type Does<
  Context extends MachineContext,
  Taken extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
  Event extends EventObject,
  Emitted extends EventObject,
> = ActionFunction<Context, Taken, Event, Params, never, never, never, never, Emitted>;

/**
 * An action that sends an event to another actor, durably, after the commit. A refusal comes back as `tell.refused` with whom it
 * was told to, the `event`, the `reason`, and what was `sent` with it.
 */
export function tell<
  Context extends MachineContext,
  Taken extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
  Event extends EventObject,
  Emitted extends EventObject,
>(to: (args: { context: Context; event: Taken }, params: Params) => Tell): Does<Context, Taken, Params, Event, Emitted> {
  // `emit` is the one action of XState that carries arbitrary data out of a pure transition and works inside enqueueActions.
  return emit((args: unknown, params: unknown) => ({ type: '@tell', ...to(args as never, params as Params) })) as never;
}

/**
 * What one leg of a posting does to one account, in minor units of the currency: a debit is positive, a credit negative. A pending one
 * sets money aside, beside the balance.
 */
export type Leg = { readonly account: string; readonly amount_minor: number; readonly currency: string; readonly pending?: true };

/**
 * What a posting is. `pending` has pending legs alone; `posted` has none, or takes those of the posting that it completes back beside
 * what it posts; `voided` and `expired` only take them back; `reversal` takes back what was posted.
 */
export const POSTING_KINDS = ['posted', 'pending', 'voided', 'expired', 'reversal'] as const;
export type PostingKind = (typeof POSTING_KINDS)[number];

/** A posting of the same actor: the version whose step asked for it (`v` of its event), and its position in what that step asked for. */
export type PostingName = { readonly v: number; readonly i: number };

/** What `post()` asks for. The legs of each currency add up to nothing, the pending ones and the others each by themselves. */
export type Post = {
  readonly legs: readonly Leg[];
  readonly text?: string;
  /** `posted` where it is not said. */
  readonly kind?: PostingKind;
  /** When it counts, in epoch milliseconds (UTC): earlier or later than when it was recorded. */
  readonly effective?: number;
  /** The earlier posting that it completes, takes back or reverses. */
  readonly of?: PostingName;
};

/**
 * An action that posts to the ledger. Its legs are written by the very commit of the step that asked for them. Legs that do not
 * balance or do not fit the kind, an amount that cannot be counted exactly, an unknown currency (ISO 4217) or an account that is no
 * name are a bug of the machine: the step throws, and the actor is parked with nothing posted.
 */
export function post<
  Context extends MachineContext,
  Taken extends EventObject,
  Params extends ParameterizedObject['params'] | undefined,
  Event extends EventObject,
  Emitted extends EventObject,
>(to: (args: { context: Context; event: Taken }, params: Params) => Post): Does<Context, Taken, Params, Event, Emitted> {
  return emit((args: unknown, params: unknown) => ({ type: '@post', ...to(args as never, params as Params) })) as never;
}
