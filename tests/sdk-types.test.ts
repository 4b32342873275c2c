import { describe, expect, expectTypeOf, test } from 'vitest';
import { PROTOCOL, createHub } from '../clients/core/hub.ts';
import type { Hub } from '../clients/core/hub.ts';
import type { ContextOf, EventOf, InputOf, MachineMap, Machines, StateOf } from '../clients/core/machine-types.ts';
import { hooksOf } from '../clients/core/react.ts';
import { PROTOCOL_VERSION } from '../hub/protocol/messages.ts';
import type { parcel } from './fixtures/parcel.ts';

/* What the compiler checks here is never run; what it would let pass fails `npm run check`. */

type Payment = Machines['payment'];
const hub = createHub({ url: 'http://127.0.0.1:9' });
const payment = hub.actor('payment', 'pay_1');

test('[SDK-9] a client offers the events that people may send, with their payloads, and no others', () => {
  const offers = () => {
    void payment.send({ type: 'APPROVE', hash: 'abc' });
    void payment.send({ type: 'SUBMIT' });
    void payment.enqueue({ type: 'CAPTURE', amount_minor: 100 }, { after: 'c_1' });
    // @ts-expect-error there is no such event
    void payment.send({ type: 'APROVE', hash: 'abc' });
    // @ts-expect-error only the gateway's webhook says so
    void payment.send({ type: 'GATEWAY_NOTIFIED', operation_id: 'x', outcome: 'done' });
    // @ts-expect-error a denial has a reason
    void payment.send({ type: 'DENY' });
    // @ts-expect-error amounts are integers of minor units
    void payment.enqueue({ type: 'CAPTURE', amount_minor: '1.00' });
    // @ts-expect-error SUBMIT carries nothing
    void payment.send({ type: 'SUBMIT', hash: 'abc' });
    // @ts-expect-error REFUND belongs to payments, not to clients
    void hub.actor('client', 'acme').send({ type: 'REFUND', refund: 'r1', amount_minor: 1 });
    // @ts-expect-error there is no such machine
    void hub.actor('parcel', 'p');
  };
  expect(offers).toBeTypeOf('function');
  type Offered = 'SUBMIT' | 'APPROVE' | 'DENY' | 'AMEND' | 'CAPTURE' | 'CANCEL' | 'REFUND' | 'CLEAR' | 'HOLD' | 'RELEASE';
  expectTypeOf(payment.can).parameter(0).toEqualTypeOf<Offered | 'PROPOSE_OUTCOME' | 'CONFIRM_OUTCOME' | 'DROP_OUTCOME'>();
  expectTypeOf<Extract<EventOf<Payment>, { type: 'REFUND' }>['amount_minor']>().toEqualTypeOf<number>();
});

test('[SDK-9] states are the chart’s own paths, fields those of its context, and each may be missing from a view', () => {
  const asks = () => {
    payment.matches('authorized.holding');
    payment.matches('authorized');
    hub.actor('client', 'acme').matches('verifying.identity.checking');
    hub.list({ type: 'payment', state: 'needs_approval' });
    // @ts-expect-error there is no such state
    payment.matches('holding');
    // @ts-expect-error a paid payment is settled
    hub.list({ type: 'payment', state: 'paid' });
    // @ts-expect-error there is no such field
    void payment.copy?.context.amount;
    // @ts-expect-error a view may not show it
    const amount: number | undefined = payment.copy?.context.amount_minor.valueOf();
    return amount;
  };
  expect(asks).toBeTypeOf('function');
  expectTypeOf<'integration.disabled'>().not.toExtend<StateOf<Machines['integration']>>();
  expectTypeOf<'lifecycle.disabled'>().toExtend<StateOf<Machines['integration']>>();
  expectTypeOf<ContextOf<Payment>['amount_minor']>().toEqualTypeOf<number | undefined>();
});

test('[SDK-9] what creates an actor is typed from its schema, defaults left out or not', () => {
  const creates = () => {
    void hub.create('payment', { client: 'acme', payee: 'Bolt', amount_minor: 1, currency: 'EUR', reference: 'r' });
    void hub.create('payment', { client: 'acme', payee: 'Bolt', amount_minor: 1, currency: 'EUR', reference: 'r', capture: 'manual' });
    // @ts-expect-error no currency
    void hub.create('payment', { client: 'acme', payee: 'Bolt', amount_minor: 1, reference: 'r' });
    // @ts-expect-error there is no third way to capture
    void hub.create('payment', { client: 'acme', payee: 'Bolt', amount_minor: 1, currency: 'EUR', reference: 'r', capture: 'later' });
  };
  expect(creates).toBeTypeOf('function');
  expectTypeOf<InputOf<Machines['client']>['kind']>().toEqualTypeOf<'company' | 'person'>();
});

describe('other machines', () => {
  test('[SDK-9] a hub with other machines is typed from them; one whose machines are not known takes any', () => {
    type Mine = Machines & { parcel: typeof parcel };
    const mine = createHub<Mine>({ url: 'http://127.0.0.1:9' });
    const any: Hub<MachineMap> = createHub<MachineMap>({ url: 'http://127.0.0.1:9' });
    const { useActor } = hooksOf<Mine>();
    const asks = () => {
      const one = mine.actor('parcel', 'p');
      void one.send({ type: 'ARRIVE', place: 'Berlin' });
      // @ts-expect-error a parcel arrives somewhere
      void one.send({ type: 'ARRIVE' });
      const unknown = any.actor('whatever', 'x');
      void unknown.send({ type: 'ANYTHING', at_all: true });
      unknown.matches('any.state');
      void any.create('whatever', { of: 'anything' });
      expectTypeOf(unknown.copy?.context['field']).toEqualTypeOf<unknown>();
      // @ts-expect-error there is no such machine
      useActor('parcels', 'p');
    };
    expect(asks).toBeTypeOf('function');
  });
});

test('[SDK-9] the client speaks the hub’s version of the protocol', () => {
  expect(PROTOCOL).toBe(PROTOCOL_VERSION);
});
