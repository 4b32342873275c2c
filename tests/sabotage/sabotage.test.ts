import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Copy, countOf } from './copy.ts';
import { SABOTAGES } from './sabotages.ts';

/* That each is found, and by what, is shown by `npm run prove -- sabotage`. */

const ROOT = join(import.meta.dirname, '..', '..');

function changedLines(find: string, replace: string): number {
  const [was, is] = [find.trimEnd().split('\n'), replace.trimEnd().split('\n')];
  return Math.max(is.filter((line) => !was.includes(line)).length, was.filter((line) => !is.includes(line)).length);
}

describe('the planted bugs', () => {
  test.each(SABOTAGES)('[SAB-1] $name: stands in one place of the product and changes one to three lines', (sabotage) => {
    const source = readFileSync(join(ROOT, sabotage.file), 'utf8');
    expect(countOf(sabotage, source)).toBe(1);
    expect(sabotage.file).toMatch(/^(machines|actors|hub)\/.*(?<!\.test)\.ts$/);
    const changed = changedLines(sabotage.find, sabotage.replace);
    expect(changed).toBeGreaterThanOrEqual(1);
    expect(changed).toBeLessThanOrEqual(3);
  });

  test('[SAB-2] there are at least 25, at least ten of them in commit, fence or effects, each with a prover that exists', () => {
    expect(SABOTAGES.length).toBeGreaterThanOrEqual(25);
    expect(SABOTAGES.filter(({ part }) => ['commit', 'fence', 'effects'].includes(part)).length).toBeGreaterThanOrEqual(10);
    expect(new Set(SABOTAGES.map(({ name }) => name)).size).toBe(SABOTAGES.length);
    for (const { prover } of SABOTAGES) expect(existsSync(join(ROOT, prover.argv[0] ?? ''))).toBe(true);
  });
});

describe('the copy', () => {
  test('[SAB-3] has the bug for as long as it is tried, and then as little as the product', { timeout: 60_000 }, async () => {
    const [sabotage = expect.fail('There are none')] = SABOTAGES;
    const copy = await Copy.make();
    try {
      const read = (): string => readFileSync(join(copy.dir, sabotage.file), 'utf8');
      const whole = read();
      expect(whole).toBe(readFileSync(join(ROOT, sabotage.file), 'utf8'));
      const planted = await copy.with(sabotage, async () => read());
      expect(planted).toBe(whole.replace(sabotage.find, () => sabotage.replace));
      expect(read()).toBe(whole);
      await expect(copy.with({ ...sabotage, find: 'nowhere in the product' }, async () => undefined)).rejects.toThrow('does not have once');
    } finally {
      await copy.remove();
    }
  });

  test('[SAB-4] tells what a prover ended with, and that it did not end in time', { timeout: 60_000 }, async () => {
    const copy = await Copy.make();
    try {
      expect(await copy.run(['-e', 'console.log("seen"); process.exit(3)'], 20_000)).toMatchObject({ code: 3, output: 'seen\n' });
      expect((await copy.run(['-e', 'setInterval(() => undefined, 1000)'], 500)).code).toBe('too late');
    } finally {
      await copy.remove();
    }
  });
});
