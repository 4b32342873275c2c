import { expect, test } from 'vitest';
import { endWithPerson } from './person.ts';

/** Who is signed in, and for whom the hub shows what is shown, as plain data. */
function desk(signedIn: string | undefined, shownTo: string | undefined) {
  const listeners: (() => void)[] = [];
  const done: string[] = [];
  let name = signedIn;
  const session = {
    get bearer() {
      return name && `${name}, of nobody`;
    },
    get who() {
      return name === undefined ? undefined : { username: name, roles: [], client: undefined };
    },
    onChange: (listener: () => void) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const shown = {
    type: '@green-lines.session',
    node: 'one',
    target: '*',
    sample: 1,
    rate: 1,
    endsAt: 0,
    stately: false,
    resume: '',
  } as const;
  const link = { session: shownTo === undefined ? undefined : { ...shown, person: shownTo }, forget: () => void done.push('forgotten') };
  endWithPerson({ session, link }, () => void done.push('left'));
  const become = (next: string | undefined): readonly string[] => {
    name = next;
    for (const listener of listeners) listener();
    return done.splice(0);
  };
  return become;
}

test('[DESKSAFE-17] the inspector lets go of everything when whoever looks signs out, or somebody else signs in', () => {
  expect(desk('dora', 'dora')(undefined)).toEqual(['forgotten', 'left']);
  expect(desk('dora', 'dora')('bob')).toEqual(['forgotten', 'left']);
  expect(desk('dora', undefined)('bob')).toEqual(['forgotten', 'left']);
  // A renewal of the tokens is no change.
  expect(desk('dora', 'dora')('dora')).toEqual([]);
});

test('[DESKSAFE-17] a page that a ticket has opened goes on where nobody is signed in, until somebody else than its person is', () => {
  expect(desk(undefined, 'dora')(undefined)).toEqual([]);
  expect(desk(undefined, 'dora')('dora')).toEqual([]);
  expect(desk(undefined, 'dora')('bob')).toEqual(['forgotten', 'left']);
  // Signing in on the page itself, before anything is shown.
  expect(desk(undefined, undefined)('bob')).toEqual([]);
});
