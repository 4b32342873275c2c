/** What a list is asked for. Absent fields are not part of the topic, so that equal questions share one subscription. */
export type ListQuery = {
  readonly type: string;
  readonly state?: string | undefined;
  readonly tag?: string | undefined;
  readonly q?: string | undefined;
  /** Of this client, or this agent, alone. */
  readonly client?: string | undefined;
  readonly agent?: string | undefined;
  readonly sort?: string | undefined;
  readonly limit?: number | undefined;
};

/** `payment?state=needs_approval&sort=-updatedAt&limit=50` */
export function toListTopic(query: ListQuery): string {
  const search = toListSearch(query);
  return search === '' ? query.type : `${query.type}?${search}`;
}

/** The same question as a query string, as the REST list takes it. Parameters always stand in one order. */
export function toListSearch({ state, tag, q, client, agent, sort, limit }: ListQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ state, tag, q: q?.trim(), client, agent, sort, limit })) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search.toString();
}

/** A topic is a list unless it names one actor (`type/id`). */
export function isListTopic(topic: string): boolean {
  const end = topic.indexOf('?');
  return !(end < 0 ? topic : topic.slice(0, end)).includes('/');
}
