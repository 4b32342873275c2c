import { expect, test } from 'vitest';
import { VirtualPorts } from '../../actors/ports/virtual.ts';
import type { PeopleTable, Person, Rights } from '../../actors/store/people.ts';
import { People } from './people.ts';

/** The table in memory, as several nodes write to it. */
class Table {
  readonly rows = new Map<string, Person & { readonly at: number }>();
  readonly #ports: VirtualPorts;

  constructor(ports: VirtualPorts) {
    this.#ports = ports;
  }

  put(username: string, { roles, client, disabled }: Pick<Rights, 'roles' | 'client' | 'disabled'>): Promise<Person> {
    const generation = (this.rows.get(username)?.generation ?? 0) + 1;
    const at = this.#ports.clock.monotonic();
    this.rows.set(username, { username, roles, client, disabled, generation, demo: false, passwordHash: undefined, at });
    return this.find([username]).then(([person]) => person as Person);
  }

  find(usernames: readonly string[]): Promise<readonly Person[]> {
    return Promise.resolve(usernames.flatMap((username) => this.rows.get(username) ?? []));
  }

  changedWithin(ms: number): Promise<readonly Person[]> {
    const since = this.#ports.clock.monotonic() - ms;
    return Promise.resolve([...this.rows.values()].filter(({ at }) => at > since));
  }
}

const CUSTOMER = { roles: ['customer'], client: 'acme', disabled: false, passwordHash: undefined } as const;

function peopleOf(ports: VirtualPorts, table: Table): People {
  return new People({
    table: table as unknown as PeopleTable,
    ports,
    jwtSecret: 'x'.repeat(64),
    audience: 'h',
    oidc: undefined,
    demo: false,
  });
}

test('[AUTH-13] what lasts longer than a request asks whether its person still has the rights that he came with', async () => {
  const ports = new VirtualPorts();
  const table = new Table(ports);
  const people = peopleOf(ports, table);
  await table.put('anna', CUSTOMER);
  const anna = { kind: 'person', id: 'anna', roles: ['customer'], client: 'acme' } as const;
  expect(await people.hasStill(anna)).toBe(true);
  expect(await people.hasStill({ ...anna, client: 'globex' })).toBe(false);
  expect(await people.hasStill({ kind: 'person', id: 'known_elsewhere', roles: ['clerk'] })).toBe(true);
  await people.put('anna', { roles: ['customer'], client: 'acme', disabled: true });
  expect(await people.hasStill(anna)).toBe(false);
});

test('[AUTH-12] whoever is connected is told of a change of his rights, here or at another node, however many others there are', async () => {
  const ports = new VirtualPorts();
  const table = new Table(ports);
  const people = peopleOf(ports, table);
  people.start();
  const told: string[] = [];
  people.onChange((username) => told.push(username));
  for (let i = 0; i < 10_050; i++) {
    await table.put(`p${i}`, CUSTOMER);
    await people.find(`p${i}`);
    if (i < 3) people.attend(`p${i}`);
  }
  await ports.advance(20_000);
  expect(told).toEqual([]);
  await people.put('p0', { roles: [] });
  await table.put('p1', { ...CUSTOMER, roles: [] });
  await ports.advance(1_000);
  expect(told.toSorted()).toEqual(['p0', 'p1']);
  people.stop();
});
