import type { Config } from './config.ts';

/** What machines are told of the environment, by type. */
export function machineSettings({
  approvalFrom,
  approvalsNeeded,
  routes,
  rates,
  spreadBasisPoints,
  homeCurrency,
}: Config): Readonly<Record<string, unknown>> {
  return {
    payment: {
      approval_from_major: approvalFrom,
      approvals_needed: approvalsNeeded,
      routes,
      rates,
      spread_basis_points: spreadBasisPoints,
    },
    period: { home_currency: homeCurrency, rates },
  };
}
