import type { Chart } from './chart.ts';

/**
 * What goes over a socket of the inspector: the frames of `@statelyai/inspect` 0.7.2, one JSON object in each text message, without
 * an envelope, a handshake or acknowledgements. A receiver of that package takes them as they are.
 */

/** The release of `@statelyai/inspect` whose frames these are; its receivers look for one. */
export const INSPECT_VERSION = '0.7.2';

/** The subprotocol of the hub's own page. Who asks for it is also told what the package has no word for: PageMessage. */
export const INSPECT_PROTOCOL = 'green-lines.inspect';

/** Under this name the inspector tells of itself what it had to leave out. No actor can have it: addresses begin with a letter. */
export const INSPECTOR = '@inspector';

/** Why the hub closes a socket; the reason is a sentence for the person. Other codes are RFC 6455's: come again. */
export const INSPECT_CLOSED = { rights: 4403, gone: 4404, over: 4408, replaced: 4409 } as const;

type Base = {
  /** The address of the actor at the top of those that created each other, as far as the developer may know of them. */
  readonly rootId: string;
  /** The actor's address, the same on every node and after every restart. */
  readonly sessionId: string;
  /** When it was committed: epoch milliseconds, as text. */
  readonly createdAt: string;
  /** `address@version`. */
  readonly id: string;
  readonly _version: string;
};

export type InspectedEvent = { readonly type: string; readonly [field: string]: unknown };

/** How XState tells what became of an actor. Members that are undefined do not cross the wire. */
type Standing =
  | { readonly status: 'active' | 'stopped'; readonly output: undefined; readonly error: undefined }
  | { readonly status: 'done'; readonly output: unknown; readonly error: undefined }
  | { readonly status: 'error'; readonly output: undefined; readonly error: unknown };

export type InspectedSnapshot = Standing & {
  readonly value: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** Effects under way, by their ids. */
  readonly children: Readonly<Record<string, unknown>>;
  /** When timers fire (ISO 8601, UTC), by their ids. */
  readonly timers: Readonly<Record<string, string>>;
};

export type ActorFrame = Base & {
  readonly type: '@xstate.actor';
  readonly name: string;
  /** The actor that created it. */
  readonly parentId: string | undefined;
  /** The configuration of its machine, as JSON. */
  readonly definition: string;
  readonly snapshot: InspectedSnapshot;
};

export type EventFrame = Base & {
  readonly type: '@xstate.event';
  /** `by` and `at` beside what was sent. */
  readonly event: InspectedEvent;
  /** The actor that sent it, where one did. */
  readonly sourceId: string | undefined;
};

export type SnapshotFrame = Base & {
  readonly type: '@xstate.snapshot';
  readonly event: InspectedEvent;
  readonly snapshot: InspectedSnapshot;
};

export type InspectFrame = ActorFrame | EventFrame | SnapshotFrame;

/** First on every socket of the hub's own page. */
export type SessionMessage = {
  readonly type: '@green-lines.session';
  readonly node: string;
  readonly person: string;
  readonly target: string;
  readonly sample: number;
  readonly rate: number;
  /** Takes the place of this connection, once, while it lasts and for a minute after it. */
  readonly resume: string;
  /** When the session ends, epoch milliseconds. */
  readonly endsAt: number;
  /** Whether this hub lets the Stately inspector be used. */
  readonly stately: boolean;
};

/** How a kind of actor is drawn; before the first of them is introduced. */
export type ChartMessage = { readonly type: '@green-lines.chart'; readonly chart: Chart };

/** They carry no `_version`, so that no receiver takes one for a frame. */
export type PageMessage = SessionMessage | ChartMessage;
