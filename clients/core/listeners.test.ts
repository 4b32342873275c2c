import { expect, test } from 'vitest';
import { catchErrors } from '../../tests/support/uncaught.ts';
import { Listeners } from './listeners.ts';

test('[SDK-30] a listener that throws keeps nobody else from hearing, and its error is not lost', async () => {
  const errors = catchErrors();
  const listeners = new Listeners<[string]>();
  const heard: string[] = [];
  listeners.add(() => {
    throw new Error('a bug of a screen');
  });
  const end = listeners.add((what) => void heard.push(what));
  listeners.tell('one');
  end();
  listeners.tell('two');
  expect(heard).toEqual(['one']);
  await new Promise((done) => setImmediate(done));
  expect(errors).toEqual([new Error('a bug of a screen'), new Error('a bug of a screen')]);
});
