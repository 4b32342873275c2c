import { z } from 'zod';
import { isSame } from '../../../machines/sync-merge.ts';
import { erpFields } from '../erp-operations.ts';
import type { ErpBill, ErpClient, ErpPayment, Paid, Pay, Push, Pushed, Voided } from '../erp-operations.ts';
import { toRec } from './records.ts';
import type { Row, SandboxErpRecords } from './records.ts';

/** It did not happen and will not. */
export class Refusal extends Error {
  readonly code: 'refused' | 'not_found';

  constructor(code: Refusal['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const NO_BILL = {
  ...{ number: null, issued: null, due: null, total_minor: 0, residual_minor: 0, tax_minor: 0 },
  ...{ state: 'draft', payment_state: 'not_paid', lines: [] },
} as const satisfies Partial<ErpBill>;

const NO_CLIENT: Omit<ErpClient, 'name'> = {
  country: null,
  email: null,
  kind: 'company',
  vat: null,
  phone: null,
  street: null,
  city: null,
  zip: null,
  archived: false,
};

/**
 * Writes a partner or a bill, once. What stands there as it is to be is left as it is, so that a call whose answer was lost may be repeated; what somebody
 * changed there is answered as a conflict, and nothing is written.
 */
export async function push(records: SandboxErpRecords, order: Push): Promise<Pushed> {
  for (;;) {
    const { address, external_id, fields, model } = order;
    const there = external_id === null ? await records.byRef(model, address) : await records.byId(model, external_id);
    if (there === undefined && external_id !== null) throw new Refusal('not_found', `There is no ${model} ${external_id} any more.`);
    if (there !== undefined && stands(fields, there)) return { external_id: there.id, at: there.at };
    if (there !== undefined && isOthers(order, there)) return { external_id: there.id, at: there.at, conflict: toRec(there) };
    const written = there === undefined ? await records.add(model, made(order), address) : await records.change(there, fields);
    // Somebody came between reading and writing: it is looked at again.
    if (written !== undefined) return { external_id: written.id, at: written.at };
  }
}

/** What a new record says. */
function made({ model, fields }: Push): object {
  const read = erpFields[model].safeParse(model === 'bill' ? { ...NO_BILL, ...fields } : { ...NO_CLIENT, ...fields });
  if (!read.success) throw new Refusal('refused', z.prettifyError(read.error));
  return read.data;
}

function stands(fields: Push['fields'], { fields: own }: Row): boolean {
  return Object.entries(fields).every(([field, value]) => isSame(value, own[field]));
}

/** Whether somebody wrote there since. What the hub does not yet know to be its own may be written as long as nobody has touched it since it was made. */
function isOthers({ external_id, expected_at }: Push, { at, version }: Row): boolean {
  if (expected_at !== undefined) return expected_at !== at;
  return external_id === null && version > 1;
}

/** Books a payment, once, and sets it against its bill. */
export async function pay(records: SandboxErpRecords, order: Pay): Promise<Paid> {
  for (;;) {
    const bill = await billOf(records, order.bill);
    const found = await records.byRef('payment', order.payment);
    if (found !== undefined) return paidOf(found, order, bill);
    const { supplier, residual_minor } = refuseBill(bill, order);
    const { amount_minor, currency, date, memo } = order;
    const left = residual_minor - amount_minor;
    const payment: ErpPayment = { partner: supplier, direction: 'out', amount_minor, currency, date, memo, state: 'paid' };
    const booked = await records.pay(
      bill,
      { residual_minor: left, payment_state: left === 0 ? 'paid' : 'partial' },
      payment,
      order.payment,
    );
    if (booked !== undefined) return { external_id: booked.id, state: 'paid', reconciled: true, residual_minor: left };
  }
}

/** Takes a payment back: what it had paid of the bill is open again. */
export async function voidPayment(records: SandboxErpRecords, address: string): Promise<Voided> {
  for (;;) {
    const payment = await records.byRef('payment', address);
    if (payment === undefined) return { external_id: null, state: 'absent', reconciled: false };
    const done: Voided = { external_id: payment.id, state: 'canceled', reconciled: false };
    const { state, amount_minor } = erpFields.payment.parse(payment.fields);
    if (state === 'canceled') return done;
    const bill = await billOf(records, payment.bill ?? '');
    const { residual_minor, total_minor } = erpFields.bill.parse(bill.fields);
    const open = residual_minor + amount_minor;
    const of_bill = { residual_minor: open, payment_state: open === total_minor ? 'not_paid' : 'partial' };
    if ((await records.void(payment, { state: 'canceled' }, bill, of_bill)) !== undefined) return done;
  }
}

async function billOf(records: SandboxErpRecords, id: string): Promise<Row> {
  const bill = await records.byId('bill', id);
  if (bill === undefined) throw new Refusal('not_found', `There is no bill ${id}.`);
  return bill;
}

/** Why a bill cannot be paid like this. */
function refuseBill({ fields }: Row, { amount_minor, currency }: Pay): ErpBill {
  const bill = erpFields.bill.parse(fields);
  if (bill.direction !== 'in' || bill.state !== 'posted') throw new Refusal('refused', 'It is no vendor bill that is posted.');
  if (bill.currency !== currency) throw new Refusal('refused', `The bill is in ${bill.currency}, and the payment in ${currency}.`);
  if (amount_minor > bill.residual_minor)
    throw new Refusal('refused', `Of the bill ${bill.residual_minor} are open, which is less than ${amount_minor}.`);
  return bill;
}

/** A payment that stands under this name, unless it is another one or was taken back. */
function paidOf(found: Row, order: Pay, bill: Row): Paid {
  const { state, ...is } = erpFields.payment.parse(found.fields);
  if (state === 'canceled' || state === 'rejected') throw new Refusal('refused', 'The payment was taken back.');
  const fields = ['amount_minor', 'currency', 'date'] as const;
  const other = found.bill === bill.id ? fields.find((field) => is[field] !== order[field]) : 'bill';
  if (other !== undefined) throw new Refusal('refused', `A payment with another ${other} stands there under this name.`);
  return { external_id: found.id, state, reconciled: true, residual_minor: erpFields.bill.parse(bill.fields).residual_minor };
}
