import type { ActorView, ListItem } from '../../hub/protocol/messages.ts';

/** Somebody who may sign in, as the hub tells of him; never his password. */
export type Person = {
  readonly username: string;
  readonly roles: readonly string[];
  readonly client?: string;
  readonly disabled: boolean;
  readonly demo: boolean;
  /** Whether there is one. */
  readonly password: boolean;
};

/** What a person may be given; `system` is for other systems alone. */
export const ROLES = [
  'clerk',
  'approver',
  'cfo',
  'operator',
  'auditor',
  'developer',
  'reviewer',
  'dispatcher',
  'customer',
  'agent',
  'admin',
] as const;

/** What somebody else would see. */
export type Seen = {
  readonly as: { readonly username: string; readonly roles: readonly string[]; readonly client: string | null };
  readonly hidden: string | null;
  readonly view: ActorView | null;
  readonly items: readonly ListItem[] | null;
};
