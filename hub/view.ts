import { z } from 'zod';
import { sentenceFor } from '../machines/fault.ts';
import { idOf } from '../machines/ids.ts';
import type { Audience, Definition } from '../machines/machine.ts';
import { audienceOf, mayReach } from '../actors/caller.ts';
import type { Caller } from '../actors/caller.ts';
import { PARKED, toStates } from '../actors/envelope.ts';
import type { Envelope } from '../actors/envelope.ts';
import { mayByRole } from '../actors/gate.ts';
import { wouldTake } from '../actors/step.ts';
import type { ActorView, Can, ListItem, TimerView } from './protocol/messages.ts';

/** An actor's committed state, whoever is going to look at it. */
export type Subject = { readonly address: string; readonly definition: Definition; readonly envelope: Envelope };

/** Which view the caller has of this actor; undefined where he may not know of it. */
export function viewFor(subject: Subject, caller: Caller): Audience | undefined {
  const context = subject.envelope.snapshot.context as Record<string, unknown>;
  return mayReach(caller, subject.definition, subject.address, context) ? audienceOf(caller) : undefined;
}

/** The fields of the context that a view shows. */
export function toContext(definition: Definition, audience: Audience, context: Record<string, unknown>): Record<string, unknown> {
  const fields = definition.views[audience]?.fields ?? [];
  if (fields === 'all') return context;
  return Object.fromEntries(fields.filter((field) => Object.hasOwn(context, field)).map((field) => [field, context[field]]));
}

/** What this caller may send now, and of what he could send in another state why not. */
export function toCan(subject: Subject, caller: Caller, now: number): readonly Can[] {
  const { definition } = subject;
  const types = Object.keys(definition.events).filter((type) => mayByRole(definition, type, caller));
  return types.map((type) => answerOn(subject, type, caller.id, now).can);
}

/** `personal`: somebody else with the same roles may be told otherwise. */
export type Answer = { readonly can: Can; readonly personal: boolean };

/** Whether the actor would take an event from somebody who may send it by his role. */
export function answerOn({ definition, envelope }: Subject, type: string, by: string, now: number): Answer {
  const schema = schemaOf(definition, type);
  const isParked = envelope.parked !== undefined;
  const { reason, personal } = isParked ? REFUSES_ALL : wouldTake(definition, envelope.snapshot, type, by, now);
  const can = reason === undefined ? { type, ok: true, schema } : { type, ok: false, reason, sentence: sentenceFor(reason), schema };
  return { can, personal };
}

const REFUSES_ALL = { reason: 'parked', personal: false };

export function toTimers(envelope: Envelope): readonly TimerView[] {
  return Object.entries(envelope.timers).map(([id, { due }]) => ({ id, due: new Date(due).toISOString() }));
}

/** The whole of what a caller may see of an actor. */
export function toView(subject: Subject, audience: Audience, caller: Caller, now: number): ActorView {
  return { ...toPlainView(subject, audience), can: toCan(subject, caller, now) };
}

/** The same without what depends on more than the audience. */
export function toPlainView(subject: Subject, audience: Audience): Omit<ActorView, 'can'> {
  const { address, definition, envelope } = subject;
  const { snapshot } = envelope;
  return {
    address,
    version: envelope.version,
    state: toStates(snapshot.value),
    tags: tagsOf(envelope),
    context: toContext(definition, audience, snapshot.context as Record<string, unknown>),
    timers: toTimers(envelope),
    updatedAt: new Date(envelope.at).toISOString(),
  };
}

export function toListItem(subject: Subject, audience: Audience): ListItem {
  const { address, definition, envelope } = subject;
  const context = envelope.snapshot.context as Record<string, unknown>;
  return {
    address,
    version: envelope.version,
    state: toStates(envelope.snapshot.value),
    tags: tagsOf(envelope),
    title: definition.title(context, idOf(address)),
    summary: definition.summary(context),
    updatedAt: new Date(envelope.at).toISOString(),
    context: toContext(definition, audience, context),
  };
}

/** The tags of its states, and whether it is parked. */
export function tagsOf(envelope: Envelope): readonly string[] {
  const tags = [...envelope.snapshot.tags];
  return envelope.parked === undefined ? tags : [...tags, PARKED];
}

const schemas = new WeakMap<Definition, Map<string, unknown>>();

/** The JSON Schema of an event's payload (`@create`: of the input), made once. */
export function schemaOf(definition: Definition, type: string): unknown {
  let known = schemas.get(definition);
  if (known === undefined) {
    known = new Map();
    schemas.set(definition, known);
  }
  if (!known.has(type)) {
    const schema = type === '@create' ? definition.input : definition.events[type];
    known.set(type, schema === undefined ? undefined : z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  }
  return known.get(type);
}
