import { Refused } from '../../actors/store/refused.ts';
import { BadConfig } from '../config.ts';
import type { ServiceLog } from '../embedded/keeper.ts';

/**
 * Runs a command of an operator: what it tells goes to standard output with the seconds since its beginning, what it warns of to
 * standard error. Ends the process with 0, or with 1 and a sentence.
 */
export async function runCommandLine(work: (tell: (line: string) => void, log: ServiceLog) => Promise<void>): Promise<void> {
  const began = performance.now();
  const tell = (line: string): void =>
    void process.stdout.write(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}\n`);
  const warn = (_: object, message: string): void => void process.stderr.write(`           ${message}\n`);
  try {
    await work(tell, { info: () => undefined, warn, error: warn });
    process.exitCode = 0;
  } catch (error) {
    process.exitCode = 1;
    const isForPeople = error instanceof Refused || error instanceof BadConfig || isUsage(error);
    const text = error instanceof Error ? (isForPeople ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`${text}\n`);
  }
}

function isUsage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
