import { z } from 'zod';
import { POSTING_KINDS } from '../../machines/machine.ts';

/** What routes answer, for the documentation and for the tests that hold the answers to it. */

const can = z.strictObject({
  type: z.string(),
  ok: z.boolean(),
  reason: z.string().optional().describe('A code of the fault table'),
  sentence: z.string().optional(),
  schema: z.unknown().describe("JSON Schema of the event's payload"),
});
const states = z.array(z.string()).describe('The active states, nested ones joined with dots');
const context = z.record(z.string(), z.unknown());
const moment = z.iso.datetime().describe('ISO 8601, UTC');
const address = z.string().describe('<type>/<id>');
const version = z.int().min(1);

export const actorView = z.strictObject({
  address,
  version,
  state: states,
  tags: z.array(z.string()),
  context: context.describe('What the caller may see of it'),
  can: z.array(can).describe('What the caller may send now, and of what he could send in another state why not'),
  timers: z.array(z.strictObject({ id: z.string(), due: moment })),
  updatedAt: moment,
});

export const listItem = z.strictObject({
  address,
  version,
  state: states,
  tags: z.array(z.string()),
  title: z.string(),
  summary: z.string(),
  updatedAt: moment,
  context,
});

export const created = z.strictObject({ address, version, view: actorView.optional() });
export const applied = z.strictObject({ outcome: z.enum(['applied', 'duplicate']), version, view: actorView.optional() });

export const historyItem = z.strictObject({
  version,
  event: z.looseObject({ type: z.string() }),
  caller: z.string(),
  at: moment,
  from: states,
  to: states,
  changed: z.array(z.string()).describe('The fields of the context that changed'),
  hash: z.string().describe("SHA-256 over the partition's row before and this one"),
  cause: z.string().describe('What brought it about: `<address>@<version>`, or `operator:<name>`; empty where whoever sent it did'),
  asked: z
    .strictObject({
      effects: z.array(z.strictObject({ id: z.string(), src: z.string() })),
      timers: z.array(z.strictObject({ id: z.string(), due: moment })),
      sends: z.array(z.strictObject({ to: address, event: z.string() })),
      events: z.array(z.string()),
      legs: z.array(
        z.strictObject({
          account: z.string(),
          amount_minor: z.int(),
          currency: z.string(),
          pending: z.boolean(),
          kind: z.enum(POSTING_KINDS),
          effective: moment.nullable().describe('When it counts, where that is not when it was recorded'),
        }),
      ),
    })
    .describe('What it asked for: calls, timers, events to other actors, what it made known, and what it posted'),
});

export function page<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), next: z.string().nullable().describe('`cursor` of the next page') });
}

/** RFC 9457. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('A code of the fault table'),
  detail: z.string(),
  instance: z.string().optional(),
});
