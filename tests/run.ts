/**
 * Runs the tests: `npm test` all of them, `npm test -- actors/store` those whose path contains this, `npm test -- -t SYNC-4`
 * those whose name does; every other option of vitest works too. The last line is `N passed, N failed`.
 */
import { join } from 'node:path';

const OLDEST_NODE = 24;
/** A run that hangs must end too, and say so. */
const LIMIT_MS = 25 * 60_000;

const major = Number.parseInt(process.versions.node, 10);
if (major < OLDEST_NODE) {
  process.stderr.write(
    `The tests need Node ${OLDEST_NODE} and this is ${process.versions.node}. Start them with \`npm test\` after \`npm install\`: ` +
      'the dependencies bring the right Node along on Linux. Elsewhere install Node 24 and try again.\n',
  );
  process.exit(1);
}

const { parseCLI, startVitest } = await import('vitest/node');
const { countTests } = await import('./support/count-tests.ts');

const config = join(import.meta.dirname, 'vitest.config.ts');
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)], { allowUnknownOptions: false });
const count = countTests();
setTimeout(() => finish(`the tests did not end within ${LIMIT_MS / 60_000} minutes`), LIMIT_MS).unref();
const vitest = await startVitest(filter, { ...options, config, reporters: ['default', count.reporter] }).catch((error: unknown) => error);
if (vitest instanceof Error) finish(vitest.stack ?? vitest.message);
else if (vitest !== undefined) await (vitest as { close(): Promise<void> }).close();
finish();

function finish(trouble?: string): never {
  const { passed, failed } = count.totals();
  if (trouble !== undefined) process.stderr.write(`${trouble}\n`);
  const failures = failed + (trouble === undefined ? 0 : 1);
  process.stdout.write(`${passed} passed, ${failures} failed\n`);
  process.exit(failures === 0 && passed > 0 ? 0 : 1);
}
