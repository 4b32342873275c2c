import { exponentOf, toDecimal } from '../../../machines/money.ts';
import type { Paid, Pay, Voided } from '../erp-operations.ts';
import { OdooError } from './failures.ts';
import { toId } from './pull.ts';
import { orRefuse, toName } from './session.ts';
import type { OdooSession } from './session.ts';
import { dateOf, idIn, linkOf, linksOf, minorOf, textOf } from './values.ts';
import type { OdooRecord } from './values.ts';

const PAYMENT = 'account.payment';
const PAYMENT_FIELDS = ['state', 'amount', 'currency_id', 'date', 'partner_id', 'move_id', 'reconciled_bill_ids', 'is_matched'];
const BILL_FIELDS = ['move_type', 'state', 'partner_id', 'currency_id', 'amount_residual', 'company_id'];

/**
 * Books a payment of the hub as one of the ERP, posts it and sets it against the bill. Each step is taken only where it has not been: cut and
 * repeated at any of them, there is one payment.
 */
export async function pay(odoo: OdooSession, order: Pay, journal: string): Promise<Paid> {
  const bill_id = toId(order.bill);
  const bill = bill_id === undefined ? undefined : await odoo.row('account.move', bill_id, BILL_FIELDS);
  if (bill === undefined) throw new OdooError('not_found', `There is no bill ${order.bill}.`);
  const currencies = await odoo.currencies();
  const name = toName(order.payment);
  const found = await odoo.named(PAYMENT, name);
  if (found === undefined) orRefuse(() => refuseBill(bill, order, currencies));
  const id = found ?? (await odoo.make(PAYMENT, name, await valuesOf(odoo, order, bill, journal), contextOf(bill)));
  const made = await payment(odoo, id);
  orRefuse(() => refuseOther(made, order, bill, currencies));
  if (made['state'] === 'draft') await post(odoo, id, bill);
  const posted = await payment(odoo, id);
  if (!isSet(posted, bill)) await reconcile(odoo, posted, bill);
  const end = await payment(odoo, id);
  const after = await odoo.row('account.move', idIn(bill), BILL_FIELDS);
  const residual_minor = minorOf(after ?? bill, 'amount_residual', order.currency);
  return { external_id: String(id), state: textOf(end, 'state') ?? '', reconciled: isSet(end, bill), residual_minor };
}

/** Takes a payment back: the bill that it was set against is open again. What a bank statement bears out is left as it is. */
export async function voidPayment(odoo: OdooSession, address: string): Promise<Voided> {
  const id = await odoo.named(PAYMENT, toName(address));
  if (id === undefined) return { external_id: null, state: 'absent', reconciled: false };
  const now = await payment(odoo, id);
  if (now['state'] !== 'canceled') {
    if (now['is_matched'] === true) throw new OdooError('refused', 'A bank statement bears this payment out: it cannot be taken back.');
    if (now['state'] !== 'draft') await odoo.call(PAYMENT, 'action_draft', { ids: [id] });
    await odoo.call(PAYMENT, 'action_cancel', { ids: [id] });
  }
  const end = await payment(odoo, id);
  if (end['state'] !== 'canceled' || linksOf(end, 'reconciled_bill_ids').length > 0) {
    throw new OdooError('unknown', `The payment was taken back and is ${textOf(end, 'state') ?? 'nothing'} there.`);
  }
  return { external_id: String(id), state: 'canceled', reconciled: false };
}

async function payment(odoo: OdooSession, id: number): Promise<OdooRecord> {
  const row = await odoo.row(PAYMENT, id, PAYMENT_FIELDS);
  if (row === undefined) throw new OdooError('not_found', `Payment ${id} was deleted.`);
  return row;
}

/** Why a bill cannot be paid like this; asked before the payment is made, never after. */
function refuseBill(bill: OdooRecord, { amount_minor, currency }: Pay, currencies: ReadonlyMap<number, string>): void {
  if (bill['move_type'] !== 'in_invoice' || bill['state'] !== 'posted')
    throw new OdooError('refused', 'It is no vendor bill that is posted.');
  const own = currencies.get(linkOf(bill, 'currency_id') ?? 0);
  if (own !== currency) throw new OdooError('refused', `The bill is in ${own ?? 'no currency'}, and the payment in ${currency}.`);
  const residual = minorOf(bill, 'amount_residual', currency);
  if (amount_minor > residual) throw new OdooError('refused', `Of the bill ${residual} are open, which is less than ${amount_minor}.`);
}

/** A payment under this name that is another one, or was taken back. */
function refuseOther(made: OdooRecord, order: Pay, bill: OdooRecord, currencies: ReadonlyMap<number, string>): void {
  if (made['state'] === 'canceled' || made['state'] === 'rejected') throw new OdooError('refused', 'The payment was taken back.');
  const is = {
    amount: minorOf(made, 'amount', order.currency),
    currency: currencies.get(linkOf(made, 'currency_id') ?? 0),
    date: dateOf(made, 'date'),
    partner: linkOf(made, 'partner_id'),
  };
  const asked = { amount: order.amount_minor, currency: order.currency, date: order.date, partner: linkOf(bill, 'partner_id') };
  const other = (Object.keys(is) as (keyof typeof is)[]).find((field) => is[field] !== asked[field]);
  if (other !== undefined) throw new OdooError('refused', `A payment with another ${other} stands there under this name.`);
}

async function valuesOf(odoo: OdooSession, order: Pay, bill: OdooRecord, journal: string): Promise<Record<string, string>> {
  const { amount_minor, currency, date, memo } = order;
  return {
    payment_type: 'outbound',
    partner_type: 'supplier',
    'partner_id/.id': String(linkOf(bill, 'partner_id')),
    'company_id/.id': String(linkOf(bill, 'company_id')),
    'currency_id/.id': String(linkOf(bill, 'currency_id')),
    amount: exponentOf(currency) > 0 ? toDecimal({ amount_minor, currency }) : String(amount_minor),
    date,
    memo,
    ...(journal === '' ? {} : { 'journal_id/.id': String(await journalOf(odoo, bill, journal)) }),
  };
}

async function journalOf(odoo: OdooSession, bill: OdooRecord, code: string): Promise<number> {
  const domain = [
    ['code', '=', code],
    ['type', 'in', ['bank', 'cash']],
    ['company_id', '=', linkOf(bill, 'company_id')],
  ];
  const [journal] = await odoo.rows('account.journal', domain, ['code']);
  if (journal === undefined) throw new OdooError('refused', `There is no journal ${code} of a bank in the bill's company.`);
  return idIn(journal);
}

function contextOf(bill: OdooRecord): Readonly<Record<string, unknown>> {
  return { allowed_company_ids: [linkOf(bill, 'company_id')] };
}

function isSet(made: OdooRecord, bill: OdooRecord): boolean {
  return linksOf(made, 'reconciled_bill_ids').includes(idIn(bill));
}

/** A payment whose method has no outstanding account has no entry, and nothing that could be set against the bill. */
async function reconcile(odoo: OdooSession, posted: OdooRecord, bill: OdooRecord): Promise<void> {
  const move = linkOf(posted, 'move_id');
  if (move === null) return;
  const domain = [
    ['move_id', 'in', [move, idIn(bill)]],
    ['account_type', '=', 'liability_payable'],
    ['reconciled', '=', false],
  ];
  const lines = await odoo.rows('account.move.line', domain, ['move_id']);
  if (new Set(lines.map((line) => linkOf(line, 'move_id'))).size < 2) return;
  try {
    await odoo.call('account.move.line', 'reconcile', { ids: lines.map(idIn), context: contextOf(bill) });
  } catch (error) {
    // An earlier try that was cut may have come first, and then Odoo refuses to do it again. Whatever the reason, the payment is posted: how it stands
    // against the bill is read afterwards, and told.
    if (!isRefusal(error)) throw error;
  }
}

/** A draft that Odoo does not post is taken away again: what is told to have failed may not stand there for somebody to post. */
async function post(odoo: OdooSession, id: number, bill: OdooRecord): Promise<void> {
  try {
    await odoo.call(PAYMENT, 'action_post', { ids: [id], context: contextOf(bill) });
  } catch (error) {
    if (isRefusal(error)) await odoo.call(PAYMENT, 'unlink', { ids: [id] });
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof OdooError && (error.failure.kind === 'refused' || error.failure.kind === 'forbidden');
}
