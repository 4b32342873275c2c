import { z } from 'zod';
import { isCountry } from './country.ts';
import type { CheckAnswer } from './gateway.ts';
import type { Birth, Stamp } from './machine.ts';
import { idField, line } from './text.ts';

/** What a client is made of: its input, its events, its context and the facts that it makes known. */

const kind = z.enum(['company', 'person']);
const name = line(140);
const COUNTRY = 'A country is two capitals of ISO 3166-1 alpha-2, for example DE';
/** Of a client that was stored while every pair of capitals was taken, too. */
const storedCountry = z.string().regex(/^[A-Z]{2}$/, { error: COUNTRY, abort: true });
const country = storedCountry.refine(isCountry, COUNTRY);
const reason = line(500);

export const clientInput = z.strictObject({ name, country, email: z.email().max(254), kind });

export const clientSettings = z.strictObject({
  /** The integration that checks identities, bank accounts and sanctions lists. */
  checks: idField.default('sandbox_checks'),
});

export const clientEvents = {
  /** Invites, or invites again. */
  INVITE: z.strictObject({}),
  SUBMIT: z.strictObject({
    documents: z.array(line(140)).min(1).max(20),
    bank_account: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 -]{3,63}$/, 'A bank account is 4 to 64 letters and digits, like an IBAN'),
  }),
  VERIFY: z.strictObject({}),
  SUSPEND: z.strictObject({ reason }),
  REINSTATE: z.strictObject({}),
  REJECT: z.strictObject({ reason }),
  CLOSE: z.strictObject({}),
};

const fact = z.strictObject({ name, country: storedCountry, kind, reason: z.string().nullable() });

/** What other systems are told. Findings are not among it: a sanctions hit is for the people who have to judge it. */
export const clientFacts = {
  'client.invited': fact,
  'client.submitted': fact,
  'client.verification_refused': fact,
  'client.activated': fact,
  'client.suspended': fact,
  'client.reinstated': fact,
  'client.rejected': fact,
  'client.closed': fact,
};

export type ClientFactName = keyof typeof clientFacts;
export type ClientFact = z.infer<typeof fact> & { type: ClientFactName };

export const CHECKS = ['identity', 'bank_account', 'sanctions'] as const;
export type Check = (typeof CHECKS)[number];

export type Submit = z.infer<typeof clientEvents.SUBMIT> & Stamp;

export type ClientEvent = Stamp &
  ({ type: 'INVITE' | 'VERIFY' | 'REINSTATE' | 'CLOSE' } | ({ type: 'SUBMIT' } & Submit) | { type: 'SUSPEND' | 'REJECT'; reason: string });

export type ClientBirth = z.infer<typeof clientInput> & Birth<z.infer<typeof clientSettings>>;

/** What a check came to. `unanswered`: the provider gave no answer in all the tries it had. */
export type Verdict = 'passed' | 'refused' | 'unanswered';

export type CheckRecord = { readonly verdict: Verdict | null; readonly tries: number; readonly findings: CheckAnswer['findings'] };

export type ClientContext = {
  id: string;
  name: string;
  country: string;
  email: string;
  kind: 'company' | 'person';
  /** The integration that is asked. */
  checks_by: string;
  documents: readonly string[];
  bank_account: string | null;
  checks: Readonly<Record<Check, CheckRecord>>;
  /** Why it was suspended, rejected or closed. */
  reason: string | null;
};
