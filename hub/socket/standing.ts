import type { Caller } from '../../actors/caller.ts';
import type { Ports } from '../../actors/ports/ports.ts';
import { Fault } from '../../machines/fault.ts';
import type { People, Session } from '../auth/people.ts';

/** What the sockets ask of the people. */
export type Guard = Pick<People, 'verify' | 'find' | 'onChange' | 'attend'>;

/** A person who is to show a token of now by then, in epoch milliseconds. */
export type Renewal = { readonly until: number; readonly done: Promise<void>; readonly end: () => void };

export function toRenewal(until: number): Renewal {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { until, done: promise, end: resolve };
}

type Options = { readonly people: Pick<Guard, 'verify' | 'find'>; readonly ports: Pick<Ports, 'clock'> };

/**
 * What the person may do now. A token that was given under other rights is refused, but says who he is for a moment more: then he is
 * to `renew` it. Throws the faults of whoever is not let in any more.
 */
export async function knowAgain(
  { people, ports }: Options,
  token: string,
  old: Session,
): Promise<{ readonly session: Session; readonly renew: boolean }> {
  try {
    return { session: await people.verify(token), renew: false };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'token_expired' || old.expiresAt <= ports.clock.now()) throw error;
    const person = await people.find(old.caller.id);
    if (person === undefined || person.disabled) throw new Fault('unauthenticated');
    const { username, roles, client, generation } = person;
    const caller: Caller = { kind: 'person', id: username, roles, ...(client === undefined ? {} : { client }) };
    return { session: { caller, generation, expiresAt: old.expiresAt }, renew: true };
  }
}
