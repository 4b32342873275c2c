import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';
import { PARTITIONS } from '../../machines/ids.ts';

/** A place in each of some partitions: its number and that of a row. */
const schema = z
  .array(
    z.tuple([
      z
        .int()
        .min(0)
        .max(PARTITIONS - 1),
      z.int().min(0),
    ]),
  )
  .max(PARTITIONS);

/** Opaque to clients; null where nothing is left. */
export function writePlaces(places: ReadonlyMap<number, number>): string | null {
  return places.size === 0 ? null : Buffer.from(JSON.stringify([...places])).toString('base64url');
}

/** Throws the fault `invalid` for what is no such cursor. */
export function readPlaces(cursor: string): readonly (readonly [number, number])[] {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new Fault('invalid', 'The cursor is not one of this list; begin again without it.');
  }
}
