import type { IntegrationKind } from './integration.ts';
import { sandbox } from './sandbox/sandbox.ts';
import { sandboxChecks } from './sandbox-checks/sandbox-checks.ts';

/** Every integration that the hub knows. */
export const integrations: readonly IntegrationKind[] = [sandbox, sandboxChecks];
