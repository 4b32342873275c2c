import { ROLES } from '../../machines/machine.ts';
import type { Role } from '../../machines/machine.ts';

/** No colon and no slash: a name is part of event ids, and must not look like a system or an actor there. */
const USERNAME = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
/** Callers that are not people. */
const TAKEN = new Set(['hub', 'system']);

export function isUsername(text: string): boolean {
  return USERNAME.test(text) && !TAKEN.has(text.toLowerCase());
}

/** The roles that a person may have: `system` is for other systems alone. */
export const PERSON_ROLES = ROLES.filter((role): role is Exclude<Role, 'system'> => role !== 'system');

export function isPersonRole(role: string): role is Exclude<Role, 'system'> {
  return (PERSON_ROLES as readonly string[]).includes(role);
}
