import type { Open } from '../../actors/effects.ts';
import { records } from '../../actors/integrations/records/records.ts';
import type { Surroundings } from '../../actors/integrations/integration.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import type { MemoryDatabase } from '../../actors/store/memory-database.ts';

/** The bindings of a database in memory, found as PostgreSQL finds them. */
export async function memoryRecords(database: MemoryDatabase, ports: Ports): Promise<Open> {
  const query = (_name: string, _text: string, [after, limit]: readonly unknown[]): Promise<readonly Record<string, unknown>[]> =>
    Promise.resolve(
      database.actors
        .filter(({ address }) => address > String(after) && address < 'binding0')
        .toSorted((a, b) => (a.address < b.address ? -1 : 1))
        .slice(0, Number(limit))
        .map(({ address, state }) => ({ address, state, envelope: database.load(address).envelope })),
    );
  return { kind: records, integration: await records.open({ database: { query }, ports } as unknown as Surroundings) };
}
