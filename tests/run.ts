/**
 * Runs the tests: `npm test` all of them, `npm test -- actors/store` those whose path contains this, `npm test -- -t SYNC-4`
 * those whose name does; every other option of vitest works too. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseCLI, startVitest } from 'vitest/node';
import { countTests } from './support/count-tests.ts';
import { installPackages, mayInstall } from './support/debian.ts';

/** A run that hangs must end too, and say so. */
const LIMIT_MS = 28 * 60_000;

const config = join(import.meta.dirname, 'vitest.config.ts');
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)], { allowUnknownOptions: false });
const count = countTests();
if (filter.length === 0 && options.project === undefined) provideCompose();
setTimeout(giveUp, LIMIT_MS).unref();
const vitest = await startVitest(filter, { ...options, config, reporters: ['default', count.reporter] }).catch((error: unknown) => error);
if (vitest instanceof Error) finish(vitest.stack ?? vitest.message);
else if (vitest !== undefined) await (vitest as { close(): Promise<void> }).close();
finish();

function finish(trouble?: string): never {
  process.exit(tell(trouble) ? 0 : 1);
}

/** Whether all went well. */
function tell(trouble?: string): boolean {
  const { passed, failed } = count.totals();
  if (trouble !== undefined) process.stderr.write(`${trouble}\n`);
  const failures = failed + (trouble === undefined ? 0 : 1);
  process.stdout.write(`${passed} passed, ${failures} failed\n`);
  return failures === 0 && passed > 0;
}

function giveUp(): void {
  tell(`the tests did not end within ${LIMIT_MS / 60_000} minutes`);
  process.kill(process.pid, 'SIGTERM'); // whoever started servers stops them
}

/** Without it the test of docker-compose.yml makes only its static checks, and says so. What else tests need, they see to themselves. */
function provideCompose(): void {
  const isThere = (command: string, ...args: string[]): boolean =>
    spawnSync(command, [...args, 'version'], { stdio: 'ignore' }).status === 0;
  if (isThere('docker-compose') || isThere('docker', 'compose') || !mayInstall()) return;
  process.stderr.write('installing docker-compose for the tests\n');
  const failure = installPackages('docker-compose');
  if (failure !== undefined) process.stderr.write(`docker-compose could not be installed: ${failure}\n`);
}
