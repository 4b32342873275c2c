import type { ErpBill, ErpPayment } from '../erp-operations.ts';
import { BadField, choiceOf, dateOf, linkOf, minorOf, textOf } from './values.ts';
import type { OdooRecord } from './values.ts';

/** The fields of `account.move` that the hub reads. */
export const BILL_FIELDS = [
  'commercial_partner_id',
  'ref',
  'name',
  'move_type',
  'invoice_date',
  'invoice_date_due',
  'currency_id',
  'amount_total',
  'amount_residual',
  'amount_tax',
  'state',
  'payment_state',
  'invoice_line_ids',
] as const;

/** The fields of `account.move.line` that the hub reads. */
export const LINE_FIELDS = [
  'move_id',
  'name',
  'quantity',
  'price_unit',
  'price_subtotal',
  'price_total',
  'account_id',
  'display_type',
  'sequence',
] as const;

/** The fields of `account.payment` that the hub reads. */
export const PAYMENT_FIELDS = ['partner_id', 'payment_type', 'amount', 'currency_id', 'date', 'memo', 'state', 'move_id'] as const;

/** Vendor bills and customer invoices, and what is credited of them: a refund's amounts are below zero here. */
const DIRECTIONS: Readonly<Record<string, { readonly direction: 'in' | 'out'; readonly sign: 1 | -1 }>> = {
  in_invoice: { direction: 'in', sign: 1 },
  in_refund: { direction: 'in', sign: -1 },
  out_invoice: { direction: 'out', sign: 1 },
  out_refund: { direction: 'out', sign: -1 },
};

export const BILL_TYPES = Object.keys(DIRECTIONS);

const STATES = { draft: 'draft', posted: 'posted', cancel: 'canceled' } as const;

/** What links of a bill lead to. */
export type BillLinks = {
  /** The clients of the hub that contacts are, by the contact. */
  readonly clients: ReadonlyMap<number, string>;
  readonly currencies: ReadonlyMap<number, string>;
  /** The codes of accounts; they are the company's. */
  readonly accounts: ReadonlyMap<number, string>;
  /** The lines of all bills that were read, in their order. */
  readonly lines: readonly OdooRecord[];
};

/** Throws a BadField for what our shape has no place for. */
export function readBill(record: OdooRecord, links: BillLinks): ErpBill {
  // The company, where the bill names one of its people or addresses.
  const partner = linkOf(record, 'commercial_partner_id');
  if (partner === null) throw new BadField('commercial_partner_id', 'is empty: a bill without a partner is nobody’s');
  const type = DIRECTIONS[textOf(record, 'move_type') ?? ''];
  if (type === undefined) throw new BadField('move_type', 'is no bill and no invoice');
  const { direction, sign } = type;
  const currency = currencyOf(record, links.currencies);
  const money = (of: OdooRecord, field: string): number => sign * minorOf(of, field, currency) || 0;
  const lines = links.lines.filter((line) => linkOf(line, 'move_id') === record['id'] && isCharge(line));
  return {
    supplier: links.clients.get(partner) ?? '',
    // A customer knows an invoice by the number that we gave it; a vendor's bill has the vendor's.
    number: direction === 'in' ? textOf(record, 'ref') : textOf(record, 'name'),
    direction,
    issued: dateOf(record, 'invoice_date'),
    due: dateOf(record, 'invoice_date_due'),
    currency,
    total_minor: money(record, 'amount_total'),
    residual_minor: money(record, 'amount_residual'),
    tax_minor: money(record, 'amount_tax'),
    state: STATES[choiceOf(record, 'state', ['draft', 'posted', 'cancel'])],
    payment_state: textOf(record, 'payment_state') ?? 'not_paid',
    lines: lines.map((line) => readLine(line, links.accounts, money)),
  };
}

function readLine(
  line: OdooRecord,
  accounts: ReadonlyMap<number, string>,
  money: (of: OdooRecord, field: string) => number,
): ErpBill['lines'][number] {
  const account = linkOf(line, 'account_id');
  const amount_minor = money(line, 'price_subtotal');
  return {
    text: textOf(line, 'name') ?? '',
    quantity: quantityOf(line),
    unit_minor: money(line, 'price_unit'),
    amount_minor,
    tax_minor: money(line, 'price_total') - amount_minor,
    account: account === null ? null : (accounts.get(account) ?? null),
  };
}

/** Sections and notes stand among the lines and charge nothing. */
function isCharge(line: OdooRecord): boolean {
  return line['display_type'] === 'product' || line['display_type'] === false;
}

export function readPayment(record: OdooRecord, currencies: ReadonlyMap<number, string>): ErpPayment {
  const currency = currencyOf(record, currencies);
  const partner = linkOf(record, 'partner_id');
  const state = choiceOf(record, 'state', ['draft', 'in_process', 'paid', 'canceled', 'rejected', 'posted', 'cancel']);
  return {
    partner: partner === null ? null : String(partner),
    direction: choiceOf(record, 'payment_type', ['inbound', 'outbound']) === 'inbound' ? 'in' : 'out',
    amount_minor: minorOf(record, 'amount', currency),
    currency,
    date: dateOf(record, 'date'),
    memo: textOf(record, 'memo'),
    // Odoo 17 and before know two words less.
    state: state === 'posted' ? 'in_process' : state === 'cancel' ? 'canceled' : state,
  };
}

function currencyOf(record: OdooRecord, currencies: ReadonlyMap<number, string>): string {
  const id = linkOf(record, 'currency_id');
  const code = id === null ? undefined : currencies.get(id);
  if (code === undefined) throw new BadField('currency_id', 'is no currency that the hub was told of');
  return code;
}

function quantityOf(line: OdooRecord): string {
  const { quantity } = line;
  if (typeof quantity !== 'number' || !/^-?\d+(\.\d+)?$/.test(String(quantity))) throw new BadField('quantity', 'is no decimal');
  return String(quantity);
}
