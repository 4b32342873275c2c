import type { ActorRow, Batch, CreationRow, DeadLetterRow, JournalRow, PostingRow, RefusalRow } from './store.ts';

/** A named prepared statement for `pg`. */
export type Statement = { readonly name: string; readonly text: string; readonly values: unknown[] };

/*
 * Columns travel as one text each, their values joined by U+001E: JSON never contains it, and splitting it is far cheaper
 * for both sides than quoting an array of JSON texts. What else a text might carry is cleaned by `pack`.
 */
const SEPARATOR = '\u001e';

type Kind = 'text' | 'json' | 'number' | 'boolean';
type Columns<Row> = readonly (readonly [column: keyof Row & string, kind: Kind, cast: string])[];

const JOURNAL: Columns<JournalRow> = [
  ['actor', 'text', 'text'],
  ['version', 'number', 'int'],
  ['partition', 'number', 'smallint'],
  ['seq', 'number', 'bigint'],
  ['event_id', 'text', 'text'],
  ['event', 'json', 'text'],
  ['body_hash', 'json', 'text'],
  ['caller', 'text', 'text'],
  ['causation', 'text', 'text?'],
  ['correlation', 'text', 'text?'],
  ['traceparent', 'text', 'text?'],
  ['at', 'number', 'bigint'],
  ['machine_version', 'number', 'int'],
  ['envelope', 'json', 'text'],
  ['asked', 'json', 'text?'],
  ['hash', 'json', 'text'],
];

const ACTOR: Columns<ActorRow> = [
  ['address', 'text', 'text'],
  ['partition', 'number', 'smallint'],
  ['type', 'text', 'text'],
  ['version', 'number', 'int'],
  ['state', 'text', 'text!'],
  ['tags', 'text', 'text?'],
  ['due_at', 'text', 'bigint?'],
  ['pending', 'number', 'int'],
  ['parked', 'boolean', 'boolean'],
  ['title', 'text', 'text?'],
  ['summary', 'text', 'text?'],
  ['client', 'text', 'text?'],
  ['agent', 'text', 'text?'],
  ['created_at', 'number', 'bigint'],
  ['updated_at', 'number', 'bigint'],
];

const REFUSAL: Columns<RefusalRow> = [
  ['actor', 'text', 'text'],
  ['event_id', 'text', 'text'],
  ['body_hash', 'json', 'text'],
  ['reason', 'text', 'text'],
  ['detail', 'text', 'text?'],
  ['version', 'number', 'int'],
  ['at', 'number', 'bigint'],
];

const CREATION: Columns<CreationRow> = [
  ['caller', 'text', 'text'],
  ['key', 'text', 'text'],
  ['body_hash', 'json', 'text'],
  ['actor', 'text', 'text'],
];

const DEAD: Columns<DeadLetterRow> = [
  ['id', 'text', 'text'],
  ['actor', 'text', 'text'],
  ['event_id', 'text', 'text'],
  ['event', 'json', 'text'],
  ['caller', 'text', 'text'],
  ['reason', 'text', 'text'],
  ['detail', 'text', 'text?'],
  ['at', 'number', 'bigint'],
];

const POSTING: Columns<PostingRow> = [
  ['partition', 'number', 'smallint'],
  ['actor', 'text', 'text'],
  ['version', 'number', 'int'],
  ['i', 'number', 'int'],
  ['leg', 'number', 'int'],
  ['account', 'text', 'text'],
  ['currency', 'text', 'text'],
  ['amount_minor', 'number', 'bigint'],
  ['at', 'number', 'bigint'],
  ['pending', 'boolean', 'boolean'],
  // What is null is written so into the array, which PostgreSQL reads as NULL.
  ['effective', 'number', 'bigint'],
  ['kind', 'text', 'text'],
  ['of_version', 'number', 'int'],
  ['of_i', 'number', 'int'],
];

function pack<Row extends object>(columns: Columns<Row>, rows: readonly Row[]): string[] {
  return columns.map(([column, kind]) => {
    if (kind === 'number' || kind === 'boolean') return `{${rows.map((row) => String(row[column])).join(',')}}`;
    if (kind === 'json') return rows.map((row) => row[column] as string).join(SEPARATOR);
    return rows.map((row) => clean(row[column] as string)).join(SEPARATOR);
  });
}

/** A text as PostgreSQL keeps it: what it cannot hold, or what parts the columns, becomes the character that stands for no other. */
export function clean(text: string): string {
  return text.includes(SEPARATOR) || text.includes('\0') ? text.replaceAll(SEPARATOR, '\ufffd').replaceAll('\0', '\ufffd') : text;
}

/** `unnest(…)` over packed columns, with the parameters numbered from `first`. */
function rowsFrom<Row>(columns: Columns<Row>, first: number, alias: string): string {
  const arrays = columns.map(([, kind, cast], index) => {
    const parameter = `$${first + index}`;
    if (kind === 'number' || kind === 'boolean') return `${parameter}::${cast}[]`;
    return `string_to_array(${parameter}, e'\\x1e')`;
  });
  return `unnest(${arrays.join(', ')}) as ${alias}(${names(columns)})`;
}

function names<Row>(columns: Columns<Row>): string {
  return columns.map(([column]) => `"${column}"`).join(', ');
}

/** A single empty text arrives as no element at all: columns with `?` take NULL for both, those with `!` the empty text. */
function selected<Row>(columns: Columns<Row>, alias: string): string {
  return columns
    .map(([column, , cast]) => {
      const value = `${alias}."${column}"`;
      if (cast.endsWith('!')) return `coalesce(${value}, '')`;
      if (!cast.endsWith('?')) return value;
      const type = cast.slice(0, -1);
      return type === 'text' ? `nullif(${value}, '')` : `nullif(${value}, '')::${type}`;
    })
    .join(', ');
}

/*
 * One autocommit statement writes a batch. The fence counts the partitions that this node still owns under its epochs and
 * locks them against a claim until the end; every insert selects from that count, so a node that has lost one writes nothing.
 */
const FENCE = `with fence as materialized (
  select count(*)::int as held from (
    select p.id from "partition" p where p.id = any($1::int[])
      and p.epoch = ($2::bigint[])[array_position($1::int[], p.id)]
    order by p.id for share) owned),
 ok as materialized (select held from fence where held = cardinality($1::int[]))`;

function insert<Row>(cte: string, table: string, columns: Columns<Row>, first: number, conflict = ''): string {
  return `, ${cte} as (insert into "${table}" (${names(columns)}) select ${selected(columns, 'r')}
   from ok cross join ${rowsFrom(columns, first, 'r')} ${conflict} returning 1)`;
}

/** The columns of one row as parameters of their own: less work than `unnest` where nothing else waits. */
function valuesOf<Row>(columns: Columns<Row>, first: number): string {
  return columns.map(([, , cast], index) => `$${first + index}::${cast.replace(/[?!]$/, '')}`).join(', ');
}

function packOne<Row extends object>(columns: Columns<Row>, row: Row): unknown[] {
  return columns.map(([column, kind, cast]) => {
    const value = row[column];
    if (value === '' && cast.endsWith('?')) return null;
    return kind === 'text' ? clean(value as string) : value;
  });
}

const UPSERT = `on conflict ("address") do update set "version" = excluded."version", "state" = excluded."state",
 "tags" = excluded."tags", "due_at" = excluded."due_at", "pending" = excluded."pending", "parked" = excluded."parked",
 "title" = excluded."title", "summary" = excluded."summary", "client" = excluded."client", "agent" = excluded."agent",
 "updated_at" = excluded."updated_at"`;

const counted = (ctes: readonly string[]): string =>
  ` select (select held from fence) as held, ${ctes.map((cte) => `(select count(*)::int from ${cte}) as ${cte}`).join(', ')}`;

const JOURNAL_AT = 3;
const ACTOR_AT = JOURNAL_AT + JOURNAL.length;
const REST_AT = ACTOR_AT + ACTOR.length;

/** What a batch writes beside rows and actors; a statement has only the parts that its batch needs, since each costs even when empty. */
type Part = {
  readonly cte: string;
  readonly width: number;
  readonly sql: (first: number) => string;
  readonly values: (batch: Batch) => string[];
};

const REFUSALS = toPart('f', 'refusal', REFUSAL, ({ refusals }) => refusals);
const CREATIONS = toPart('c', 'creation', CREATION, ({ creations }) => creations);
const DEAD_LETTERS = toPart('d', 'dead_letter', DEAD, ({ dead }) => dead, 'on conflict ("id") do nothing');

const POSTINGS = toPart('p', 'posting', POSTING, ({ postings }) => postings);

function toPart<Row extends object>(
  cte: string,
  table: string,
  columns: Columns<Row>,
  rows: (batch: Batch) => readonly Row[],
  conflict = '',
): Part {
  return {
    cte,
    width: columns.length,
    sql: (first) => insert(cte, table, columns, first, conflict),
    values: (batch) => pack(columns, rows(batch)),
  };
}

const texts = new Map<string, string>();

function commitText(name: string, parts: readonly Part[]): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  let first = REST_AT;
  let text = FENCE + insert('j', 'journal', JOURNAL, JOURNAL_AT) + insert('a', 'actor', ACTOR, ACTOR_AT, UPSERT);
  for (const { sql, width } of parts) {
    text += sql(first);
    first += width;
  }
  text += counted(['j', 'a', ...parts.map(({ cte }) => cte)]);
  texts.set(name, text);
  return text;
}

/*
 * One row stands behind the same fence, and the rows are drawn from it: the partition that is still owned gives the journal its row,
 * and that gives the actor its own. It is therefore all or nothing, said by the number of actors written: counting was a seventh of the work.
 */
const ONE = {
  name: 'append_one',
  text: `with j as (insert into "journal" (${names(JOURNAL)}) select ${valuesOf(JOURNAL, JOURNAL_AT)}
   from "partition" p where p.id = $1::int and p.epoch = $2::bigint for share returning 1)
 insert into "actor" (${names(ACTOR)}) select ${valuesOf(ACTOR, ACTOR_AT)} from j ${UPSERT}`,
};

/** The statement that commits a batch. */
export function commitStatement(batch: Batch): Statement {
  const parts: Part[] = [];
  if (batch.refusals.length > 0) parts.push(REFUSALS);
  if (batch.creations.length > 0) parts.push(CREATIONS);
  if (batch.dead.length > 0) parts.push(DEAD_LETTERS);
  if (batch.postings.length > 0) parts.push(POSTINGS);
  const [row, another] = batch.journal;
  const [actor] = batch.actors;
  const [owned] = batch.partitions;
  if (parts.length === 0 && another === undefined && row !== undefined && actor !== undefined && owned !== undefined)
    return { ...ONE, values: [owned.id, owned.epoch, ...packOne(JOURNAL, row), ...packOne(ACTOR, actor)] };
  const values = [`{${batch.partitions.map(({ id }) => id).join(',')}}`, `{${batch.partitions.map(({ epoch }) => epoch).join(',')}}`];
  values.push(...pack(JOURNAL, batch.journal), ...pack(ACTOR, batch.actors));
  for (const part of parts) values.push(...part.values(batch));
  const name = `append${parts.map(({ cte }) => cte).join('')}`;
  return { name, text: commitText(name, parts), values };
}

/** `found` keeps the order; an address without an actor comes back too, since an event of it may have been refused. */
export function loadStatement(addresses: readonly string[]): Statement {
  return {
    name: 'load',
    text: `select n.address, j.envelope, a.created_at, exists (select from refusal r where r.actor = n.address) as refused
      from unnest($1::text[]) as n(address) left join actor a on a.address = n.address
      left join journal j on j.actor = a.address and j.version = a.version`,
    values: [addresses],
  };
}

export function lookupStatement(ids: readonly { actor: string; event_id: string }[]): Statement {
  return {
    name: 'lookup',
    text: `select n.actor, n.event_id, j.version as applied, j.body_hash as applied_hash, f.reason, f.detail, f.version as refused, f.body_hash as refused_hash
      from unnest($1::text[], $2::text[]) as n(actor, event_id)
      left join journal j on j.actor = n.actor and j.event_id = n.event_id
      left join refusal f on f.actor = n.actor and f.event_id = n.event_id
      where j.actor is not null or f.actor is not null`,
    values: [ids.map(({ actor }) => actor), ids.map(({ event_id }) => event_id)],
  };
}

export function creationsStatement(keys: readonly { caller: string; key: string }[]): Statement {
  return {
    name: 'creations',
    text: `select c.caller, c.key, c.body_hash, c.actor from unnest($1::text[], $2::text[]) as n(caller, key)
      join creation c on c.caller = n.caller and c.key = n.key`,
    values: [keys.map(({ caller }) => caller), keys.map(({ key }) => key)],
  };
}
