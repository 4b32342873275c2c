import { z } from 'zod';
import { toLive } from '../../../actors/step.ts';
import { Fault } from '../../../machines/fault.ts';
import { isId, toAddress } from '../../../machines/ids.ts';
import type { Definition } from '../../../machines/machine.ts';
import type { Hub } from '../../hub.ts';
import { Printer } from '../../receipt/printer.ts';
import { toReceipt } from '../../receipt/receipt.ts';
import { toContext } from '../../view.ts';
import { addressOf, definitionOf, mustSee, readSubjectAt, seeActor, unlessUnreadable } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

const TYPE = 'payment';
const SETTLED = 'settled';
const printer = new Printer();

const receipt = defineRoute({
  method: 'GET',
  path: '/v1/actors/payment/:id/receipt',
  summary: 'The receipt of a settled payment, as PDF',
  description:
    'PDF/A-2a: payer, payee, what was captured and refunded, when, and by what rate. It says what the caller may see of the payment and nothing else. The same version makes the same document, byte for byte. Letters that its font lacks stand as their code points.',
  params: z.strictObject({ id: z.string().max(256) }),
  query: z.strictObject({
    version: z.coerce.number().int().min(1).max(2_147_483_647).optional().describe('As it stood at this version; the newest without it'),
  }),
  answers: { 200: z.unknown() },
  handler: async ({ hub, caller, params, query }) => {
    const { definition, address } = addressOf(hub, { type: TYPE, id: params.id });
    const { subject: newest } = await seeActor(hub, definition, address, caller);
    const version = query.version ?? newest.envelope.version;
    // From the journal also where it is the newest: the document names the row that it was made from.
    const row = await hub.store.at(address, { version });
    const { subject, audience } = mustSee(await readSubjectAt(hub, definition, address, { version }), caller);
    if (row === undefined) throw new Fault('not_found');
    const { snapshot, at } = subject.envelope;
    if (!snapshot.tags.has(SETTLED)) throw new Fault('not_settled');
    const all = snapshot.context as Record<string, unknown>;
    const made = toReceipt({
      address,
      version,
      context: toContext(definition, audience, all),
      payer: await nameOf(hub, String(all['client']), at),
      settled_at: await settledAt(hub, definition, address, version),
      recorded_at: at,
      hash: row.hash,
    });
    const headers = { 'content-type': 'application/pdf', 'content-disposition': `inline; filename="receipt-${params.id}-${version}.pdf"` };
    return { headers, body: await printer.print(made) };
  },
});

/** The client's name as it was then, so that the document of a version stays what it is. */
async function nameOf(hub: Hub, client: string, at: number): Promise<string | undefined> {
  if (!isId(client)) return undefined;
  const subject = await readSubjectAt(hub, definitionOf(hub, 'client'), toAddress('client', client), { at });
  const name = (subject?.envelope.snapshot.context as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' ? name : undefined;
}

const ROWS = 100;

/** When it first stood settled; undefined where the row that says so, or the one before it, has lost its contents. */
async function settledAt(hub: Hub, definition: Definition, address: string, newest: number): Promise<number | undefined> {
  let isSure = true;
  for (let from = 1; from <= newest; from += ROWS) {
    const rows = await hub.store.history(address, from, Math.min(newest, from + ROWS - 1), ROWS);
    for (const { envelope, at } of rows.toReversed()) {
      const live = envelope === '' ? undefined : await unlessUnreadable(() => toLive(definition, envelope));
      if (live?.snapshot.tags.has(SETTLED) === true) return isSure ? at : undefined;
      isSure = live !== undefined;
    }
  }
  return undefined;
}

export const receiptRoutes: readonly Route[] = [receipt];
