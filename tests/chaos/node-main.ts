/**
 * A hub in a process of its own as `hub/main.ts` runs it, but for two things that chaos needs: its wall clock can be moved from
 * outside, and long waits are short also where the services are given by URL. It ends when whoever started it has gone.
 */
import { startApp } from '../../hub/app.ts';
import { readConfig } from '../../hub/config.ts';
import type { Definition } from '../../machines/machine.ts';

const STOP_WITHIN_MS = 9_500;

const now = Date.now.bind(Date);
let offset_ms = 0;
Date.now = () => now() + offset_ms;

process.on('message', (message: { clock_ms: number }) => {
  offset_ms = message.clock_ms;
});
process.on('disconnect', () => process.exit(3));

const scale = Number(process.argv[2] ?? 1);
const brought = (process.argv[3] === undefined ? {} : await import(process.argv[3])) as {
  machines?: readonly Definition[];
  release?: string;
};
const { machines = [], release } = brought;
const app = await startApp({
  config: { ...readConfig(), timeScale: scale },
  machines,
  ...(release === undefined ? {} : { release }),
  terminal: false,
  progress: () => undefined,
});
let stopping = false;
process.on('SIGTERM', () => {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  app.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.on('unhandledRejection', (error) => app.hub.log.error({ err: error }, 'A promise was rejected and nobody listened'));
