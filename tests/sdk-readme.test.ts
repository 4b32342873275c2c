import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examplesOf, writeExamples } from './support/examples.ts';
import { ROOT } from './support/sources.ts';

test('[SDK-22] every example of the SDK’s README compiles as it stands', async () => {
  const examples = await examplesOf('clients/core/README.md');
  expect(examples.map(({ language }) => language)).toEqual(['ts', 'ts', 'tsx', 'ts', 'ts']);
  const { folder, remove } = await writeExamples('sdk-readme', examples);
  try {
    const config = { extends: '../../tsconfig.json', include: ['*'], exclude: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, status } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', folder], { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  } finally {
    await remove();
  }
}, 120_000);
