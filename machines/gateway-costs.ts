import { z } from 'zod';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { idField } from './text.ts';

/* What gateways charge for a payment, and which of them is the cheapest for one. */

const cost = z
  .strictObject({
    gateway: idField,
    /** Without it for every currency that the gateway has no cost of its own for. */
    currency: z.enum(CURRENCIES).optional(),
    /** Hundredths of a percent of the amount. */
    basis_points: z.int().min(0).max(10_000),
    /** What is added for each payment, in minor units of `currency`. */
    fixed_minor: z.int().min(1).max(MOST_MINOR).optional(),
  })
  .refine(
    ({ currency, fixed_minor }) => fixed_minor === undefined || currency !== undefined,
    'A fixed_minor needs the currency that it is in',
  );

export const gatewayCosts = z
  .array(cost)
  .max(200)
  .refine(
    (costs) => new Set(costs.map(({ gateway, currency = '' }) => `${gateway} ${currency}`)).size === costs.length,
    'A gateway has one cost for a currency, and one for all others',
  );

export type GatewayCosts = z.infer<typeof gatewayCosts>;
type Price = { readonly currency: string; readonly amount_minor: number };

/**
 * The same gateways, the cheapest first for this very amount. Those that cost the same stay as they are written; those whose cost is not known
 * come last.
 */
export function byCost(gateways: readonly string[], price: Price, costs: GatewayCosts): readonly string[] {
  const known = gateways.map((gateway) => ({ gateway, cost: costOf(gateway, price, costs) }));
  return known.toSorted((one, other) => compare(one.cost, other.cost)).map(({ gateway }) => gateway);
}

/**
 * In ten-thousandths of a minor unit: rounded to whole ones, a dearer gateway could look as cheap as another. A bigint, because the largest
 * amounts times their basis points are beyond what a number keeps exactly.
 */
export function costOf(gateway: string, { currency, amount_minor }: Price, costs: GatewayCosts): bigint | undefined {
  const own = costs.filter((each) => each.gateway === gateway);
  const found = own.find((each) => each.currency === currency) ?? own.find((each) => each.currency === undefined);
  return found && BigInt(amount_minor) * BigInt(found.basis_points) + BigInt(found.fixed_minor ?? 0) * 10_000n;
}

function compare(one: bigint | undefined, other: bigint | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return 1;
  return other === undefined || one < other ? -1 : 1;
}
