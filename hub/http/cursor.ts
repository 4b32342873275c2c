import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';
import { readAddress } from '../../machines/ids.ts';

/** The last row of a page: the value that the list is sorted by, and its address. */
export type After = { readonly value: string; readonly address: string };

const schema = z.tuple([z.string().max(32), z.string().max(256), z.string().refine((text) => readAddress(text) !== undefined)]);

/** Opaque to clients; it holds only what they have seen. */
export function writeCursor(order: string, { value, address }: After): string {
  return Buffer.from(JSON.stringify([order, value, address])).toString('base64url');
}

/** Throws the fault `invalid` for what is no cursor of a list in this order. */
export function readCursor(cursor: string, order: string): After {
  try {
    const [sorted, value, address] = schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    const numeric = !order.endsWith('title');
    if (sorted === order && (!numeric || /^\d{1,15}$/.test(value)) && value.isWellFormed() && !value.includes('\0'))
      return { value, address };
  } catch {
    // Whatever is wrong with it: it is none of ours.
  }
  throw new Fault('invalid', 'The cursor is not one of this list in this order; begin again without it.');
}
