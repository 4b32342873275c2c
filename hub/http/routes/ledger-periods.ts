import { z } from 'zod';
import { toStates } from '../../../actors/envelope.ts';
import { readDayRoots, rootOfMonth } from '../../../actors/ledger/month-tree.ts';
import { Fault } from '../../../machines/fault.ts';
import { toAddress } from '../../../machines/ids.ts';
import { endOf, GRACE_MS, MONTH, startOf } from '../../../machines/month.ts';
import { figures } from '../../../machines/period-terms.ts';
import type { PeriodContext } from '../../../machines/period-terms.ts';
import { definitionOf, mustSee, readSubject } from '../reading.ts';
import { defineRoute } from '../route.ts';
import type { Route } from '../route.ts';
import { LEDGER_READERS } from './ledger.ts';

const hash = z.string().describe('SHA-256 in hex');
const who = z.string().nullable();

const period = defineRoute({
  method: 'GET',
  path: '/v1/ledger/periods/:month',
  summary: 'A month of the ledger, and what proves it',
  description:
    'What its period says, and the roots of the Merkle trees over the days of the month that are over. `root` is that of the tree whose leaves are these roots, the first day first (RFC 6962); a period that is closed has the same in its figures, unless what was recorded on one of the days has been changed.',
  roles: LEDGER_READERS,
  params: z.strictObject({ month: z.string().regex(MONTH, 'A month is written YYYY-MM') }),
  answers: {
    200: z.strictObject({
      month: z.string(),
      from: z.iso.datetime(),
      to: z.iso.datetime().describe('Its last moment'),
      version: z.int().describe('Of the actor that says so'),
      state: z.string(),
      home_currency: z.string(),
      figures: figures.nullable().describe('Null while it is open'),
      hash: hash.nullable().describe('Of the figures: `CONFIRM` names it'),
      reasons: z.array(z.strictObject({ code: z.string(), detail: z.string().nullable() })).describe('Why it could not be closed'),
      asked_by: who.describe('Who asked that it be closed'),
      confirmed_by: who.describe('Who confirmed the figures'),
      closed_at: z.iso.datetime().nullable(),
      days: z.array(z.strictObject({ date: z.iso.date(), leaves: z.int(), root: hash })),
      root: hash.nullable().describe('Null until the month is over'),
    }),
  },
  handler: async ({ hub, caller, params: { month } }) => {
    const subject = await readSubject(hub, definitionOf(hub, 'period'), toAddress('period', month));
    if (subject === undefined) throw new Fault('not_found', `Nobody has opened the period ${month}.`);
    const { envelope } = mustSee(subject, caller).subject;
    const context = envelope.snapshot.context as PeriodContext;
    const now = hub.ports.clock.now();
    const rest = (): Promise<void> => new Promise((resolve) => hub.ports.timers.soon(resolve));
    const days = await readDayRoots(hub.store.reports, month, now - GRACE_MS, rest);
    return {
      body: {
        month,
        from: toTime(startOf(month)),
        to: toTime(endOf(month)),
        version: envelope.version,
        state: toStates(envelope.snapshot.value).join(' '),
        home_currency: context.home_currency,
        figures: context.figures,
        hash: context.payload_hash,
        reasons: [...context.reasons],
        asked_by: context.asked?.by ?? null,
        confirmed_by: context.closed?.by ?? null,
        closed_at: context.closed === null ? null : toTime(context.closed.at),
        days: days.map(({ date, leaves, root }) => ({ date, leaves, root: root.toString('hex') })),
        root: now > endOf(month) + GRACE_MS ? rootOfMonth(days) : null,
      },
    };
  },
});

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

export const ledgerPeriodRoutes: readonly Route[] = [period];
