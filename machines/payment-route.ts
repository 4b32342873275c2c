import { nextOf } from './declines.ts';
import { byCost } from './gateway-costs.ts';
import type { Answer, Question } from './machine.ts';
import { toMinor } from './money.ts';
import type { PaymentBirth, PaymentContext } from './payment-terms.ts';

/* Which gateway a payment goes through, and when it goes on to another one. */

export const SANDBOX = 'sandbox';
/** What the outcome of an operation is called that people have decided did not happen. */
export const DECIDED = 'decided_by_people';

type Routes = PaymentBirth['settings']['routes'];

/** The gateways of the first route that fits, in the order in which they are tried. */
export function routeOf({ currency, amount_minor, settings }: PaymentBirth, routes: Routes): readonly string[] {
  const found = routes.find(
    ({ currencies, from_major = 0, below_major }) =>
      (currencies?.includes(currency) ?? true) &&
      amount_minor >= toMinor(from_major, currency) &&
      (below_major === undefined || amount_minor < toMinor(below_major, currency)),
  );
  const gateways = [...new Set(found?.gateways ?? [SANDBOX])];
  return found?.by === 'cost' ? byCost(gateways, { currency, amount_minor }, settings.gateway_costs) : gateways;
}

/** The gateway to go on with, where there is another one. */
export function nextGateway({ gateway, gateways = [] }: PaymentContext): string | undefined {
  return gateways[gateways.indexOf(gateway) + 1];
}

/** Whether another gateway may do what this one has not: only what is certain never to have happened is tried elsewhere. */
export function goesOn(context: PaymentContext): boolean {
  const { outcome } = context;
  if (outcome === null || outcome.outcome === 'done' || nextGateway(context) === undefined) return false;
  // People have decided without the gateway's word: what they were wrong about must not be paid twice.
  return outcome.outcome === 'failed' ? outcome.code !== DECIDED : nextOf(outcome.code) === 'try_other_gateway';
}

/** Whether calls go out to the gateway, as its integration answers. */
export function isCallable({ found, answer }: Answer): boolean {
  return found && answer?.['callable'] === true;
}

export function toGatewayQuestion({ gateway }: PaymentContext): Question {
  return { to: `integration/${gateway}`, question: 'admission' };
}
