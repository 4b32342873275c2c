/** A row of the journal, as a search of it finds it. */
export type AuditRow = {
  readonly address: string;
  readonly version: number;
  readonly partition: number;
  readonly seq: number;
  readonly event: Readonly<{ type: string } & Record<string, unknown>>;
  readonly caller: string;
  readonly at: string;
  readonly hash: string;
};

export type AuditAnswer = {
  readonly items: readonly AuditRow[];
  readonly next: string | null;
  readonly looked: number;
  readonly back: string | null;
};

/** How far a search has come. */
export type Searching = {
  readonly rows: readonly AuditRow[];
  readonly looked: number;
  /** Everything newer has been looked at; undefined before the first answer and at the end. */
  readonly back: string | undefined;
  /** Where it goes on; undefined before the first answer, null at the end. */
  readonly next: string | null | undefined;
};

export const NOT_BEGUN: Searching = { rows: [], looked: 0, back: undefined, next: undefined };

/** Partitions come back in time by different strides, so a later answer may bring rows that are newer. */
export function withAnswer({ rows, looked }: Searching, answer: AuditAnswer): Searching {
  const all = [...rows, ...answer.items].sort((a, b) => b.at.localeCompare(a.at) || a.partition - b.partition || b.seq - a.seq);
  return { rows: all, looked: looked + answer.looked, back: answer.back ?? undefined, next: answer.next };
}

export const FILTERS = ['actor', 'person', 'event', 'from', 'to'] as const;
export type Filters = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>;

/** Times are entered in the reader's zone and asked for in UTC. */
export function toAuditSearch(filters: Filters): string {
  const search = new URLSearchParams();
  for (const name of FILTERS) {
    const value = filters[name]?.trim();
    if (value === undefined || value === '') continue;
    const time = name === 'from' || name === 'to' ? new Date(value) : undefined;
    if (time !== undefined && Number.isNaN(time.getTime())) continue;
    search.set(name, time === undefined ? (name === 'event' ? value.toUpperCase().replaceAll(' ', '_') : value) : time.toISOString());
  }
  return search.toString();
}
