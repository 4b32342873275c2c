import { z } from 'zod';
import { toDayTree } from '../../../actors/ledger/day-tree.ts';
import { readLeaf, readLeaves } from '../../../actors/store/ledger-days.ts';
import type { LegName } from '../../../actors/store/ledger-days.ts';
import { Fault } from '../../../machines/fault.ts';
import { DAY_MS } from '../moments.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { LEDGER_READERS } from './ledger.ts';

/** A commit that was under way at midnight has come to its end by then, one way or the other. */
const GRACE_MS = 60_000;
const LEG = /^([A-Za-z0-9_\-/]{1,256})@(\d{1,9})#(\d{1,9})\.(\d{1,4})$/;
const hash = z.string().describe('SHA-256 in hex');

const dayProof = defineRoute({
  method: 'GET',
  path: '/v1/ledger/days/:date/proof',
  summary: 'What proves the postings of a day',
  description:
    'The root of the Merkle tree (RFC 6962) over all legs that were recorded on that day of UTC, ordered by when they were recorded, then by actor, version, posting and leg. A leaf is a JSON text with its members in the order of their names (RFC 8785). Whoever keeps the root can tell later whether a leg was changed, added or taken away. A day has a proof from a minute after its end.',
  roles: LEDGER_READERS,
  params: z.strictObject({ date: z.iso.date() }),
  query: z.strictObject({ leaf: z.string().regex(LEG, 'A leg is named <actor>@<version>#<i>.<leg>').optional() }),
  answers: {
    200: z.strictObject({
      date: z.iso.date(),
      leaves: z.int(),
      root: hash,
      inclusion: z
        .strictObject({
          entry: z.string().describe('The leaf, byte for byte'),
          index: z.int(),
          path: z.array(hash).describe('Lowest sibling first'),
        })
        .nullable(),
    }),
  },
  handler: async ({ hub, params: { date }, query }) => {
    const from = Date.parse(date);
    const to = from + DAY_MS;
    if (hub.ports.clock.now() < to + GRACE_MS) throw new Fault('day_not_over', `${date} can be proved from a minute after its end in UTC.`);
    const day = { from, to };
    const leaf = query.leaf === undefined ? undefined : await readLeaf(hub.store.reports, day, toLegName(query.leaf));
    if (query.leaf !== undefined && leaf === undefined) throw new Fault('not_found', `No leg ${query.leaf} was recorded on ${date}.`);
    const rest = (): Promise<void> => new Promise((resolve) => hub.ports.timers.soon(resolve));
    const { leaves, root, proof } = await toDayTree(await readLeaves(hub.store.reports, day), leaf?.index, rest);
    const inclusion = leaf === undefined ? null : { ...leaf, path: proof.map((sibling) => sibling.toString('hex')) };
    return { body: { date, leaves, root: root.toString('hex'), inclusion } };
  },
});

function toLegName(text: string): LegName {
  const [, actor = '', version, i, leg] = LEG.exec(text) ?? [];
  return { actor, version: Number(version), i: Number(i), leg: Number(leg) };
}

export const ledgerDayRoutes: readonly Route[] = [dayProof];
