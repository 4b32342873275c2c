import type { Definition } from '../machines/machine.ts';
import { typeOf } from '../machines/ids.ts';
import { toActorRow } from './actor-row.ts';
import type { Committed } from './delivery.ts';
import type { Asked, Envelope } from './envelope.ts';
import { whyNotRead } from './migration.ts';
import type { Ports } from './ports/ports.ts';
import { toLive } from './step.ts';
import type { HistoryRow, Store } from './store/store.ts';

const PAGE = 500;
const NOTHING: Asked = { sends: [], events: [] };

type Known = { readonly store: Store; readonly ports: Pick<Ports, 'log'>; readonly definitions: ReadonlyMap<string, Definition> };
type Heads = ReadonlyMap<number, { readonly seq: number }>;

/**
 * What a statement had written whose answer was lost, as if its commit had been heard of: without this the timers, effects and
 * events that it asked for would wait for the next start.
 */
export async function readMissed(known: Known, seen: Heads, found: Heads): Promise<readonly Committed[]> {
  const missed: Committed[] = [];
  for (const [partition, { seq }] of found) {
    const after = seen.get(partition)?.seq ?? seq;
    if (seq > after) missed.push(...(await readPartition(known, partition, after, seq)));
  }
  return missed;
}

/** Up to the row that the claim saw: what others have written since then is theirs to tell, and would be told twice once it is claimed again. */
async function readPartition(known: Known, partition: number, after: number, until: number): Promise<readonly Committed[]> {
  const { store, ports } = known;
  const rows: HistoryRow[] = [];
  for (let last = after; last < until; last = rows.at(-1)?.seq ?? until) {
    const page = await store.since(partition, last, PAGE);
    rows.push(...page.filter(({ seq }) => seq <= until));
    if (page.length < PAGE) break;
  }
  const newest = new Map(rows.map((row, index) => [row.actor, index]));
  const envelopes = new Map<string, Envelope>();
  const missed: Committed[] = [];
  for (const [index, row] of rows.entries()) {
    try {
      const committed = await readRow(known, row, envelopes, newest.get(row.actor) === index);
      if (committed !== undefined) missed.push(committed);
    } catch (error) {
      // One that this release cannot read keeps nobody else from being heard of.
      if (whyNotRead(error) === undefined) throw error;
      ports.log.error({ err: error, actor: row.actor }, 'A row whose answer was lost cannot be read');
    }
  }
  return missed;
}

async function readRow(
  { store, definitions }: Known,
  row: HistoryRow,
  envelopes: Map<string, Envelope>,
  isNewest: boolean,
): Promise<Committed | undefined> {
  const definition = definitions.get(typeOf(row.actor));
  if (definition === undefined) return undefined;
  const before = envelopes.get(row.actor) ?? (await readBefore(store, definition, row));
  const envelope = toLive(definition, row.envelope);
  envelopes.set(row.actor, envelope);
  const created_at = row.version === 1 || !isNewest ? row.at : ((await store.rows([row.actor]))[0]?.created_at ?? row.at);
  const live = { definition, envelope, refused: false, created_at, size: row.envelope.length };
  const newest = isNewest ? toActorRow(row.actor, row.partition, live) : undefined;
  const asked = row.asked === '' ? NOTHING : (JSON.parse(row.asked) as Asked);
  return { row, definition, before, after: envelope, asked, newest };
}

async function readBefore(store: Store, definition: Definition, row: HistoryRow): Promise<Envelope | undefined> {
  if (row.version === 1) return undefined;
  const before = await store.at(row.actor, { version: row.version - 1 });
  return before === undefined ? undefined : toLive(definition, before.envelope);
}
