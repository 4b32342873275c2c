import { bill } from './bill.ts';
import type { BillContext } from './bill-terms.ts';
import type { Tell } from './machine.ts';
import { begin, play, send } from './rehearsal.ts';
import type { Cue, Stage } from './rehearsal.ts';

/** The scenes that the tests of a bill are played in. */

export const LINES = [
  { text: 'Paper', quantity: '2', unit_minor: 5_000, amount_minor: 10_000, tax_minor: 1_900, account: '6815' },
  { text: 'Toner', quantity: '1', unit_minor: 500, amount_minor: 500, tax_minor: 95, account: null },
];
export const INVOICE = {
  supplier: 'acme',
  number: 'R-7',
  direction: 'in',
  issued: '2026-11-02',
  due: '2026-11-30',
  currency: 'EUR',
  total_minor: 12_495,
  tax_minor: 1_995,
  lines: LINES,
};
export const BINDING = 'binding/odoo-bill-b_1';

export const contextOf = ({ snapshot }: Stage): BillContext => snapshot.context as unknown as BillContext;
export const tellsOf = ({ facts }: Stage): readonly Tell[] => facts.filter(({ type }) => type === '@tell') as unknown as Tell[];
export const factsOf = ({ facts }: Stage): readonly string[] => facts.filter(({ type }) => !type.startsWith('@')).map(({ type }) => type);
/** What it tells others than its binding. */
export const toldOf = (stage: Stage): readonly object[] =>
  tellsOf(stage)
    .filter(({ event }) => event.type !== 'OURS')
    .map(({ to, event }) => ({ to, ...event }));

export const cue =
  (event: Cue) =>
  (stage: Stage): Stage => {
    const next = send(stage, event);
    if (next.refused !== undefined) throw new Error(`The scene was refused: ${next.refused}`);
    return next;
  };
export const open = (changes: object = {}, settings: object = {}): Stage =>
  begin(bill, { ...INVOICE, ...changes }, { id: 'b_1', settings });
/** As an ERP has it. */
export const linked = (changes: object = {}): Stage => begin(bill, { ...INVOICE, ...changes }, { id: 'b_1', by: BINDING });
export const begun = (payment: string, amount_minor: number, changes: object = {}): Cue => ({
  ...{ type: 'PAYMENT_BEGUN', by: `payment/${payment}`, payment, revision: 1, amount_minor, currency: 'EUR' },
  ...changes,
});
export const settled = (payment: string, amount_minor: number): Cue => ({
  ...{ type: 'PAYMENT_SETTLED', by: `payment/${payment}`, payment, amount_minor, currency: 'EUR', on: '2026-11-02', memo: 'R-7' },
});
export const ended = (payment: string): Cue => ({ type: 'PAYMENT_ENDED', by: `payment/${payment}`, payment, reason: 'declined' });
export const returned = (payment: string, returned_minor: number): Cue => ({
  ...{ type: 'PAYMENT_RETURNED', by: `payment/${payment}`, payment, returned_minor },
});
export const booked = (payment: string, residual_minor: number): Cue => ({
  ...{ type: 'PAYMENT_BOOKED', by: `booking/${payment}`, payment, residual_minor },
});
export const sync = (stage: Stage, fields: Readonly<Record<string, unknown>>): Cue => {
  const now = stage.snapshot.context as unknown as Readonly<Record<string, unknown>>;
  const before = Object.fromEntries(Object.keys(fields).map((field) => [field, now[field] ?? null]));
  return { type: 'SYNC', by: BINDING, fields, before };
};
export const synced =
  (fields: Readonly<Record<string, unknown>>) =>
  (stage: Stage): Stage =>
    cue(sync(stage, fields))(stage);
export const paid = (stage: Stage, payment = 'p_1', amount_minor = 12_495): Stage =>
  play(stage, cue(begun(payment, amount_minor)), cue(settled(payment, amount_minor)));
