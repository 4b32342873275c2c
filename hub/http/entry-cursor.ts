import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';
import { readAddress } from '../../machines/ids.ts';
import type { EntryPlace } from '../../actors/store/ledger.ts';

/** The last entry of a page, and the moments that the first page was asked for. */
export type EntryCursor = { readonly to: number; readonly known: number; readonly place: EntryPlace };

const LATEST = 8_640_000_000_000_000;
const time = z.int().min(0).max(LATEST);
const int = z.int().min(0).max(2_147_483_647);
const actor = z.string().refine((text) => readAddress(text) !== undefined);
const schema = z.tuple([time, time, time, actor, int, int, int]);

/** Opaque to clients; it holds only what they have seen. */
export function writeEntryCursor({ to, known, place: { effective, actor, version, i, leg } }: EntryCursor): string {
  return Buffer.from(JSON.stringify([to, known, effective, actor, version, i, leg])).toString('base64url');
}

/** Throws the fault `invalid` for what is no cursor of a statement. */
export function readEntryCursor(cursor: string): EntryCursor {
  try {
    const [to, known, effective, actor, version, i, leg] = schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { to, known, place: { effective, actor, version, i, leg } };
  } catch {
    throw new Fault('invalid', 'The cursor is not one of a statement; begin again without it.');
  }
}
