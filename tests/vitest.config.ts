import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const SERVICES = './tests/support/global-setup.ts';

/**
 * Four groups, one after the other: `*.test.ts` needs nothing, `*.pg.test.ts` needs PostgreSQL and NATS, `*.e2e.test.ts` a
 * browser too; `*.odoo.test.ts` needs a real Odoo, and without one says that it did not run (tests/support/odoo.ts). The
 * numbers of workers are meant for two processors.
 */
export default defineConfig({
  root: join(import.meta.dirname, '..'),
  test: {
    dir: '.',
    watch: false,
    allowOnly: false,
    slowTestThreshold: 2_000,
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['**/*.pg.test.ts', '**/*.e2e.test.ts', '**/*.odoo.test.ts', '**/node_modules/**', '.data/**'],
          maxWorkers: 2,
          testTimeout: 20_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          include: ['**/*.pg.test.ts'],
          globalSetup: SERVICES,
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 90_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          globalSetup: [SERVICES, './tests/support/chromium.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'odoo',
          include: ['**/*.odoo.test.ts'],
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
