import type { Config } from './config.ts';

/** What machines are told of the environment, by type. */
export function machineSettings({ approvalFrom }: Config): Readonly<Record<string, unknown>> {
  return { payment: { approval_from_major: approvalFrom } };
}
