import { startApp } from './app.ts';
import { banner } from './banner.ts';
import { BadConfig, readConfig } from './config.ts';

const STOP_WITHIN_MS = 9_500;

/** Starts the hub and stops it on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const terminal = process.stdout.isTTY === true;
  const started_at = performance.now();
  const progress = (line: string): void => {
    if (terminal) process.stdout.write(`  ${((performance.now() - started_at) / 1000).toFixed(1).padStart(5)} s  ${line}\n`);
  };
  const app = await startApp({ config: readConfig(), terminal, progress });
  if (terminal) process.stdout.write(banner(app.hub));
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1); // asked twice: now
    stopping = true;
    app.hub.log.info({ signal }, 'Stopping');
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    app.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('unhandledRejection', (error) => app.hub.log.error({ err: error }, 'A promise was rejected and nobody listened'));
}

main().catch((error: unknown) => {
  const known = error instanceof BadConfig || (error instanceof Error && ['DataDirectoryInUse', 'Refused'].includes(error.name));
  process.stderr.write(
    `${known || !(error instanceof Error) ? String(error instanceof Error ? error.message : error) : (error.stack ?? error.message)}\n`,
  );
  process.exit(1);
});
