import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { examplesOf, writeExamples } from './support/examples.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.stop());

test('[SDK-22] every program of the SDK’s README runs, and says what its comments say', async () => {
  const programs = (await examplesOf('clients/core/README.md')).filter(({ run }) => run);
  expect(programs).toHaveLength(3);
  const { folder, remove } = await writeExamples('sdk-readme-run', programs);
  const said: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => {
    said.push(words.map((word) => (typeof word === 'object' ? JSON.stringify(word) : String(word))).join(' '));
  });
  try {
    for (const { name } of programs) {
      const file = join(folder, name);
      await writeFile(file, (await readFile(file, 'utf8')).replaceAll('http://127.0.0.1:4000', hub.url));
      await import(pathToFileURL(file).href);
    }
  } finally {
    log.mockRestore();
    await remove();
  }
  expect(said.slice(0, 2)).toEqual(['{"outcome":"applied","version":2}', '250000 true']);
  expect(said.slice(2, 5)).toEqual([
    expect.stringMatching(/^first_reminder 14(40|39) min$/),
    expect.stringMatching(/^second_reminder 28(80|79) min$/),
    expect.stringMatching(/^approval_ttl 43(20|19) min$/),
  ]);
  expect(said[5]).toMatch(/^not_in_state /);
  expect(said.some((line) => line.startsWith('Bolt Ltd · Invoice 7 2500.00 EUR needs_approval'))).toBe(true);
  expect(said.slice(-2)).toEqual([expect.stringMatching(/^[123] kept$/), 'applied']);
}, 60_000);
