import pg from 'pg';
import { bodyHash, chainHash } from '../../actors/chain.ts';
import { pack, unpack } from '../../actors/store/bundle.ts';

/*
 * Changes to a journal and what is made of it, as somebody with every right in the database could make them: drawn from a seed,
 * each within a transaction that is taken back afterwards. Constraints are gone, so that they forbid nothing.
 */

const TABLES = ['journal', 'actor', 'posting', 'journal_archive'] as const;
type Table = (typeof TABLES)[number];
type Value = string | number | boolean | Buffer | null;
type Row = { readonly ctid: string; readonly [column: string]: Value };
type Column = { readonly name: string; readonly type: string; readonly nullable: boolean };
type Stock = Readonly<Record<Table, { readonly columns: readonly Column[]; readonly rows: readonly Row[] }>>;

/** What was done, and to which actors. */
export type Change = { readonly kind: string; readonly table: Table; readonly what: string; readonly actors: readonly string[] };
type Done = Omit<Change, 'kind'>;
/** Undefined where the draw would have changed nothing; then another is made. */
type Kind = (tamper: Tamper) => Promise<Done | undefined>;

/** Takes away what would forbid a change, and keeps what makes reading fast. */
export async function loosen(client: pg.Client): Promise<void> {
  await client.query(`alter table journal drop constraint journal_pkey, drop constraint journal_event, drop constraint journal_seq;
    create index on journal (actor, version); create index on journal (actor, event_id); create index on journal (partition, seq);
    alter table actor drop constraint actor_pkey; create index on actor (address);
    alter table posting drop constraint posting_pkey; create index on posting (actor, version, i, leg);
    alter table journal_archive drop constraint journal_archive_pkey; create index on journal_archive (actor, first)`);
}

export class Tamper {
  readonly client: pg.Client;
  readonly stock: Stock;
  readonly #random: () => number;

  private constructor(client: pg.Client, stock: Stock, random: () => number) {
    this.client = client;
    this.stock = stock;
    this.#random = random;
  }

  static async open(client: pg.Client, random: () => number): Promise<Tamper> {
    const stock: Partial<Record<Table, Stock[Table]>> = {};
    for (const table of TABLES) {
      const columns = await client.query<Column>(
        `select column_name as name, data_type as type, is_nullable = 'YES' as nullable from information_schema.columns
          where table_schema = 'public' and table_name = $1 order by ordinal_position`,
        [table],
      );
      // The place of a row stays what it is, since every change of it is taken back.
      const rows = await client.query<Row>(`select ctid::text as ctid, t.* from ${table} t order by t::text`);
      stock[table] = { columns: columns.rows, rows: rows.rows };
    }
    return new Tamper(client, stock as Stock, random);
  }

  /** Makes one change in the transaction that is open. */
  async change(): Promise<Change> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const kind = this.pick(Object.keys(KINDS));
      await this.client.query('savepoint before');
      try {
        const done = await KINDS[kind]?.(this);
        if (done !== undefined) return { kind, ...done };
      } catch (error) {
        // A value that PostgreSQL cannot keep in this column, whatever its constraints.
        if (!(error instanceof pg.DatabaseError)) throw error;
      }
      await this.client.query('rollback to savepoint before');
    }
    throw new Error('No change could be drawn');
  }

  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error('There is nothing to pick from');
    return picked;
  }

  row(table: Table): Row {
    return this.pick(this.stock[table].rows);
  }

  column(table: Table): Column {
    return this.pick(this.stock[table].columns);
  }

  async set(table: Table, row: Row, column: string, value: Value): Promise<boolean> {
    const text = `update ${table} set "${column}" = $2 where ctid = $1::tid and "${column}" is distinct from $2`;
    return ((await this.client.query(text, [row.ctid, value])).rowCount ?? 0) === 1;
  }

  async remove(table: Table, rows: readonly Row[]): Promise<void> {
    await this.client.query(`delete from ${table} where ctid = any($1::tid[])`, [rows.map(({ ctid }) => ctid)]);
  }

  async insert(table: Table, row: Row): Promise<void> {
    const names = this.stock[table].columns.map(({ name }) => name);
    const text = `insert into ${table} (${names.map((name) => `"${name}"`).join()}) values (${names.map((_, index) => `$${index + 1}`).join()})`;
    await this.client.query(
      text,
      names.map((name) => row[name]),
    );
  }

  /** A value that differs by one bit, or that is something where nothing was; undefined where the draw fits no such value. */
  flipped(value: Value, { type, nullable }: Column): Value | undefined {
    if (value === null) return type === 'text' ? this.pick(['', 'x']) : 1 << this.below(8);
    if (nullable && this.below(8) === 0) return null;
    if (typeof value === 'boolean') return !value;
    if (Buffer.isBuffer(value)) {
      const bytes = Buffer.from(value);
      const at = this.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << this.below(8));
      return bytes;
    }
    const bits = { smallint: 16, integer: 32, bigint: 64 }[type];
    if (bits !== undefined) return String(BigInt.asIntN(bits, BigInt(value) ^ (1n << BigInt(this.below(bits)))));
    return this.#flippedText(String(value));
  }

  #flippedText(text: string): string | undefined {
    if (text === '') return 'x';
    const at = this.below(text.length);
    const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << this.below(7))) + text.slice(at + 1);
    return changed.includes('\0') || !changed.isWellFormed() ? undefined : changed;
  }

  /** The rows of a partition, in order. */
  partition(): Row[] {
    const { partition } = this.row('journal');
    return this.stock.journal.rows.filter((row) => row.partition === partition).toSorted((a, b) => Number(a.seq) - Number(b.seq));
  }
}

const actorOf = (row: Row): string => String(row.actor ?? row.address);
const done = (table: Table, what: string, ...rows: readonly Row[]): Done => ({ table, what, actors: rows.map(actorOf) });

const flip: Kind = async (tamper) => {
  const table = tamper.pick(TABLES);
  const [row, column] = [tamper.row(table), tamper.column(table)];
  const value = tamper.flipped(row[column.name] ?? null, column);
  if (value === undefined || !(await tamper.set(table, row, column.name, value))) return undefined;
  return done(table, `${column.name} of ${actorOf(row)}@${String(row.version)}`, row);
};

/** A column's content from another row. */
const copy: Kind = async (tamper) => {
  const table = tamper.pick(TABLES);
  const [row, other, column] = [tamper.row(table), tamper.row(table), tamper.column(table)];
  if (!(await tamper.set(table, row, column.name, other[column.name] ?? null))) return undefined;
  return done(table, `${column.name} of ${actorOf(row)}@${String(row.version)} from ${actorOf(other)}@${String(other.version)}`, row);
};

/** Two rows with some of their columns changed one for the other. */
const swap: Kind = async (tamper) => {
  const table = tamper.pick(TABLES);
  const [row, other] = [tamper.row(table), tamper.row(table)];
  const key = table === 'actor' ? ['address'] : ['actor', table === 'journal_archive' ? 'first' : 'version', 'i', 'leg'];
  const columns = tamper.stock[table].columns.filter(({ name }) => !key.includes(name) && tamper.below(2) === 0);
  if (row === other) return undefined;
  let changed = false;
  const [mine, theirs] = [{ ...row }, { ...other }];
  for (const { name } of columns) {
    if (String(row[name]) === String(other[name])) continue;
    changed = true;
    mine[name] = other[name] ?? null;
    theirs[name] = row[name] ?? null;
  }
  if (!changed) return undefined;
  await tamper.remove(table, [row, other]);
  await tamper.insert(table, mine);
  await tamper.insert(table, theirs);
  return done(table, `${columns.map(({ name }) => name).join()} of ${actorOf(row)} and ${actorOf(other)}`, row, other);
};

/** Two rows of one partition in each other's place, or one further up or down with the others closing up. */
const reorder: Kind = async (tamper) => {
  const rows = tamper.partition();
  if (rows.length < 2) return undefined;
  const [from, to] = [tamper.below(rows.length), tamper.below(rows.length)];
  if (from === to) return undefined;
  const order = [...rows];
  const [moved] = order.splice(from, 1);
  const [first, last] = [rows[from], rows[to]];
  if (moved === undefined || first === undefined || last === undefined) return undefined;
  if (tamper.below(2) === 0) order.splice(to, 0, moved);
  else order.splice(0, order.length, ...rows.map((row) => (row === first ? last : row === last ? first : row)));
  await tamper.remove('journal', rows);
  for (const [index, row] of order.entries()) await tamper.insert('journal', { ...row, seq: rows[index]?.seq ?? 0 });
  return done('journal', `partition ${String(moved.partition)}, rows ${from + 1} and ${to + 1}`, first, last);
};

const removal: Kind = async (tamper) => {
  const table = tamper.pick(TABLES);
  const rows = table === 'journal' ? tamper.partition() : [...tamper.stock[table].rows];
  const from = tamper.below(rows.length);
  const gone = rows.slice(from, from + 1 + tamper.below(3));
  await tamper.remove(table, gone);
  return done(table, `${gone.length} from ${from + 1} on`, ...gone);
};

const insertion: Kind = async (tamper) => {
  const table = tamper.pick(TABLES);
  const row = tamper.row(table);
  const forged: Record<string, Value> = { ...row };
  const times = tamper.below(3);
  for (let n = 0; n < times; n++) {
    const column = tamper.column(table);
    forged[column.name] = tamper.flipped(row[column.name] ?? null, column) ?? row[column.name] ?? null;
  }
  await tamper.insert(table, forged as Row);
  return done(table, `a copy of ${actorOf(row)}@${String(row.version)} with ${times} changes`, row, forged as Row);
};

const truncation: Kind = async (tamper) => {
  const rows = tamper.partition();
  const gone = rows.slice(-(1 + tamper.below(rows.length)));
  await tamper.remove('journal', gone);
  return done('journal', `the last ${gone.length} rows of partition ${String(gone[0]?.partition)}`, ...gone);
};

/** A tail is cut off, and everything that names what was in it is mended: only a head that lies outside knows of it. */
const cleverTruncation: Kind = async (tamper) => {
  const rows = tamper.partition();
  const actors = [...new Set(rows.map(actorOf))];
  await tamper.remove('journal', rows);
  for (const table of ['posting', 'journal_archive', 'refusal', 'creation'])
    await tamper.client.query(`delete from ${table} where actor = any($1)`, [actors]);
  await tamper.client.query('delete from actor where address = any($1)', [actors]);
  await tamper.client.query('update progress set published = 0 where partition = $1', [rows[0]?.partition]);
  return { table: 'journal', what: `all of partition ${String(rows[0]?.partition)}, and all that names it`, actors };
};

/** An event's sender is changed, and every hash from there on is worked out anew: only a head that lies outside tells. */
const cleverForgery: Kind = async (tamper) => {
  const rows = tamper.partition();
  const at = tamper.below(rows.length);
  if (rows.slice(at).some(({ envelope_hash }) => envelope_hash !== null)) return undefined;
  let before = String(rows[at - 1]?.hash ?? '');
  for (const [index, row] of rows.slice(at).entries()) {
    const text = (name: string): string => String(row[name] ?? '');
    const event = index === 0 ? `${text('event').slice(0, -1)} }` : text('event');
    const forged = { ...row, event, body_hash: bodyHash(event), seq: Number(row.seq), at: Number(row.at), asked: text('asked') };
    const texts = { causation: text('causation'), correlation: text('correlation'), traceparent: text('traceparent') };
    before = chainHash(before, { ...forged, ...texts } as unknown as Parameters<typeof chainHash>[1]);
    await tamper.client.query('update journal set event = $2, body_hash = $3, hash = $4 where ctid = $1::tid', [
      row.ctid,
      event,
      forged.body_hash,
      before,
    ]);
  }
  const [first] = rows.slice(at);
  return first === undefined
    ? undefined
    : done('journal', `event of ${actorOf(first)}@${String(first.version)}, and all hashes from there`, first);
};

/** A bundle with one version changed, packed as well as any other. */
const cleverArchive: Kind = async (tamper) => {
  const row = tamper.row('journal_archive');
  const contents = unpack({ contents: row.contents as Buffer, contents_hash: String(row.contents_hash) });
  const at = tamper.below(contents.length);
  const forged = contents.map((each, index) => {
    if (index !== at) return each;
    const field = tamper.pick(['event', 'envelope', 'asked'] as const);
    return { ...each, [field]: tamper.flipped(each[field], { name: field, type: 'text', nullable: false }) ?? `${each[field]} ` };
  });
  const packed = await pack(forged);
  if (packed.contents_hash === row.contents_hash) return undefined;
  await tamper.client.query('update journal_archive set contents = $2, contents_hash = $3 where ctid = $1::tid', [
    row.ctid,
    packed.contents,
    packed.contents_hash,
  ]);
  return done('journal_archive', `version ${Number(row.first) + at} of ${actorOf(row)}`, row);
};

/** Money is moved from one leg to another, so that the ledger still balances. */
const balanced: Kind = async (tamper) => {
  const [one, two] = [tamper.row('posting'), tamper.row('posting')];
  if (one === two) return undefined;
  const moved = 1 + tamper.below(1_000);
  await tamper.set('posting', one, 'amount_minor', String(Number(one.amount_minor) + moved));
  await tamper.set('posting', two, 'amount_minor', String(Number(two.amount_minor) - moved));
  return done('posting', `${moved} from ${actorOf(two)}@${String(two.version)} to ${actorOf(one)}@${String(one.version)}`, one, two);
};

/** Bit flips stand several times: they are what disks and memories do. */
const KINDS: Readonly<Record<string, Kind>> = {
  flip,
  'another flip': flip,
  'one more flip': flip,
  copy,
  swap,
  reorder,
  removal,
  insertion,
  truncation,
  balanced,
  'clever truncation': cleverTruncation,
  'clever forgery': cleverForgery,
  'clever archive': cleverArchive,
};
