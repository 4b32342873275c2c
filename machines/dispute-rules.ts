import type {
  DisputeBirth,
  DisputeContext,
  DisputeEvent,
  DisputeFact,
  DisputeFactName,
  DisputeUpdated,
  Evidence,
  SubmitEvidence,
  TellRefused,
  Trouble,
} from './dispute-terms.ts';
import { reverse } from './legs.ts';
import type { Leg, Post, Tell } from './machine.ts';
import { must } from './must.ts';

/** The rules of a dispute, as functions of its context and an event. The guards and the reasons are the same functions. */

/** Where money is that a bank took back for good. */
export const LOSSES = 'loss/disputes';

const HOUR = 60 * 60 * 1000;
/** So long before the evidence is due somebody is told. */
export const NOTICES = { week: 7 * 24 * HOUR, two_days: 2 * 24 * HOUR, half_day: 12 * HOUR } as const;
export type Notice = keyof typeof NOTICES;

/** So many troubles wait to be looked at; of more the newest. */
const MOST_TROUBLES = 10;
/** What takes money back is the first thing that its step asks for. */
const FIRST = 0;

export function toContext({ settings: _, at, by, v, ...input }: DisputeBirth): DisputeContext {
  return {
    ...input,
    maker: by,
    opened_at: at,
    evidence: null,
    withdrawal: input.kind === 'chargeback' ? { v, i: FIRST } : null,
    ending: null,
    stands_because: null,
    troubles: [],
  };
}

export function toFact(type: DisputeFactName, context: DisputeContext): DisputeFact {
  const { client, payment, kind, amount_minor, currency, reason, due_by, stands_because } = context;
  return { type, client, payment, kind, amount_minor, currency, reason, due_by, stands_because };
}

/** How long until so long before the evidence is due; without a notice until it is due. */
export function waitUntil({ due_by }: DisputeContext, now: number, notice?: Notice): number {
  return Math.max(0, due_by - (notice === undefined ? 0 : NOTICES[notice]) - now);
}

/** A later deadline is another round: whatever names the one before is older. */
export function isLater({ due_by }: DisputeContext, event: DisputeUpdated): boolean {
  return event.due_by !== undefined && event.due_by > due_by;
}

export function isOlder({ due_by }: DisputeContext, event: DisputeUpdated): boolean {
  return event.due_by !== undefined && event.due_by < due_by;
}

/** Whether the provider asks for evidence until another moment than the one that is known. */
export function movesDeadline(context: DisputeContext, event: DisputeUpdated): boolean {
  if (context.kind === 'inquiry' && event.status === 'needs_response') return true;
  return event.status === (context.kind === 'inquiry' ? 'inquiry' : 'needs_response') && isLater(context, event);
}

/** Whether the provider says that it ended otherwise than it did. */
export function contradicts({ ending }: DisputeContext, { status }: DisputeUpdated): boolean {
  const isEnd = status === 'won' || status === 'lost' || status === 'prevented';
  return ending !== null && isEnd && status !== (ending === 'accepted' ? 'lost' : ending);
}

/** The deadline that an event names, or the one that is known. */
export function dueBy({ due_by }: DisputeContext, event: DisputeEvent): number {
  return event.type === 'DISPUTE_UPDATED' ? (event.due_by ?? due_by) : due_by;
}

/** An inquiry that has become a chargeback: the money is taken back, and what was said before does not answer it. */
export function escalate(context: DisputeContext, event: DisputeEvent): Partial<DisputeContext> {
  const withdrawal = { v: event.v, i: FIRST };
  return { kind: 'chargeback', withdrawal, due_by: dueBy(context, event), evidence: null, stands_because: null };
}

export function refuseApprove({ evidence }: DisputeContext, { by }: { by: string }): string | undefined {
  return evidence?.by === by ? 'four_eyes' : undefined;
}

export function refuseAccept({ maker }: DisputeContext, { by }: { by: string }): string | undefined {
  return maker === by ? 'four_eyes' : undefined;
}

export function toEvidence({ summary, documents, by, at }: SubmitEvidence): Evidence {
  return { summary, documents, by, at, approved_by: null };
}

export function approved({ evidence }: DisputeContext, by: string): Evidence {
  return { ...must(evidence, 'the evidence of a dispute'), approved_by: by };
}

export function withTrouble({ troubles }: DisputeContext, trouble: Trouble): readonly Trouble[] {
  return [...troubles, trouble].slice(-MOST_TROUBLES);
}

export function toRefusal({ event, reason, at }: TellRefused): Trouble {
  return { what: event, why: reason, at };
}

export function toContradiction({ status, at }: DisputeUpdated): Trouble {
  return { what: 'DISPUTE_UPDATED', why: status, at };
}

/** The money has left the gateway, and is nowhere until it is known who keeps it. */
export function toWithdrawalPost(context: DisputeContext): Post {
  return { legs: withdrawalOf(context), text: textOf(context) };
}

export function toReturnPost(context: DisputeContext): Post {
  const of = must(context.withdrawal, 'what took the money of a dispute back');
  return { legs: reverse(withdrawalOf(context)), kind: 'reversal', of, text: textOf(context) };
}

export function toLossPost(context: DisputeContext): Post {
  const { amount_minor, currency } = context;
  const legs = [
    { account: LOSSES, amount_minor, currency },
    { account: ownOf(context), amount_minor: -amount_minor, currency },
  ];
  return { legs, text: textOf(context) };
}

export function toDisputed({ id, payment, amount_minor }: DisputeContext): Tell {
  return { to: `payment/${payment}`, event: { type: 'DISPUTED', dispute: id, amount_minor } };
}

export function toEnded({ id, payment }: DisputeContext, type: 'DISPUTE_WON' | 'DISPUTE_LOST'): Tell {
  return { to: `payment/${payment}`, event: { type, dispute: id } };
}

function withdrawalOf(context: DisputeContext): readonly Leg[] {
  const { gateway, amount_minor, currency } = context;
  return [
    { account: ownOf(context), amount_minor, currency },
    { account: `gateway/${gateway}`, amount_minor: -amount_minor, currency },
  ];
}

function ownOf({ id }: DisputeContext): string {
  return `dispute/${id}`;
}

function textOf({ payment, reason }: DisputeContext): string {
  return `${payment}: ${reason}`;
}
