import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';

const KEY = /^[\x21-\x7e]{1,128}$/;

/** The caller's own id of what he asks for, so that a repeat does it once. */
export const keyHeader = z.object({
  'idempotency-key': z.string().optional().describe("The caller's own id of this event: 1 to 128 visible ASCII characters"),
});

export function readKey(text: string | undefined): string | undefined {
  if (text === undefined || KEY.test(text)) return text;
  throw new Fault('bad_request', 'An Idempotency-Key, or the id of an event, is 1 to 128 visible ASCII characters.');
}
