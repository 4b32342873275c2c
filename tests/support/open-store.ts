/** Opens the store of a database when it is told to, and ends: a test has two processes do it at once. */
import { openPostgres } from '../../actors/store/postgres.ts';

process.once('message', () => {
  openPostgres({ url: process.argv[2] ?? '', lease_ms: 5_000, lanes: 1, release: '1' })
    .then((store) => store.close())
    .then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
});
process.send?.('ready');
