import { expect, test } from 'vitest';
import type { Outcome } from '../../actors/delivery.ts';
import { Fault } from '../../machines/fault.ts';
import { payment } from '../../machines/payment.ts';
import { perform, refuseCommand } from './commands.ts';

const CLERK = { kind: 'person', id: 'clerk', roles: ['clerk'] } as const;
const COMMAND = { id: 'c', to: 'payment/p', event: { type: 'SUBMIT' } };

/** A hub whose database does not answer when the actor is read for the answer. */
const hub = (command: () => Promise<Outcome>) => ({
  runtime: { definitions: new Map([['payment', payment]]), command },
  read: () => Promise.reject(new Error('Connection terminated')),
  now: () => 0,
});

test('[SYNC-83] a refusal is told as it is written down, also where the actor cannot be read to say what might be done instead', async () => {
  const refused = hub(() => Promise.resolve({ outcome: 'rejected', code: 'not_in_state', detail: '', version: 3 }));
  expect(await perform(refused, COMMAND, CLERK, 'token')).toMatchObject({ outcome: 'rejected', code: 'not_in_state', can: [] });
});

test('[SYNC-84] what broke inside the hub is never told as a refusal: nobody knows what became of the command, and it may be sent again', async () => {
  expect(refuseCommand({ code: 'internal', reason: 'x' })).toMatchObject({ outcome: 'retry', code: 'internal' });
  const broken = hub(() => Promise.reject(new Fault('internal')));
  expect(await perform(broken, COMMAND, CLERK, 'token')).toMatchObject({ outcome: 'retry', code: 'internal' });
  // The node that owns the actor has heard of a change of rights that this one has not.
  for (const code of ['token_expired', 'unauthenticated'] as const) {
    const stale = hub(() => Promise.reject(new Fault(code)));
    expect(await perform(stale, COMMAND, CLERK, 'token')).toMatchObject({ outcome: 'retry', code });
  }
});

test('[SYNC-115] what is kept is told as kept, also where there is no actor yet or it cannot be read: it may still be done', async () => {
  const parked = hub(() => Promise.resolve({ outcome: 'parked', reason: 'x' }));
  const create = { ...COMMAND, event: { type: '@create', input: {} } };
  for (const read of [parked.read, () => Promise.resolve(undefined)]) {
    for (const command of [COMMAND, create]) {
      expect(await perform({ ...parked, read }, command, CLERK, 'token')).toMatchObject({ outcome: 'parked' });
    }
  }
});
