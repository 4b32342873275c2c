import type { Reporter } from 'vitest/node';

type Totals = { readonly passed: number; readonly failed: number };

/** A reporter that only counts. A file that could not be loaded and an error outside of any test each count as a failed test. */
export function countTests(): { readonly reporter: Reporter; readonly totals: () => Totals } {
  const files = new Map<string, Totals>();
  let stray = 0;
  const reporter: Reporter = {
    onTestModuleEnd(file) {
      const states = [...file.children.allTests()].map((test) => test.result().state);
      const count = (state: string): number => states.filter((each) => each === state).length;
      files.set(file.id, { passed: count('passed'), failed: count('failed') });
      if (!file.ok() && count('failed') === 0) files.set(file.id, { passed: count('passed'), failed: 1 });
    },
    onTestRunEnd(_files, unhandled, reason) {
      stray = unhandled.length;
      const failed = [...files.values()].some((file) => file.failed > 0);
      if (reason !== 'passed' && stray === 0 && !failed) stray = 1;
    },
  };
  const totals = (): Totals => ({
    passed: [...files.values()].reduce((sum, { passed }) => sum + passed, 0),
    failed: [...files.values()].reduce((sum, { failed }) => sum + failed, stray),
  });
  return { reporter, totals };
}
