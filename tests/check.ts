/** `npm run check`: all that can be checked without services, in well under a minute. The last line is `N passed, N failed`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const LIMIT_MS = 5 * 60_000;

type Step = { readonly name: string; readonly says: string; readonly script: string; readonly args: readonly string[] };
type Outcome = { readonly step: Step; readonly code: number | null; readonly output: string; readonly seconds: number };

const steps: readonly Step[] = [
  { name: 'types', says: 'tsc', script: tool('typescript/bin/tsc'), args: ['--noEmit'] },
  { name: 'lint', says: 'oxlint', script: tool('oxlint/bin/oxlint'), args: ['--deny-warnings'] },
  { name: 'format', says: 'oxfmt', script: tool('oxfmt/bin/oxfmt'), args: ['--check', '.'] },
  { name: 'unused', says: 'knip', script: tool('knip/bin/knip.js'), args: [] },
  { name: 'tests', says: 'vitest', script: join(import.meta.dirname, 'run.ts'), args: ['--project', 'unit'] },
];

function tool(path: string): string {
  return join(ROOT, 'node_modules', path);
}

function run(step: Step): Promise<Outcome> {
  const began = performance.now();
  const child = spawn(process.execPath, [step.script, ...step.args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => {
    const end = (code: number | null): void => resolve({ step, code, output, seconds: (performance.now() - began) / 1000 });
    child.once('error', (error) => {
      output += error.message;
      end(null);
    });
    child.once('close', end);
  });
}

const only = new Set(process.argv.slice(2));
const unknown = [...only].filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no check ${unknown.join(', ')}: the checks are ${steps.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}
const outcomes: Outcome[] = [];
for (const step of steps.filter(({ name }) => only.size === 0 || only.has(name))) {
  const outcome = await run(step);
  outcomes.push(outcome);
  process.stdout.write(
    `${outcome.code === 0 ? 'ok    ' : 'FAILED'} ${step.name.padEnd(7)} ${step.says.padEnd(7)} ${outcome.seconds.toFixed(1).padStart(5)} s\n`,
  );
}
const failed = outcomes.filter(({ code }) => code !== 0);
for (const { step, output } of failed) process.stdout.write(`\n${step.name} (${step.says}):\n${output.trim()}\n`);
process.stdout.write(`\n${outcomes.length - failed.length} passed, ${failed.length} failed\n`);
process.exit(failed.length === 0 ? 0 : 1);
