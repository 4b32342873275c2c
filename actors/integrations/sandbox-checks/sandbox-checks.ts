import { z } from 'zod';
import type { CheckAnswer, CheckRequest } from '../../../machines/gateway.ts';
import { defineIntegration } from '../integration.ts';
import type { Call, CallResult, Integration, IntegrationKind } from '../integration.ts';
import { bankAccountFindings } from './bank-account.ts';
import { sanctionsFindings } from './sanctions.ts';

/**
 * Checks of clients to develop and test against. Each is a plain rule over what it is given, so the same client always gets
 * the same answer, and nothing is kept.
 */
const request = z.strictObject({
  integration: z.string(),
  client: z.string(),
  name: z.string().max(500),
  country: z.string().max(100),
  documents: z.array(z.string().max(500)).max(100),
  bank_account: z.string().max(200),
}) satisfies z.ZodType<CheckRequest>;

const answer = z.strictObject({ passed: z.boolean(), findings: z.array(z.string()) }) satisfies z.ZodType<CheckAnswer>;

const CHECKS: Readonly<Record<string, (request: CheckRequest) => readonly string[]>> = {
  identity: identityFindings,
  bank_account: ({ bank_account }) => bankAccountFindings(bank_account),
  sanctions: ({ name }) => sanctionsFindings(name),
};

const operation = { input: request, output: answer, reads: true };

export const sandboxChecks: IntegrationKind = defineIntegration({
  name: 'sandbox_checks',
  title: 'Sandbox checks of clients',
  provides: 'checks',
  honours_keys: true,
  concurrency: 64,
  timeout_ms: 5_000,
  operations: { identity: operation, bank_account: operation, sanctions: operation },
  config: z.strictObject({}),
  open: () => Promise.resolve(opened),
});

const opened: Integration = { perform: (call) => Promise.resolve(check(call)), close: () => Promise.resolve() };

function check(call: Call): CallResult {
  const findingsOf = Object.hasOwn(CHECKS, call.operation) ? CHECKS[call.operation] : undefined;
  if (findingsOf === undefined) return { kind: 'failed', code: 'invalid', detail: `There is no check ${call.operation}.` };
  const read = request.safeParse(call.input);
  if (!read.success) return { kind: 'failed', code: 'invalid', detail: z.prettifyError(read.error) };
  const findings = findingsOf(read.data);
  return { kind: 'done', output: { passed: findings.length === 0, findings } };
}

/** At least one document, and none whose name says that it has expired. */
function identityFindings({ documents }: CheckRequest): readonly string[] {
  if (documents.length === 0) return ['document_missing'];
  return documents.filter((name) => /^\s*expired/i.test(name)).map((name) => `document_expired:${name}`);
}
