import { z } from 'zod';
import type { Birth, PostingName, Stamp } from './machine.ts';
import { CURRENCIES, MOST_MINOR } from './money.ts';
import { idField, line } from './text.ts';

/** What an account is made of: its input, its events, its context and the facts that it makes known. */

const amount = z.int().min(1).max(MOST_MINOR);
const reason = line(500);
const name = line(80);
const reference = line(140);

export const accountInput = z.strictObject({
  /** Whose money it is: the id of a client. */
  client: idField,
  name,
  currency: z.enum(CURRENCIES, 'An active ISO 4217 code with a minor unit is expected, for example EUR'),
});

export const accountSettings = z.strictObject({
  /** From this share of what may be spent upwards the limit is near. */
  near_ratio: z.number().gt(0).lt(1).default(0.9),
  /** After so many days without a movement an account is asleep, and wakes up only when a person says so. */
  dormant_after_days: z.int().min(1).max(3650).default(365),
  /** Days below zero after which it is overdue by the first, the second and the third degree; from the second on nothing more is paid from it. */
  overdue_after_days: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).default([1, 8, 30]),
});

export const accountEvents = {
  /** Asks whether the client is active, and opens the account if so; by another person than the one who made it. */
  ACTIVATE: z.strictObject({}),
  /** Nothing more is paid from it. */
  BLOCK_DEBITS: z.strictObject({ reason }),
  UNBLOCK_DEBITS: z.strictObject({}),
  /** Nothing comes in. */
  BLOCK_CREDITS: z.strictObject({ reason }),
  UNBLOCK_CREDITS: z.strictObject({}),
  /** Nothing leaves until another person than the one who froze it says so. */
  FREEZE: z.strictObject({ reason }),
  UNFREEZE: z.strictObject({ reason }),
  WAKE: z.strictObject({}),
  /** How far it may go below zero; nothing until this says so. */
  SET_OVERDRAFT: z.strictObject({ overdraft_minor: z.int().min(0).max(MOST_MINOR) }),
  /** Money that has come in, as one person says; it counts when another has confirmed it. `deposit` is its own id. */
  DEPOSIT: z.strictObject({ deposit: idField, amount_minor: amount, reference }),
  CONFIRM: z.strictObject({ deposit: idField }),
  DROP: z.strictObject({ deposit: idField, reason }),
  CLOSE: z.strictObject({}),
  REOPEN: z.strictObject({ reason }),
};

export const accountInternal = {
  /** Keeps money for whoever asks, under a name of his own. Answered with RESERVED, or refused. */
  RESERVE: z.strictObject({ hold: idField, amount_minor: amount, currency: z.string().max(3), reference }),
  /** What was kept has been spent, all of it or a part; the rest is free again. */
  SETTLE: z.strictObject({ hold: idField, amount_minor: amount }),
  /** It was not spent. */
  RELEASE: z.strictObject({ hold: idField }),
  /** Money that comes back. `credit` is its own id. */
  CREDIT: z.strictObject({ credit: idField, amount_minor: amount, currency: z.string().max(3), reference }),
};

const count = z.int();
const fact = z.strictObject({
  client: idField,
  name,
  currency: z.string(),
  posted_minor: count,
  held_minor: count,
  available_minor: count,
  reason: z.string().nullable(),
});

export const accountFacts = {
  'account.activated': fact,
  'account.refused': fact,
  'account.blocked': fact,
  'account.unblocked': fact,
  'account.frozen': fact,
  'account.unfrozen': fact,
  'account.asleep': fact,
  'account.near_limit': fact,
  'account.overdue': fact,
  /** It takes no deposit any more, and is closed when nothing is left on it. */
  'account.closing': fact,
  'account.closed': fact,
  'account.reopened': fact,
};

export type AccountFactName = keyof typeof accountFacts;
export type AccountFact = z.infer<typeof fact> & { type: AccountFactName };

export type Reserve = z.infer<typeof accountInternal.RESERVE> & Stamp;
export type Settle = z.infer<typeof accountInternal.SETTLE> & Stamp;
export type Release = z.infer<typeof accountInternal.RELEASE> & Stamp;
export type Credit = z.infer<typeof accountInternal.CREDIT> & Stamp;
export type Deposit = z.infer<typeof accountEvents.DEPOSIT> & Stamp;
export type OfDeposit = { readonly deposit: string } & Stamp;
export type SetOverdraft = z.infer<typeof accountEvents.SET_OVERDRAFT> & Stamp;

export type AccountEvent = Stamp &
  (
    | { type: 'ACTIVATE' | 'UNBLOCK_DEBITS' | 'UNBLOCK_CREDITS' | 'WAKE' | 'CLOSE' }
    | { type: 'BLOCK_DEBITS' | 'BLOCK_CREDITS' | 'FREEZE' | 'UNFREEZE' | 'REOPEN'; reason: string }
    | ({ type: 'SET_OVERDRAFT' } & SetOverdraft)
    | ({ type: 'DEPOSIT' } & Deposit)
    | ({ type: 'CONFIRM' } & OfDeposit)
    | ({ type: 'DROP'; reason: string } & OfDeposit)
    | ({ type: 'RESERVE' } & Reserve)
    | ({ type: 'SETTLE' } & Settle)
    | ({ type: 'RELEASE' } & Release)
    | ({ type: 'CREDIT' } & Credit)
  );

export type AccountRules = z.infer<typeof accountSettings>;
export type AccountBirth = z.infer<typeof accountInput> & Birth<AccountRules>;

/** Money that is kept for somebody. */
export type Hold = {
  readonly hold: string;
  /** The address of the actor that it is kept for. */
  readonly by: string;
  readonly amount_minor: number;
  readonly reference: string;
  readonly at: number;
  /** What set it aside in the ledger. */
  readonly posting: PostingName;
};

export type DepositRecord = {
  readonly deposit: string;
  readonly amount_minor: number;
  readonly reference: string;
  readonly by: string;
  readonly at: number;
  readonly posting: PostingName;
};

/** Every amount is in minor units of `currency`. Written with every step: keep it small. */
export type AccountContext = {
  id: string;
  client: string;
  name: string;
  currency: string;
  /** Who created it. */
  maker: string;
  overdraft_minor: number;
  rules: AccountRules;
  /** What has been posted. */
  posted_minor: number;
  /** What is kept for somebody. */
  held_minor: number;
  /** What has come in and is not confirmed. */
  incoming_minor: number;
  /** What can still be spent: posted and overdraft without what is kept. */
  available_minor: number;
  holds: readonly Hold[];
  deposits: readonly DepositRecord[];
  /** Credits that were taken last, so that one that comes again is not taken twice. */
  credits: readonly string[];
  frozen_by: string | null;
  /** Whether anything has moved since it was looked at last. */
  moved: boolean;
  /** Why it stands where it stands, as somebody wrote it or as a code. */
  reason: string | null;
};
