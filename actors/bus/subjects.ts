import { isId } from '../../machines/ids.ts';

/** Every stream and subject of NATS, and how names become tokens of them. */
export const STREAMS = { in: 'GREENLINES_IN', events: 'GREENLINES_EVENTS', changes: 'GREENLINES_CHANGES' } as const;

export const SUBJECTS = {
  in: 'greenlines.in.>',
  events: 'greenlines.event.>',
  changes: 'greenlines.changes.*',
  /** Something changed in who owns what. */
  nodes: 'greenlines.nodes',
  /** An integration was set up anew. */
  setups: 'greenlines.setups',
  /** A kind of actors was paused or resumed. */
  pauses: 'greenlines.pauses',
} as const;

/** What is no plain token goes as base64url, so that nothing anybody sends can widen a subject. */
export function toToken(text: string): string {
  return isId(text) ? text : Buffer.from(text).toString('base64url');
}

export function receiptSubject(source: string, event_id: string): string {
  return `greenlines.receipt.${toToken(source)}.${toToken(event_id)}`;
}

/** `payment.settled` of `payment/pay_1` goes to `greenlines.event.payment.settled.pay_1`. */
export function eventSubject(type: string, event: string, id: string): string {
  const prefix = `${type}.`;
  const name = event.startsWith(prefix) ? event.slice(prefix.length) : event;
  return `greenlines.event.${type}.${toToken(name)}.${id}`;
}

export function changesSubject(partition: number): string {
  return `greenlines.changes.${partition}`;
}

/** Where a node takes what other nodes pass on to it. */
export function nodeSubject(node: string): string {
  return `greenlines.node.${toToken(node)}`;
}

/** Where each journal ends, signed, for whoever keeps it outside of the hubs. */
export function headsSubject(node: string): string {
  return `greenlines.heads.${toToken(node)}`;
}

export function deadSubject(type: string, id: string): string {
  return `greenlines.dead.${toToken(type)}.${toToken(id)}`;
}

/** The type and id that an intake subject names; undefined where they are not well formed. */
export function readInSubject(subject: string): { type: string; id: string } | undefined {
  const [root, door, type, id, ...rest] = subject.split('.');
  if (root !== 'greenlines' || door !== 'in' || type === undefined || id === undefined || rest.length > 0) return undefined;
  return { type, id };
}

/** The subjects of one kind of actor as documents write them: a name in braces stands for a token. */
export function describedSubjects(type: string): { readonly in: string; readonly dead: string } {
  return { in: `greenlines.in.${type}.{id}`, dead: `greenlines.dead.${type}.{id}` };
}

export const DESCRIBED_RECEIPT = 'greenlines.receipt.{source}.{event_id}';
