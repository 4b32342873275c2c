import { partitionOf, typeOf } from '../../machines/ids.ts';
import type { Definition } from '../../machines/machine.ts';
import { toActorRow } from '../actor-row.ts';
import { earliestDue, toStates } from '../envelope.ts';
import type { StoredEnvelope } from '../envelope.ts';
import { toLive } from '../step.ts';
import type { AuditActor } from '../store/audit.ts';
import { toActorColumns } from '../store/rows.ts';
import type { ActorColumns } from '../store/rows.ts';

type Definitions = ReadonlyMap<string, Definition>;

/** What an actor's lean row has to be. `lean`: its envelope is of an older machine, which alone knew its title and the like. */
export type Expected = { readonly columns: Partial<ActorColumns>; readonly lean: boolean };

/**
 * The lean row as the newest envelope makes it. Throws for an envelope that cannot be read. Of a kind of actor that is not
 * known any more, or one that waits for its migration, only what every envelope says by itself.
 */
export function expectedActor(definitions: Definitions, address: string, envelope: string, born_at: number): Expected {
  const stored = JSON.parse(envelope) as StoredEnvelope;
  const definition = definitions.get(typeOf(address));
  const partition = partitionOf(address);
  if (definition === undefined || stored.machine_version !== definition.version) {
    const { version, at, snapshot, timers, effects, parked } = stored;
    const due = earliestDue(timers);
    const columns: Partial<ActorColumns> = {
      address,
      partition,
      type: typeOf(address),
      version,
      state: toStates(snapshot.value).join(','),
      due_at: due === undefined ? null : String(due),
      pending: Object.keys(effects).length,
      parked: parked !== undefined,
      created_at: String(born_at),
      updated_at: String(at),
    };
    return { columns, lean: true };
  }
  const live = { definition, envelope: toLive(definition, envelope), refused: false, created_at: born_at, size: envelope.length };
  return { columns: toActorColumns(toActorRow(address, partition, live)), lean: false };
}

/** The columns of an actor's row that do not say what its newest envelope says. Undefined: the envelope cannot be read. */
export function wrongColumns(
  definitions: Definitions,
  { row, newest, born_at }: AuditActor,
): { columns: string[]; lean: boolean } | undefined {
  if (newest === undefined) return { columns: [], lean: false };
  try {
    const { columns, lean } = expectedActor(definitions, row.address, newest.envelope, Number(born_at));
    const names = Object.keys(columns) as (keyof ActorColumns)[];
    return { columns: names.filter((name) => columns[name] !== row[name]), lean };
  } catch {
    return undefined;
  }
}
