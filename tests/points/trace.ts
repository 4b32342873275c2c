import type { Asked } from '../../actors/envelope.ts';
import type { Answer } from './scene.ts';

/** What is left behind by one case, without what differs from case to case: its id, moments, hashes and the gateway's numbers. */
export type Trace = {
  readonly answer: string;
  /** Of every actor: each row with its event, and what it then was; or, where the order is open, only how it ended. */
  readonly actors: readonly string[];
  readonly refusals: readonly string[];
  /** What the gateway really did, by key. */
  readonly charges: readonly string[];
  readonly postings: readonly string[];
  /** What was asked for and did not go out, or went out and was not asked for, or changed between tries: domain events and keys. */
  readonly strays: readonly string[];
};

/** A row of the journal, as far as it is compared. */
export type Row = {
  readonly actor: string;
  readonly version: number;
  readonly event_id: string;
  readonly event: string;
  readonly caller: string;
  readonly envelope: string;
  readonly asked: string | null;
};

/** What one case has left behind, as it was found; each list in an order of its own. */
export type Remains = {
  readonly answer: Answer;
  readonly rows: readonly Row[];
  readonly refusals: readonly { readonly actor: string; readonly event_id: string; readonly reason: string }[];
  readonly charges: readonly { readonly key: string; readonly what: string }[];
  readonly postings: readonly string[];
  /** Operations that were asked for under several keys, as far as the gateway tells. */
  readonly doubts: readonly string[];
};

/** Everything that went out as a domain event, by its id, as often as it went. */
export type Seen = ReadonlyMap<string, readonly string[]>;

export function toTrace(remains: Remains, seen: Seen, id: string, addresses: readonly string[], ends: boolean): Trace {
  const plain = (text: string): string => normal(withoutOthers(text, addresses), id);
  const { answer, rows, refusals, charges, postings, doubts } = remains;
  const newest = [...new Map(rows.map((row) => [row.actor, row])).values()];
  const told = ends
    ? newest.map(({ actor, envelope }) => `${actor} ${toEnd(envelope)}`)
    : rows.map(({ actor, version, event_id, event, caller, envelope, asked }) =>
        [`${actor}@${version}`, event_id, event, 'of', caller, '→', sorted(envelope), 'asked', asked ?? ''].join(' '),
      );
  return {
    answer: `${answer.status} ${ends ? '' : JSON.stringify(answer.body['version'])} ${JSON.stringify(answer.body['code'])}`,
    actors: told.map(plain),
    refusals: refusals.map(({ actor, event_id, reason }) => plain(`${actor} ${event_id} ${reason}`)).sort(),
    charges: charges.map(({ key, what }) => plain(`${ends ? '' : key.replace(/\/[0-9a-f]{16}$/, '')} ${what}`)),
    postings: postings.map(plain),
    strays: [...straysOf(rows, seen, addresses), ...doubts].map(plain),
  };
}

/** Ids of the domain events that the rows asked for. */
export function eventsOf(rows: readonly Pick<Row, 'actor' | 'version' | 'asked'>[]): readonly string[] {
  return rows.flatMap(({ actor, version, asked }) =>
    asked === null || asked === '' ? [] : (JSON.parse(asked) as Asked).events.map(({ i }) => `${actor}@${version}#${i}`),
  );
}

function straysOf(rows: readonly Row[], seen: Seen, addresses: readonly string[]): readonly string[] {
  const asked = new Set(eventsOf(rows));
  const missing = [...asked].filter((event) => !seen.has(event)).map((event) => `${event} did not go out`);
  const mine = [...seen.keys()].filter((event) => addresses.includes(event.slice(0, event.indexOf('@'))));
  const strange = mine.filter((event) => !asked.has(event)).map((event) => `${event} was not asked for`);
  const changed = mine.filter((event) => new Set(seen.get(event)).size > 1).map((event) => `${event} was not the same each time`);
  return [...missing, ...strange, ...changed];
}

/** Whoever was read from the database has its fields in another order than whoever was not. */
function sorted(envelope: string): string {
  return JSON.stringify(JSON.parse(envelope), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** The state and the context, without how often something was tried on the way, and whether there was ever a doubt about it. */
function toEnd(envelope: string): string {
  const { snapshot, timers, effects } = JSON.parse(envelope) as {
    snapshot: { value: unknown; context: Record<string, unknown> };
    timers: object;
    effects: object;
  };
  const { tries: _, unsure: __, ...context } = snapshot.context;
  return JSON.stringify({ value: snapshot.value, context, timers: Object.keys(timers), effects: Object.keys(effects) });
}

/** How often an actor that takes part in all stories has been told something before is none of this one's. */
function withoutOthers(text: string, addresses: readonly string[]): string {
  return text.replaceAll(/\bown:([^@\s]+)@\d+#/g, (all, address: string) => (addresses.includes(address) ? all : `own:${address}@n#`));
}

function normal(text: string, id: string): string {
  return text
    .replaceAll(id, '<id>')
    .replaceAll(
      /"(at|ended|due|due_at|opened_at|first_at|last_at|funds_until|since|looked_at|known|changed_at|agreed_at|current_at|received_at|swept_at|resume_at)":\d+/g,
      '"$1":0',
    )
    .replaceAll(/"fetched_at":"[^"]*"/g, '"fetched_at":""')
    .replaceAll(/"external_id":"\d+"/g, '"external_id":"n"')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
    .replaceAll(/\b(authorize|capture|void|refund)_\d+/g, '$1_n');
}

/** The first thing in which two traces differ, or undefined. */
export function differenceOf(expected: Trace, found: Trace): string | undefined {
  for (const part of ['answer', 'actors', 'refusals', 'charges', 'postings', 'strays'] as const) {
    const [was, is] = [[expected[part]].flat(), [found[part]].flat()];
    for (let index = 0; index < Math.max(was.length, is.length); index++) {
      if (was[index] !== is[index]) return `${part}: expected ${was[index] ?? 'nothing'}\n    found ${is[index] ?? 'nothing'}`;
    }
  }
  return undefined;
}
