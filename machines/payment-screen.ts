import type { CheckAnswer, CheckRequest } from './gateway.ts';
import { must } from './must.ts';
import { hasHandIn } from './payment-rules.ts';
import type { Clear, PaymentContext, Screening } from './payment-terms.ts';

/** The rules by which payees are looked up on lists. */

/** Whether the house looks up whom it pays. */
export function isScreened({ screened_by }: PaymentContext): boolean {
  return screened_by !== undefined;
}

export function toCheck({ client, payee, screened_by }: PaymentContext): CheckRequest {
  const integration = must(screened_by, 'who screens the payees of a payment');
  return { integration, client, name: payee, country: '', documents: [], bank_account: '' };
}

/** Nothing was found, or only what somebody has looked at already and said to be somebody else. */
export function mayPass(context: PaymentContext, { passed, findings }: CheckAnswer): boolean {
  if (passed) return true;
  const { screening } = context;
  if (screening?.cleared_by === undefined || screening.revision !== context.revision) return false;
  return findings.length > 0 && findings.every((finding) => screening.findings.includes(finding));
}

/** Why somebody does not say of the findings that they mean somebody else. */
export function refuseClear(context: PaymentContext, { by }: Clear): string | undefined {
  return hasHandIn(context, by) ? 'four_eyes' : undefined;
}

export function withFindings({ revision }: PaymentContext, findings: readonly string[]): Screening {
  return { revision, findings };
}

export function cleared({ screening }: PaymentContext, { by, reason }: Clear): Screening {
  return { ...must(screening, 'the findings about a payee'), cleared_by: by, because: reason };
}
