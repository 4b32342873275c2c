/**
 * What a payment asks of a payment gateway, whichever provider stands behind it. `operation_id` is the hub's own name for
 * one business operation (`pay_1-authorize-1`): a lookup finds the operation by it, whatever became of the call.
 */
export type GatewayRequest = {
  /** Name of the integration that is to do it. */
  readonly integration: string;
  readonly operation_id: string;
  /** The payment actor's id, and that of the client whose money it is. */
  readonly payment: string;
  readonly client?: string | undefined;
  /** Minor units of `currency`. */
  readonly amount_minor: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly reference: string;
  /** The gateway's reference of the authorization that a capture, refund or void refers to. */
  readonly authorization?: string;
  /** The payer's means of payment and the payer, as the gateway names them; without them the integration's own. */
  readonly payment_method?: string | undefined;
  readonly customer?: string | undefined;
};

/** It was done, or the gateway said no. Both are answers; neither is a fault. */
export type GatewayAnswer =
  | { readonly outcome: 'done'; readonly gateway_reference: string }
  | { readonly outcome: 'declined'; readonly code: string };

export type GatewayLookup = { readonly integration: string; readonly operation_id: string };

/** What became of an operation. */
export type GatewayFinding = GatewayAnswer | { readonly outcome: 'not_found' };

/** Closes an operation that was never seen: after `canceled` a late request with its id is refused for ever. */
export type GatewayClosing = GatewayAnswer | { readonly outcome: 'canceled' };

/** A check of a client by a verification provider. */
export type CheckRequest = {
  readonly integration: string;
  readonly client: string;
  readonly name: string;
  readonly country: string;
  readonly documents: readonly string[];
  readonly bank_account: string;
};

export type CheckAnswer = { readonly passed: boolean; readonly findings: readonly string[] };
