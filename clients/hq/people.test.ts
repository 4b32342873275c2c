import { expect, test } from 'vitest';
import { ROLES as ALL } from '../../machines/machine.ts';
import { ROLES } from './people.ts';

test('[DESK-24] the roles that can be given to people are those that there are, but for the one of other systems', () => {
  expect([...ROLES].toSorted()).toEqual(ALL.filter((role) => role !== 'system').toSorted());
});
