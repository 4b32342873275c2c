import { z } from 'zod';
import { boundPage, boundRequest, RECORDS } from '../../../machines/bound-records.ts';
import { readBoundPage } from '../../store/bound-records.ts';
import { defineIntegration } from '../integration.ts';
import type { IntegrationKind } from '../integration.ts';

/** Which records the hub keeps in step with an ERP, for the feeds that have to ask whether they are still there. It only reads. */
export const records: IntegrationKind = defineIntegration({
  name: RECORDS,
  title: 'Records',
  provides: 'records',
  own: true,
  honours_keys: true,
  concurrency: 2,
  timeout_ms: 30_000,
  operations: { bound: { input: boundRequest, output: boundPage, reads: true } },
  config: z.strictObject({}),
  open: ({ database, ports }) =>
    Promise.resolve({
      perform: async ({ input, actor }) => {
        try {
          return { kind: 'done', output: await readBoundPage(database, boundRequest.parse(input)) };
        } catch (error) {
          // Nothing was done: whatever keeps the database from answering, it is asked again.
          ports.log.warn({ err: error, actor }, 'The records that are bound could not be read; they are read again');
          return { kind: 'retry', code: 'records_unreadable' };
        }
      },
      close: () => Promise.resolve(),
    }),
});
