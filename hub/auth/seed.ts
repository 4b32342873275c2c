import { randomBytes } from 'node:crypto';
import { PeopleTable } from '../../actors/store/people.ts';
import { Fault } from '../../machines/fault.ts';
import type { Role } from '../../machines/machine.ts';
import type { Hub } from '../hub.ts';
import type { People, Tokens } from './people.ts';
import { hashOf } from './tokens.ts';

type DemoPerson = { readonly username: string; readonly roles: readonly Role[]; readonly client: string | undefined };

/** The people of the demo, as interface.md names them. */
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  ...(['admin', 'clerk', 'approver', 'cfo', 'operator', 'auditor', 'developer', 'reviewer', 'dispatcher'] as const).map((role) =>
    inHq(role, role),
  ),
  inHq('approver2', 'approver'),
  { username: 'acme', roles: ['customer'], client: 'acme' },
  { username: 'globex', roles: ['customer'], client: 'globex' },
  { username: 'ann', roles: ['agent'], client: undefined },
  { username: 'bob', roles: ['agent'], client: undefined },
];

function inHq(username: string, role: Role): DemoPerson {
  return { username, roles: [role], client: undefined };
}

const ADMIN = 'admin';
const ONE_TIME = 'auth.one_time';
const ONE_TIME_MS = 60 * 60 * 1000;

/** Makes sure at the start that somebody can sign in: the demo's people, `admin`, or whoever follows the link in the log. */
export async function seedPeople(hub: Hub, people: People): Promise<void> {
  const { config, log } = hub;
  const table = new PeopleTable(hub.store.database());
  if (config.adminPassword !== undefined && !(await table.hasAdmin())) {
    await people.put(ADMIN, { roles: ['admin'], password: config.adminPassword });
    log.info({ username: ADMIN }, 'The first administrator was made, with the password of HUB_ADMIN_PASSWORD');
  }
  if (config.demo) return seedDemo(table, people, config.demoPassword);
  if (await table.hasAdmin()) return;
  const link = await makeOneTimeLink(hub);
  log.warn({ link }, 'Nobody can administer this hub yet. Open the link within an hour to choose the password of admin');
}

async function seedDemo(table: PeopleTable, people: People, password: string): Promise<void> {
  const there = await table.demo();
  const [first] = there;
  // All of them share one password that everybody knows, so one hash will do.
  const fits = first !== undefined && (await people.matches(password, first.passwordHash));
  const hash = fits && first.passwordHash !== undefined ? first.passwordHash : await people.hash(password);
  if (!fits && first !== undefined) await table.setDemoPassword(hash);
  const names = new Set(there.map(({ username }) => username));
  for (const person of DEMO_PEOPLE) if (!names.has(person.username)) await table.addDemo(person, hash);
}

/** The newest link counts; where the database keeps only its hash, reading a backup opens nothing. */
export async function makeOneTimeLink(hub: Hub): Promise<string> {
  const token = `${(hub.ports.clock.now() + ONE_TIME_MS).toString(36)}.${randomBytes(24).toString('base64url')}`;
  await hub.settings.set(ONE_TIME, hashOf(token));
  // Behind the #, so that it reaches no server's log.
  return `${hub.url()}/v1/auth/one-time#${token}`;
}

/** Makes `admin` with this password, once for a link. Throws the fault `unauthenticated` for a link that is used, old or made up. */
export async function redeemOneTime(hub: Hub, people: People, token: string, password: string): Promise<Tokens> {
  const until = Number.parseInt(token.split('.')[0] ?? '', 36);
  const good = until > hub.ports.clock.now() && (await new PeopleTable(hub.store.database()).takeSetting(ONE_TIME, hashOf(token)));
  if (!good)
    throw new Fault('unauthenticated', 'This link has been used, is too old, or was never given out. Start the hub again for a new one.');
  await people.put(ADMIN, { roles: ['admin'], password });
  hub.log.warn({ username: ADMIN }, 'The first administrator was made by the one-time link');
  return people.open(ADMIN);
}
