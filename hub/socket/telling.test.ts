import { expect, test } from 'vitest';
import { shelf } from '../../tests/support/shelf.ts';
import { SocketWorld } from '../../tests/support/socket-world.ts';
import type { Definition } from '../../machines/machine.ts';
import { must } from '../../machines/must.ts';
import { toView } from '../view.ts';
import { rightsOf } from './rights.ts';
import { Telling } from './telling.ts';

const person = (id: string, role: 'clerk' | 'customer' = 'clerk') => ({ kind: 'person', id, roles: [role], client: 'acme' }) as const;
const rightsFor = (caller: ReturnType<typeof person>) => must(rightsOf(shelf, caller), 'rights');

/** Two versions of a shelf that `maker` made, as the machine given has them; `asked` counts how often each of its samples was taken. */
async function shelves() {
  const world = new SocketWorld(1);
  await world.start();
  const asked = new Map<string, number>();
  const samples = Object.fromEntries(
    Object.keys(shelf.events).map((type) => [
      type,
      (context: never) => {
        asked.set(type, (asked.get(type) ?? 0) + 1);
        return shelf.samples[type]?.(context) ?? {};
      },
    ]),
  );
  const definition = { ...shelf, samples } as Definition;
  const versions = [];
  for (const [type, payload] of [
    ['@create', { client: 'acme', label: 'a', secret: 'b' }],
    ['LABEL', { label: 'c' }],
  ] as const) {
    world.send('shelf/a', type, payload);
    await world.ports.advance(200);
    versions.push({ ...must(await world.run(world.truth('shelf/a')), 'a shelf'), definition });
  }
  const [first, second] = versions;
  const maker = String((must(first, 'a version').envelope.snapshot.context as { maker: unknown }).maker);
  return { asked, maker, first: must(first, 'a version'), second: must(second, 'a version') };
}

const ORIGIN = { type: 'LABEL', by: 'p1', at: 1 };

test('[SYNC-114] what does not depend on who looks is worked out once for all, and a frame is made once for all who are told the same', async () => {
  const { asked, maker, first, second } = await shelves();
  const people = [...Array.from({ length: 50 }, (_, n) => person(`p${n}`)), person(maker)].map((caller) => rightsFor(caller));
  const [before, after] = [first, second].map((subject) => new Telling(subject, ORIGIN, 0));
  const shown = people.map((rights) => must(before?.shownTo(rights), 'shown'));
  asked.clear();
  const frames = people.map((rights, n) => {
    const now = must(after?.shownTo(rights), 'shown');
    expect(now.can).toEqual(toView(second, 'hq', rights.caller, 0).can);
    return after?.patch(must(shown[n], 'shown'), now, rights, true);
  });
  // Once for each in the comparison above; only OWN looks at who asks.
  expect([asked.get('SET'), asked.get('OWN')]).toEqual([people.length + 1, 2 * people.length + 1]);
  // All the others; p1, whose doing it was; and the maker, who may do more than they.
  expect(new Set(frames).size).toBe(3);
  expect(frames.at(-1)?.of(1).text).toContain('"version":2');
  expect(new Set([frames[0], frames[2], frames[49]]).size).toBe(1);
});

test('[SYNC-114] a kind of people is not shown what another kind is, and who may not see the actor is shown nothing', async () => {
  const { second } = await shelves();
  const telling = new Telling(second, ORIGIN, 0);
  const clerk = must(telling.shownTo(rightsFor(person('p1'))), 'shown');
  const customer = must(telling.shownTo(rightsFor(person('p1', 'customer'))), 'shown');
  expect(clerk.context).toHaveProperty('secret');
  expect(customer.context).not.toHaveProperty('secret');
  expect(customer.can.map(({ type }) => type)).toEqual(['LABEL', 'NOTHING']);
  const stranger = rightsFor({ ...person('p2', 'customer'), client: 'other' } as never);
  expect(telling.shownTo(stranger)).toBeUndefined();
});
