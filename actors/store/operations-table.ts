import type { Statement } from './statements.ts';
import type { DeadLetterRow } from './store.ts';
import type {
  Cause,
  Ending,
  Letter,
  LetterQuery,
  Listed,
  Operation,
  OperationQuery,
  Operations,
  Resolution,
  TypePause,
} from './operations.ts';

type Query = <Row extends object>(statement: Statement) => Promise<Row[]>;

type LetterColumns = {
  id: string;
  actor: string;
  event_id: string;
  event: string;
  caller: string;
  reason: string;
  detail: string | null;
  at: string;
  resolution: Resolution | null;
  resolved_by: string | null;
  resolved_at: string | null;
  note: string | null;
  edits: number;
  n: string;
};
type OperationColumns = {
  id: string;
  at: string;
  person: string;
  action: string;
  target: string;
  reason: string;
  outcome: string | null;
  detail: string | null;
};

type ListedColumns = OperationColumns & {
  actor: string | null;
  other_person: string | null;
  other_at: string | null;
  pending: boolean;
};

/* The kind of actor stands before the slash of its address, the name of an event in the first member of its text. */
const TYPE = `split_part(actor, '/', 1)`;
const EVENT = `split_part(event, '"', 4)`;

/** Dead letters, paused kinds and the list of what operators did, in PostgreSQL. */
export class OperationsTable implements Operations {
  readonly #query: Query;

  constructor(query: Query) {
    this.#query = query;
  }

  async letters({
    oldest = false,
    after,
    limit,
    open = false,
    actor,
    type,
    event,
    reason,
    detail,
  }: LetterQuery): Promise<readonly Letter[]> {
    const values: unknown[] = [limit];
    const where: string[] = open ? ['resolution is null'] : [];
    const be = (column: string, value: string | undefined): void => {
      if (value !== undefined) where.push(`${column} = $${values.push(value)}`);
    };
    be('actor', actor);
    be(TYPE, type);
    be(EVENT, event);
    be('reason', reason);
    be(`coalesce(detail, '')`, detail);
    if (after !== undefined) where.push(`n ${oldest ? '>' : '<'} $${values.push(after)}::bigint`);
    const direction = oldest ? 'asc' : 'desc';
    const text = `select * from dead_letter ${where.length === 0 ? '' : `where ${where.join(' and ')}`}
      order by n ${direction} limit $1`;
    return (await this.#query<LetterColumns>({ name: '', text, values })).map(toLetter);
  }

  /** Those that a batch wrote last, as it wrote them. */
  async newest(limit: number): Promise<readonly DeadLetterRow[]> {
    const text = `select * from dead_letter order by at desc, id desc limit $1`;
    const rows = await this.#query<LetterColumns>({ name: 'newest_letters', text, values: [limit] });
    return rows.map(({ id, actor, event_id, event, caller, reason, detail, at }) => {
      return { id, actor, event_id, event, caller, reason, detail: detail ?? '', at: Number(at) };
    });
  }

  async letter(id: string): Promise<Letter | undefined> {
    const [row] = await this.#query<LetterColumns>({ name: 'letter', text: `select * from dead_letter where id = $1`, values: [id] });
    return row === undefined ? undefined : toLetter(row);
  }

  async causes(limit: number): Promise<readonly Cause[]> {
    const rows = await this.#query<Cause & { count: string | number }>({
      name: 'causes',
      text: `select ${TYPE} as type, ${EVENT} as event, reason, coalesce(detail, '') as detail, count(*) as count,
          min(at) as first_at, max(at) as last_at from dead_letter where resolution is null
        group by 1, 2, 3, 4 order by count(*) desc, 1, 2, 3, 4 limit $1`,
      values: [limit],
    });
    return rows.map((row) => ({ ...row, count: Number(row.count), first_at: Number(row.first_at), last_at: Number(row.last_at) }));
  }

  async end(id: string, { resolution, by, at, note }: Ending): Promise<boolean> {
    const rows = await this.#query({
      name: 'letter_end',
      text: `update dead_letter set resolution = $2, resolved_by = $3, resolved_at = $4, note = $5,
          edits = edits + case when $2 = 'rejected' then 1 else 0 end
        where id = $1 and (resolution is null or resolution = 'rejected') returning id`,
      values: [id, resolution, by, at, note],
    });
    return rows.length > 0;
  }

  async pauses(): Promise<readonly TypePause[]> {
    const rows = await this.#query<{ type: string; person: string; reason: string; at: string }>({
      name: 'pauses',
      text: `select type, person, reason, at from type_pause order by type`,
      values: [],
    });
    return rows.map(({ type, person, reason, at }) => ({ type, by: person, reason, at: Number(at) }));
  }

  async pause({ type, by, reason, at }: TypePause): Promise<boolean> {
    const text = `insert into type_pause (type, person, reason, at) values ($1, $2, $3, $4) on conflict (type) do nothing returning type`;
    return (await this.#query({ name: 'pause', text, values: [type, by, reason, at] })).length > 0;
  }

  async unpause(type: string): Promise<boolean> {
    const text = `delete from type_pause where type = $1 returning type`;
    return (await this.#query({ name: 'unpause', text, values: [type] })).length > 0;
  }

  async begin({ id, at, by, action, target, reason }: Operation): Promise<Operation | undefined> {
    const made = await this.#query({
      name: 'operation_begin',
      text: `insert into operation (id, at, person, action, target, reason) values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do nothing returning id`,
      values: [id, at, by, action, target, reason],
    });
    if (made.length > 0) return undefined;
    const [row] = await this.#query<OperationColumns>({ name: 'operation', text: `select * from operation where id = $1`, values: [id] });
    return row === undefined ? undefined : toOperation(row);
  }

  async conclude(id: string, outcome: string, detail: string): Promise<void> {
    const text = `update operation set outcome = $2, detail = $3 where id = $1`;
    await this.#query({ name: 'operation_conclude', text, values: [id, outcome, detail] });
  }

  async log({ target, by, action, pending = false, after, limit }: OperationQuery): Promise<readonly Listed[]> {
    const rows = await this.#query<ListedColumns>({
      name: 'operations',
      text: `select o.*, d.actor, p.person as other_person, p.at as other_at, a.address is not null as pending from operation o
        left join dead_letter d on d.id = o.target and o.action in ('resubmit', 'edit', 'discard')
        left join operation p on p.target = o.target and o.outcome = 'applied' and p.outcome = 'applied' and (
          (o.action = 'propose' and p.action = 'force' and ${versionOf('p')} = ${versionOf('o')} + 1) or
          (o.action = 'force' and p.action = 'propose' and ${versionOf('o')} = ${versionOf('p')} + 1))
        left join actor a on a.address = o.target and o.action = 'propose' and o.outcome = 'applied' and a.version = ${versionOf('o')}
        where ($1::text is null or o.target = $1) and ($2::bigint is null or (o.at, o.id) < ($2, $3::text))
          and ($5::text is null or o.person = $5) and ($6::text is null or o.action = $6) and (not $7::bool or a.address is not null)
        order by o.at desc, o.id desc limit $4`,
      values: [target ?? null, after?.at ?? null, after?.id ?? null, limit, by ?? null, action ?? null, pending],
    });
    return rows.map(toListed);
  }
}

/** The version that an operation was applied as. The next row of an actor ends a proposal: if it is no confirmation, there is none. */
function versionOf(operation: string): string {
  return `substring(${operation}.detail from '^version ([0-9]{1,15})$')::bigint`;
}

function toLetter(row: LetterColumns): Letter {
  const { id, actor, event_id, event, caller, reason, detail, at, resolution, resolved_by, resolved_at, note, edits, n } = row;
  const letter = { id, actor, event_id, event, caller, reason, detail: detail ?? '', at: Number(at), edits, n: Number(n) };
  if (resolution === null) return letter;
  return { ...letter, resolution, resolved_by: resolved_by ?? '', resolved_at: Number(resolved_at ?? 0), note: note ?? '' };
}

function toOperation({ id, at, person, action, target, reason, outcome, detail }: OperationColumns): Operation {
  const operation = { id, at: Number(at), by: person, action, target, reason };
  return outcome === null ? operation : { ...operation, outcome, detail: detail ?? '' };
}

function toListed(row: ListedColumns): Listed {
  const { actor, other_person: by, other_at, pending } = row;
  const other = by === null ? {} : { other: { by, at: Number(other_at) } };
  return { ...toOperation(row), pending, ...(actor === null ? {} : { actor }), ...other };
}
