import type { Committed } from '../../actors/delivery.ts';
import type { Envelope, PendingEffect } from '../../actors/envelope.ts';
import { toLive } from '../../actors/step.ts';
import type { HistoryRow } from '../../actors/store/store.ts';
import { readAddress } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { INSPECT_VERSION } from '../protocol/inspection.ts';
import type { ActorFrame, EventFrame, InspectedEvent, InspectedSnapshot, SnapshotFrame } from '../protocol/inspection.ts';
import { toCause } from '../socket/projection.ts';
import type { Rights } from '../socket/rights.ts';
import { tagsOf, toContext, toTimers, viewFor } from '../view.ts';
import { withoutSecrets } from './secrets.ts';

/** A version of an actor with what brought it about, as the journal has it. */
export type Step = {
  readonly version: number;
  /** JSON. */
  readonly event: string;
  readonly caller: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly envelope: Envelope;
};

/** Whose child an actor is; both are addresses. */
export type Kin = { readonly rootId: string; readonly parentId: string | undefined };

/** An actor as somebody inspects it. */
export type Inspected = { readonly address: string; readonly definition: Definition; readonly rights: Rights; readonly kin: Kin };

export function toStep({ row, after }: Committed): Step {
  return { version: row.version, event: row.event, caller: row.caller, at: row.at, envelope: after };
}

/** Undefined for a row whose contents were erased, or that this release cannot read. */
export function readStep(definition: Definition, row: HistoryRow): Step | undefined {
  if (row.envelope === '' || row.event === '') return undefined;
  try {
    return { version: row.version, event: row.event, caller: row.caller, at: row.at, envelope: toLive(definition, row.envelope) };
  } catch {
    return undefined;
  }
}

/** Whether the caller may know of the actor as it was then. */
export function maySee({ address, definition, rights }: Inspected, { envelope }: Step): boolean {
  return viewFor({ address, definition, envelope }, rights.caller) !== undefined;
}

/** The actor as it was at a step. */
export function toActorFrame(inspected: Inspected, step: Step): ActorFrame {
  const { address, definition, kin } = inspected;
  return {
    type: '@xstate.actor',
    name: address,
    ...headOf(inspected, step),
    parentId: kin.parentId,
    definition: definitionText(definition),
    snapshot: toSnapshot(inspected, step.envelope),
  };
}

/** What happened at a step, and how the actor was after it. */
export function toStepFrames(inspected: Inspected, step: Step): readonly [EventFrame, SnapshotFrame] {
  const event = toEvent(inspected, step);
  const head = headOf(inspected, step);
  // Which other actor said it is told where the view tells by whom.
  const sourceId = event['by'] === step.caller ? readAddress(step.caller)?.address : undefined;
  return [
    { type: '@xstate.event', event, sourceId, ...head },
    { type: '@xstate.snapshot', event, snapshot: toSnapshot(inspected, step.envelope), ...head },
  ];
}

function headOf({ address, kin }: Inspected, { version, at }: Step) {
  return { sessionId: address, rootId: kin.rootId, createdAt: String(at), id: `${address}@${version}`, _version: INSPECT_VERSION };
}

/**
 * The event as the machine took it. A view that shows some fields alone tells of the event what a patch tells of its cause, and of what
 * was sent along the fields that it shows.
 */
function toEvent({ definition, rights }: Inspected, step: Step): InspectedEvent {
  const { type, ...payload } = JSON.parse(step.event) as { readonly type: string; readonly [field: string]: unknown };
  const { event, by } = toCause(definition, { type, by: step.caller, at: step.at }, rights);
  const { fields } = rights.view;
  const shown = fields === 'all' ? payload : event === type ? pick(payload, fields) : {};
  return { ...(withoutSecrets(shown) as object), type: event, by, at: step.at };
}

function pick(payload: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => fields.includes(name)));
}

/** What XState's own snapshot shows, by the view. What effects are asked with and what comes out is for views that show everything. */
function toSnapshot({ definition, rights }: Inspected, envelope: Envelope): InspectedSnapshot {
  const { status, value, context, output } = envelope.snapshot;
  const result = rights.whole ? withoutSecrets(output) : undefined;
  const shown = toContext(definition, rights.audience, context as Record<string, unknown>);
  return {
    // A machine that throws parks its actor, which stays as it was: there is no error to show.
    ...(status === 'done' ? { status, output: result, error: undefined } : { status: 'active', output: undefined, error: undefined }),
    value,
    context: withoutSecrets(shown) as Record<string, unknown>,
    tags: tagsOf(envelope),
    children: rights.whole ? toChildren(envelope.effects) : {},
    timers: Object.fromEntries(toTimers(envelope).map(({ id, due }) => [id, due])),
  };
}

/** As XState persists a child that runs. */
function toChildren(effects: Readonly<Record<string, PendingEffect>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(effects).map(([id, { src, input }]) => [id, { src, snapshot: { status: 'active', input: withoutSecrets(input) } }]),
  );
}

const definitions = new WeakMap<Definition, string>();

/** The configuration of the machine, with functions by their names, as the package writes them. */
function definitionText(definition: Definition): string {
  let text = definitions.get(definition);
  if (text === undefined) {
    const byName = (_: string, value: unknown): unknown => (typeof value === 'function' ? { type: value.name } : value);
    text = JSON.stringify(definition.machine.config, byName);
    definitions.set(definition, text);
  }
  return text;
}
