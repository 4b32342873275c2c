import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PROTOCOL_VERSION, authenticateSchema, commandSchema, creditSchema, subscribeSchema, unsubscribeSchema } from './messages.ts';

/*
 * What goes over the wire, as a hash: what clients send, by its schemas, and what they are sent, by its types. Whoever
 * changes it says here what it means for clients that are out there: they still understand all of it (another hash for the
 * same version), or they do not (a new PROTOCOL_VERSION, and its hash).
 */
const WIRE: Readonly<Record<number, { readonly sent: string; readonly received: string }>> = {
  1: { sent: '17c8c5c8647f30c3', received: 'd25a10eb5c371d25' },
};

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

test('[SYNC-39] what clients may send changes only with a word on who still understands it', () => {
  const schemas = { subscribeSchema, unsubscribeSchema, commandSchema, authenticateSchema, creditSchema };
  const wire = Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema)]);
  expect(
    hash(JSON.stringify(wire)),
    'the schemas of hub/protocol/messages.ts are others: bump PROTOCOL_VERSION, or record the new hash',
  ).toBe(WIRE[PROTOCOL_VERSION]?.sent);
});

test('[SYNC-39] what clients are sent changes only with a word on who still understands it', async () => {
  const source = await readFile(new URL('./messages.ts', import.meta.url), 'utf8');
  const types = source
    .replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
    .split(/^export /m)
    .filter((part) => /^type (SubscribeAck|CommandAck|Can|TimerView|PatchOp|ActorView|ListItem|ListOp|Cause|Frame)\b/.test(part))
    .map((part) => part.replaceAll(/\s+|readonly\b/g, ''));
  expect(types).toHaveLength(10);
  expect(hash(types.join()), 'the types of hub/protocol/messages.ts are others: bump PROTOCOL_VERSION, or record the new hash').toBe(
    WIRE[PROTOCOL_VERSION]?.received,
  );
});
