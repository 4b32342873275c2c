import { createHash } from 'node:crypto';
import type { Audience, Definition, View } from '../../machines/machine.ts';
import { audienceOf } from '../../actors/caller.ts';
import type { Caller } from '../../actors/caller.ts';
import { schemaOf } from '../view.ts';

/** How one caller sees one kind of actor. Callers with the same `key` see exactly the same, `can` included. */
export type Rights = {
  readonly caller: Caller;
  readonly audience: Audience;
  readonly view: View;
  /** Whether every change of an actor shows in this view. */
  readonly whole: boolean;
  /** Callers with the same kind are shown the same, but for which of their answers in `can` depends on who they are. */
  readonly kind: string;
  /** A hash of the view, its rules, and of who looks; the second half of an epoch. */
  readonly key: string;
};

/** Undefined where the caller may not see any actor of this kind. */
export function rightsOf(definition: Definition, caller: Caller): Rights | undefined {
  const audience = audienceOf(caller);
  const view = audience === undefined ? undefined : definition.views[audience];
  if (audience === undefined || view === undefined || view.rows === 'none') return undefined;
  const roles = [...caller.roles].sort();
  const who = [audience, caller.id, roles, caller.client ?? null];
  const key = hash(rulesOf(definition) + JSON.stringify(who));
  return { caller, audience, view, whole: view.fields === 'all', kind: `${audience} ${roles.join()}`, key };
}

const rules = new WeakMap<Definition, string>();

/** What of a machine decides what a client holds of its actors: when any of it changes, old copies cannot be continued. */
function rulesOf(definition: Definition): string {
  let known = rules.get(definition);
  if (known === undefined) {
    const { type, version, views, permissions } = definition;
    const schemas = Object.keys(definition.events).map((event) => [event, schemaOf(definition, event)]);
    known = hash(JSON.stringify([type, version, views, permissions, schemas]));
    rules.set(definition, known);
  }
  return known;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
