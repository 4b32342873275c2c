import type { Config } from './config.ts';

/** What machines are told of the environment, by type. */
export function machineSettings({
  approvalFrom,
  approvalsNeeded,
  routes,
  gatewayCosts,
  rates,
  spreadBasisPoints,
  screenedBy,
  erp,
  homeCurrency,
  importApproveFrom,
}: Config): Readonly<Record<string, unknown>> {
  return {
    payment: {
      approval_from_major: approvalFrom,
      approvals_needed: approvalsNeeded,
      routes,
      gateway_costs: gatewayCosts,
      rates,
      spread_basis_points: spreadBasisPoints,
      ...(screenedBy === undefined ? {} : { screened_by: screenedBy }),
    },
    client: erp === undefined ? {} : { erp },
    import: { approve_from_rows: importApproveFrom },
    period: { home_currency: homeCurrency, rates },
  };
}
