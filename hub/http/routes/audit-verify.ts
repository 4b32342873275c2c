import { z } from 'zod';
import { ChainWalk } from '../../../actors/journal/chain-walk.ts';
import { Findings } from '../../../actors/journal/finding.ts';
import type { Finding } from '../../../actors/journal/finding.ts';
import { JournalReader } from '../../../actors/store/audit.ts';
import { Fault } from '../../../machines/fault.ts';
import { PARTITIONS } from '../../../machines/ids.ts';
import { readPlaces, writePlaces } from '../places.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';

/** A journal holds all that ever was, of everybody. */
const READERS = ['auditor', 'admin'] as const;

/** One walk reads as much as the disk gives. */
let walking = false;
/** So many rounds of up to 64 rows a partition: a request lasts about a second. */
const ROUNDS = 6;

const verify = defineRoute({
  method: 'POST',
  path: '/v1/audit/verify',
  summary: 'Check a stretch of the hash chains of the journal',
  description:
    'Some thousand rows with each request; go on with `next` until it is null. Heads that were signed outside, the archive and what is made of the journal are checked by `npm run verify`.',
  roles: READERS,
  body: z.strictObject({
    partitions: z
      .array(
        z
          .int()
          .min(0)
          .max(PARTITIONS - 1),
      )
      .min(1)
      .max(PARTITIONS)
      .optional()
      .describe('All of them, if not given'),
    from: z
      .int()
      .min(1)
      .max(2 ** 52)
      .default(1)
      .describe('The first row of each partition; the one before is taken for good'),
    to: z
      .int()
      .min(1)
      .max(2 ** 52)
      .optional()
      .describe('The last row of each'),
    cursor: z.string().max(4096).optional().describe('`next` of the request before'),
  }),
  answers: {
    200: z.strictObject({
      rows: z.int(),
      findings: z.array(
        z.strictObject({
          partition: z.int().nullable(),
          seq: z.int().nullable(),
          actor: z.string().nullable(),
          version: z.int().nullable(),
          column: z.string().nullable(),
          what: z.string(),
        }),
      ),
      next: z.string().nullable(),
    }),
  },
  handler: async ({ hub, body: { partitions, from, to, cursor } }) => {
    const url = hub.config.databaseUrl ?? hub.embedded.databaseUrl;
    if (url === undefined) throw new Error('The database has no address');
    if (walking) throw new Fault('rate_limited', 'Somebody else has a part of the journal checked just now; try again in a moment.');
    walking = true;
    const all = Array.from({ length: PARTITIONS }, (_, n) => n);
    const places = cursor === undefined ? (partitions ?? all).map((partition) => [partition, from] as const) : readPlaces(cursor);
    const reader = await JournalReader.open(url).catch((error: unknown) => {
      walking = false;
      throw error;
    });
    try {
      return { body: await walk(reader, places, to) };
    } finally {
      walking = false;
      await reader.close();
    }
  },
});

async function walk(reader: JournalReader, places: readonly (readonly [number, number])[], to = Infinity) {
  const findings = new Findings();
  const published = await reader.published();
  const begun = places.map(([partition, from]) => ({ partition, walk: new ChainWalk({ partition, from, heads: [], findings }) }));
  let walks = begun;
  for (let round = 0; round < ROUNDS && walks.length > 0; round++) {
    const asked = walks.map((one) => ({ partition: one.partition, seq: one.walk.cursor }));
    const rows = Map.groupBy(await reader.rows(asked), ({ partition }) => partition);
    walks = walks.filter((one) => {
      const mine = rows.get(one.partition) ?? [];
      const within = mine.filter(({ seq }) => seq <= to);
      for (const each of within) one.walk.take(each);
      if (mine.length > 0 && within.length === mine.length) return true;
      one.walk.end(within.length === mine.length ? (published.get(one.partition) ?? 0) : 0);
      return false;
    });
  }
  // Those that go on do so behind the last row that was read, which the next request takes for good: it has been checked here.
  for (const one of walks) one.walk.end(0);
  const next = new Map(walks.map((one) => [one.partition, one.walk.last + 1]));
  const rows = begun.reduce((sum, one) => sum + one.walk.rows, 0);
  return { rows, findings: findings.kept.map(toFinding), next: writePlaces(next) };
}

function toFinding({
  partition = null,
  seq = null,
  actor = null,
  version = null,
  column = null,
  what,
}: Partial<Nulled> & Pick<Finding, 'what'>): Nulled {
  return { partition, seq, actor, version, column, what };
}

type Nulled = { readonly [Name in Exclude<keyof Finding, 'what'>]-?: Exclude<Finding[Name], undefined> | null } & Pick<Finding, 'what'>;

export const auditVerifyRoutes: readonly Route[] = [verify];
