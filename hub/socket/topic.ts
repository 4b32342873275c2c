import { Fault } from '../../machines/fault.ts';
import { isId, isType, readAddress } from '../../machines/ids.ts';
import { isUsername } from '../auth/names.ts';

export type ListSort = 'updatedAt' | 'createdAt' | 'title';

/** What a list is asked for; the row scope of the caller comes on top. */
export type ListQuestion = {
  readonly type: string;
  readonly state?: string;
  readonly tag?: string;
  readonly text?: string;
  /** Of this client, or this agent, alone. */
  readonly client?: string;
  readonly agent?: string;
  readonly sort: ListSort;
  readonly descending: boolean;
  readonly limit: number;
};

export type Topic =
  | { readonly kind: 'actor'; readonly type: string; readonly address: string }
  | { readonly kind: 'list'; readonly type: string; readonly question: ListQuestion };

const SORTS: readonly ListSort[] = ['updatedAt', 'createdAt', 'title'];
const DEFAULT_LIMIT = 50;
export const LONGEST_LIST = 200;
const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** Reads `payment/pay_1` or `payment?state=needs_approval&sort=-updatedAt&limit=50`. Throws the fault `bad_request`. */
export function readTopic(text: string): Topic {
  const named = readAddress(text);
  if (named !== undefined) return { kind: 'actor', type: named.type, address: named.address };
  const cut = text.indexOf('?');
  const type = cut < 0 ? text : text.slice(0, cut);
  if (!isType(type)) throw bad('a topic is <type>/<id> or <type>?<query>');
  return { kind: 'list', type, question: readQuestion(type, new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1))) };
}

function readQuestion(type: string, search: URLSearchParams): ListQuestion {
  const given = new Map<string, string>();
  for (const [name, value] of search) {
    if (given.has(name)) throw bad(`${name} stands twice in the query`);
    given.set(name, value);
  }
  const take = (name: string): string | undefined => {
    const value = given.get(name)?.trim();
    given.delete(name);
    return value === '' ? undefined : value;
  };
  const state = take('state');
  const tag = take('tag');
  const text = take('q');
  const client = take('client');
  const agent = take('agent');
  const sorted = readSort(take('sort') ?? '-updatedAt');
  const limit = readLimit(take('limit'));
  const [unknown] = given.keys();
  if (unknown !== undefined)
    throw bad(`a list has no parameter ${JSON.stringify(unknown.slice(0, 32))}; it has state, tag, q, client, agent, sort and limit`);
  if (state !== undefined && !NAME.test(state)) throw bad('state is the path of a state, with dots');
  if (tag !== undefined && !NAME.test(tag)) throw bad('tag is the name of a tag');
  if (client !== undefined && !isId(client)) throw bad('client is the id of a client');
  if (agent !== undefined && !isUsername(agent)) throw bad('agent is the name of a person');
  if (text !== undefined && (text.length > 200 || text.includes('\0') || !text.isWellFormed())) throw bad('q is at most 200 characters');
  return {
    type,
    ...(state === undefined ? {} : { state }),
    ...(tag === undefined ? {} : { tag }),
    ...(text === undefined ? {} : { text }),
    ...(client === undefined ? {} : { client }),
    ...(agent === undefined ? {} : { agent }),
    ...sorted,
    limit,
  };
}

function readSort(text: string): { sort: ListSort; descending: boolean } {
  const descending = text.startsWith('-');
  const name = descending ? text.slice(1) : text;
  const sort = SORTS.find((known) => known === name);
  if (sort === undefined) throw bad(`sort is one of ${SORTS.join(', ')}, with - before it for descending`);
  return { sort, descending };
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LONGEST_LIST) throw bad(`limit is 1 to ${LONGEST_LIST}`);
  return limit;
}

/** The same for topics that ask the same. */
export function toKey(question: ListQuestion): string {
  const { type, state, tag, text, client, agent, sort, descending, limit } = question;
  return JSON.stringify([type, state, tag, text?.toLowerCase(), client, agent, sort, descending, limit]);
}

function bad(detail: string): Fault {
  return new Fault('bad_request', `The topic cannot be read: ${detail}.`);
}
