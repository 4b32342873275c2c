import { onTestFinished, vi } from 'vitest';

/** What is thrown in microtasks until the test is over, where it would end the process as an error that nobody has caught. */
export function catchErrors(): unknown[] {
  const errors: unknown[] = [];
  const spy = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
    void Promise.resolve()
      .then(task)
      .catch((error: unknown) => errors.push(error));
  });
  onTestFinished(() => spy.mockRestore());
  return errors;
}
