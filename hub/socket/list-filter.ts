import { idOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { toStates } from '../../actors/envelope.ts';
import type { Envelope } from '../../actors/envelope.ts';
import type { ListQuery } from '../../actors/store/store.ts';
import { tagsOf } from '../view.ts';
import type { Rights } from './rights.ts';
import type { ListQuestion } from './topic.ts';

/** Whose rows a caller sees; both absent where he sees all. */
export type Scope = { readonly client?: string; readonly agent?: string };

/** What lists select and sort an actor by; the same as the columns of its lean row. */
export type Facts = {
  readonly address: string;
  readonly version: number;
  readonly states: readonly string[];
  readonly tags: readonly string[];
  readonly client: string;
  readonly agent: string;
  readonly title: string;
  readonly created_at: number;
  readonly updated_at: number;
};

export function scopeOf({ view, caller }: Rights): Scope {
  if (view.rows === 'all') return {};
  // No client has an empty id, so a customer without one gets an empty list.
  return view.rows === 'client' ? { client: caller.client ?? '' } : { agent: caller.id };
}

/** The question as the store takes it, for so many rows. */
export function toQuery(question: ListQuestion, scope: Scope, limit: number): ListQuery {
  return { ...question, ...within(question, scope), limit };
}

/** Whose rows are asked for, of those that the caller may see: nobody's where he asks for another's. */
export function within(asked: Partial<Record<'client' | 'agent', string | undefined>>, scope: Scope): Scope {
  const client = both(asked.client, scope.client);
  const agent = both(asked.agent, scope.agent);
  return { ...(client === undefined ? {} : { client }), ...(agent === undefined ? {} : { agent }) };
}

function both(asked: string | undefined, allowed: string | undefined): string | undefined {
  if (asked === undefined || allowed === undefined) return asked ?? allowed;
  return asked === allowed ? allowed : '';
}

export function toFacts(address: string, definition: Definition, envelope: Envelope, created_at: number): Facts {
  const context = envelope.snapshot.context as Record<string, unknown>;
  const belongs = definition.belongs(context, idOf(address));
  return {
    address,
    version: envelope.version,
    states: toStates(envelope.snapshot.value),
    tags: tagsOf(envelope),
    client: belongs.client ?? '',
    agent: belongs.agent ?? '',
    title: definition.title(context, idOf(address)).slice(0, 200),
    created_at,
    updated_at: envelope.at,
  };
}

/** Whether a row belongs to the list, its text left aside: the same as the store's own filter. */
export function matches(facts: Facts, question: ListQuestion, scope: Scope): boolean {
  if (scope.client !== undefined && (facts.client === '' || facts.client !== scope.client)) return false;
  if (scope.agent !== undefined && (facts.agent === '' || facts.agent !== scope.agent)) return false;
  const { state, tag, client, agent } = question;
  if (client !== undefined && facts.client !== client) return false;
  if (agent !== undefined && facts.agent !== agent) return false;
  if (state !== undefined && !facts.states.some((path) => path === state || path.startsWith(`${state}.`))) return false;
  return tag === undefined || facts.tags.includes(tag);
}

/** What the list is sorted by; ties are broken by the address, in the same direction. */
export function sortValue(facts: Facts, question: ListQuestion): number | string {
  switch (question.sort) {
    case 'updatedAt':
      return facts.updated_at;
    case 'createdAt':
      return facts.created_at;
    case 'title':
      return facts.title;
  }
}
