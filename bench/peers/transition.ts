import { initialTransition, transition } from 'xstate';
import { orderMachine } from '../order.ts';
import type { OrderEvent, OrderInput } from '../order.ts';

/** An order as the peers keep it: the same machine as the hub's, computed by XState's own pure functions. */
export type State = { readonly value: string; readonly context: { readonly payload_hash: string; readonly [field: string]: unknown } };
export type Sent = OrderEvent & { readonly by: string };

export function born(id: string, input: OrderInput): State {
  const [snapshot] = initialTransition(orderMachine, { ...input, id, by: 'clerk', at: Date.now(), settings: {} });
  return { value: snapshot.value, context: snapshot.context };
}

export function next(state: State, event: Sent): State {
  const before = orderMachine.resolveState(state as unknown as Parameters<typeof orderMachine.resolveState>[0]);
  const [snapshot] = transition(orderMachine, before, { ...event, at: Date.now() });
  return { value: snapshot.value, context: snapshot.context };
}
