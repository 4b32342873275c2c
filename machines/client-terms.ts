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

const email = z.email().max(254);
/** What is known of a client beside what he must say of himself; null where nobody has said it. */
const contact = {
  /** Number for value added tax, with the country before it. */
  vat: line(32).nullable(),
  phone: line(40).nullable(),
  street: line(140).nullable(),
  city: line(140).nullable(),
  zip: line(20).nullable(),
};
const details = z.strictObject({ name, country, email, kind, ...contact }).partial();

export const clientInput = z.strictObject({ name, country, email, kind, ...z.strictObject(contact).partial().shape });

export const clientSettings = z.strictObject({
  /** The integration that checks identities, bank accounts and sanctions lists. */
  checks: idField.default('sandbox_checks'),
  /** The integration of the ERP that clients are written to once they are active; none where it is not said. */
  erp: idField.optional(),
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
  /** Corrects what is known; what is not named stays. */
  AMEND: z.strictObject({
    name: name.optional(),
    country: country.optional(),
    email: email.optional(),
    ...z.strictObject(contact).partial().shape,
  }),
};

export const clientInternal = {
  /** The binding that sends it keeps the client in step with the ERP from now on. */
  LINK: z.strictObject({}),
  /** What the ERP says, from the binding, and what it was decided against: where that is not so any more, nothing is taken over. */
  SYNC: z.strictObject({
    fields: details.extend({ archived: z.boolean().optional() }),
    before: z.record(z.string().max(64), z.unknown()),
  }),
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
  (
    | { type: 'INVITE' | 'VERIFY' | 'REINSTATE' | 'CLOSE' | 'LINK' }
    | ({ type: 'SUBMIT' } & Submit)
    | { type: 'SUSPEND' | 'REJECT'; reason: string }
    | ({ type: 'AMEND' } & z.infer<typeof clientEvents.AMEND>)
    | ({ type: 'SYNC' } & z.infer<typeof clientInternal.SYNC>)
  );

export type Details = z.infer<typeof details>;

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
  vat?: string | null | undefined;
  phone?: string | null | undefined;
  street?: string | null | undefined;
  city?: string | null | undefined;
  zip?: string | null | undefined;
  /** The ERP has put it away. */
  archived?: boolean | undefined;
  /** The state that it is in, as the ERP is told. */
  standing: string;
  /** The integration of the ERP that it is written to; absent where there is none. */
  erp?: string;
  /** The binding that keeps it in step with the ERP; absent where there is none. */
  link?: string;
  /** The integration that is asked. */
  checks_by: string;
  documents: readonly string[];
  bank_account: string | null;
  checks: Readonly<Record<Check, CheckRecord>>;
  /** Why it was suspended, rejected or closed. */
  reason: string | null;
};
