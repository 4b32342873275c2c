import { z } from 'zod';
import { isCurrency, subtract, toDecimal } from '../../machines/money.ts';
import type { Money } from '../../machines/money.ts';

/** What a receipt is made of. */
export type Settled = {
  /** `payment/<id>` */
  readonly address: string;
  readonly version: number;
  /** Of the payment's context what the reader may see: of the rest nothing is said. */
  readonly context: Readonly<Record<string, unknown>>;
  /** The name of the client at that time; undefined where nobody can say any more. */
  readonly payer: string | undefined;
  /** Epoch milliseconds; undefined where the journal does not have it any more. */
  readonly settled_at: number | undefined;
  /** When this version was recorded, in epoch milliseconds. */
  readonly recorded_at: number;
  /** The hash of this version's row in the journal. */
  readonly hash: string;
};

export type Line = { readonly label: string; readonly text: string };
export type Section = { readonly title: string; readonly lines: readonly Line[] };
export type Receipt = {
  readonly title: string;
  /** It never means two documents: the payment and its version. */
  readonly number: string;
  /** Epoch milliseconds; the same for every document of one version. */
  readonly made_at: number;
  readonly sections: readonly Section[];
};

const count = z.int().min(0);
const money = z.object({ amount_minor: count, currency: z.string() });

const seen = z.object({
  client: z.string(),
  payee: z.string(),
  reference: z.string(),
  currency: z.string(),
  amount_minor: count,
  captured_minor: count,
  refunded_minor: count,
  gateway: z.string().optional(),
  gateway_reference: z.string().nullish(),
  capture_reference: z.string().nullish(),
  approvals: z.array(z.object({ by: z.string(), at: z.number() })).default([]),
  refunds: z.array(z.object({ refund: z.string(), amount_minor: count, state: z.string() })).default([]),
  conversion: z.object({ from: money, to: money, rate: z.string(), source: z.string(), date: z.string(), spread_minor: count }).nullish(),
  charged_minor: count.default(0),
});
type Seen = z.infer<typeof seen>;

/** What the receipt of a settled payment says. */
export function toReceipt(settled: Settled): Receipt {
  const context = seen.parse(settled.context);
  const sections = [
    { title: 'Payment', lines: toParties(settled, context) },
    { title: 'Amounts', lines: toAmounts(context) },
    { title: 'Conversion', lines: toConversion(context) },
    { title: 'Refunds', lines: toRefunds(context) },
    { title: 'Dates', lines: toDates(settled) },
    { title: 'Gateway', lines: toGateway(context) },
    { title: 'Approvals', lines: context.approvals.map(({ by, at }) => ({ label: 'Approved by', text: `${by}, ${toTime(at)}` })) },
    { title: 'This document', lines: toProof(settled) },
  ];
  return {
    title: 'Receipt',
    number: numberOf(settled),
    made_at: settled.settled_at ?? settled.recorded_at,
    sections: sections.filter(({ lines }) => lines.length > 0),
  };
}

function numberOf({ address, version }: Settled): string {
  return `${address} · version ${version}`;
}

function toParties({ payer }: Settled, { client, payee, reference }: Seen): Line[] {
  return [
    { label: 'Payer', text: payer === undefined ? client : `${payer} (${client})` },
    { label: 'Payee', text: payee },
    { label: 'Reference', text: reference },
  ];
}

function toAmounts({ currency, amount_minor, captured_minor, refunded_minor }: Seen): Line[] {
  const captured = { amount_minor: captured_minor, currency };
  const refunded = { amount_minor: refunded_minor, currency };
  const kept = { amount_minor: captured_minor - refunded_minor, currency };
  return [
    { label: 'Ordered', text: toAmount({ amount_minor, currency }) },
    { label: 'Captured', text: toAmount(captured) },
    { label: 'Refunded', text: toAmount(refunded) },
    { label: 'Captured less refunded', text: toAmount(isCurrency(currency) ? subtract(captured, refunded) : kept) },
  ];
}

function toConversion({ conversion, charged_minor }: Seen): Line[] {
  if (conversion === null || conversion === undefined) return [];
  const { from, to, rate, source, date, spread_minor } = conversion;
  return [
    { label: 'Converted', text: `${toAmount(from)} = ${toAmount(to)}` },
    { label: 'Rate', text: `1 ${from.currency} = ${rate} ${to.currency}` },
    { label: 'Source of the rate', text: source },
    { label: 'Day of the rate', text: date },
    { label: 'Spread', text: toAmount({ amount_minor: spread_minor, currency: to.currency }) },
    { label: 'Charged to the account', text: toAmount({ amount_minor: charged_minor, currency: to.currency }) },
  ];
}

function toRefunds({ refunds, currency }: Seen): Line[] {
  return refunds.map(({ refund, amount_minor, state }) => ({
    label: `Refund ${refund}`,
    text: `${toAmount({ amount_minor, currency })}, ${state}`,
  }));
}

function toDates({ settled_at, recorded_at, version }: Settled): Line[] {
  return [
    { label: 'Settled', text: settled_at === undefined ? 'The journal does not have the time any more' : toTime(settled_at) },
    { label: 'As it stood', text: `${toTime(recorded_at)}, version ${version}` },
  ];
}

function toGateway({ gateway, gateway_reference, capture_reference }: Seen): Line[] {
  const lines = [
    { label: 'Gateway', text: gateway },
    { label: 'Reference of the gateway', text: gateway_reference },
    { label: 'Reference of the capture', text: capture_reference },
  ];
  return lines.flatMap(({ label, text }) => (text === null || text === undefined ? [] : [{ label, text }]));
}

function toProof(settled: Settled): Line[] {
  return [
    { label: 'Number', text: numberOf(settled) },
    { label: 'Hash in the journal', text: settled.hash },
  ];
}

/** The exact decimal in groups of three. A currency that has been withdrawn since has no decimal any more. */
export function toAmount(amount: Money): string {
  if (!isCurrency(amount.currency)) return `${amount.amount_minor} minor units of ${amount.currency}`;
  const [whole = '', places] = toDecimal(amount).split('.');
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return `${places === undefined ? grouped : `${grouped}.${places}`} ${amount.currency}`;
}

/** `2026-11-22 21:40:32 UTC`; to the second, for a document is no log. */
function toTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
