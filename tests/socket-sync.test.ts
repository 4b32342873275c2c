import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ActorCopy, ListCopy } from '../clients/core/store.ts';
import { rightsOf } from '../hub/socket/rights.ts';
import { scopeOf, toQuery } from '../hub/socket/list-filter.ts';
import { readTopic } from '../hub/socket/topic.ts';
import { toListItem, toView, viewFor } from '../hub/view.ts';
import { toLive } from '../actors/step.ts';
import { shelf } from './support/shelf.ts';
import { SocketWorld } from './support/socket-world.ts';
import type { VirtualClient } from './support/socket-world.ts';

const SHELVES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] as const;
const LISTS = [
  'shelf',
  'shelf?state=work.busy&limit=3',
  'shelf?state=door.ajar&limit=2',
  'shelf?state=work.busy.hot&sort=updatedAt&limit=1',
  'shelf?tag=hot&sort=createdAt&limit=2',
  'shelf?sort=title&limit=3',
  'shelf?sort=-createdAt&limit=4',
  'shelf?q=re&limit=3',
] as const;

/** One thing that happens; what follows it in time is up to the seed. */
type Act =
  | { readonly kind: 'send'; readonly shelf: string; readonly type: string; readonly payload: object }
  | { readonly kind: 'create'; readonly shelf: string; readonly client: string }
  | { readonly kind: 'follow' | 'unfollow'; readonly who: number; readonly topic: string }
  | { readonly kind: 'connect' | 'disconnect' | 'stop' | 'go'; readonly who: number }
  | { readonly kind: 'rights'; readonly username: string; readonly client: string | undefined }
  | { readonly kind: 'pass'; readonly ms: number };

const who = fc.nat(3);
const aShelf = fc.constantFrom(...SHELVES);
const client = fc.constantFrom('acme', 'globex');
const topic = fc.oneof(
  aShelf.map((id) => `shelf/${id}`),
  fc.constantFrom<string>(...LISTS),
);
const plain = fc.constantFrom('WORK', 'HEAT', 'REST', 'AJAR', 'SHUT', 'NOTHING', 'OWN').map((type) => ({ type, payload: {} }));
const event = fc.oneof(
  { arbitrary: plain, weight: 4 },
  fc.constantFrom('red', 'reed', 'blue', 'green').map((label) => ({ type: 'LABEL', payload: { label } })),
  fc
    .record({ n: fc.nat(5), list: fc.array(fc.constantFrom('x', 'y', 'z~/', ''), { maxLength: 4 }) })
    .map((payload) => ({ type: 'SET', payload })),
  fc.nat(9).map((n) => ({ type: 'HIDE', payload: { secret: `SECRET-${n}` } })),
  // A client that stands still is parked after three of these.
  fc.nat(9).map((n) => ({ type: 'SET', payload: { n, list: [], note: String(n).repeat(100_000) } })),
  client.map((to) => ({ type: 'MOVE', payload: { client: to } })),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .record({ shelf: aShelf, event })
      .map(({ shelf: id, event: { type, payload } }) => ({ kind: 'send', shelf: id, type, payload }) as const),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('create' as const), shelf: aShelf, client }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('follow' as const), who, topic }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unfollow' as const), who, topic }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('connect' as const, 'disconnect' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('stop' as const, 'go' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rights' as const),
      username: fc.constantFrom('acme', 'globex'),
      client: fc.option(client, { nil: undefined }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 5, 20, 70, 300, 4000) }) },
);

const follows = fc.array(fc.record({ kind: fc.constant('follow' as const), who, topic }), { minLength: 6, maxLength: 20 });
/** First somebody follows something, then a long time in which anything may happen. */
const acts = fc.tuple(follows, fc.array(act, { minLength: 60, maxLength: 250 })).map(([first, then]) => [...first, ...then]);

async function perform(world: SocketWorld, what: Act): Promise<void> {
  const someone = 'who' in what ? world.clients[what.who] : undefined;
  switch (what.kind) {
    case 'send':
      return world.send(`shelf/${what.shelf}`, what.type, what.payload);
    case 'create':
      return world.send(`shelf/${what.shelf}`, '@create', { client: what.client, label: 'red', secret: 'SECRET-0' });
    case 'follow':
      return someone?.follow(what.topic);
    case 'unfollow':
      return someone?.unfollow(what.topic);
    case 'connect':
      if (someone?.connected === false) void someone.connect();
      return undefined;
    case 'disconnect':
      return someone?.disconnect();
    case 'stop':
      return someone?.stop();
    case 'go':
      return someone?.go();
    case 'rights':
      return world.people.change(what.username, { roles: ['customer'], ...(what.client === undefined ? {} : { client: what.client }) });
    case 'pass':
      return world.ports.advance(what.ms);
  }
}

/** Every copy is what the database says, as this person may see it now. */
async function checkCopies(world: SocketWorld, one: VirtualClient): Promise<void> {
  const caller = world.people.callerOf(one.username);
  const rights = caller && rightsOf(shelf, caller);
  if (caller === undefined || rights === undefined) throw new Error(`${one.username} sees nothing`);
  for (const { topic: text, copy, standing } of one.store.entries.values()) {
    const asked = readTopic(text);
    if (asked.kind === 'actor') {
      const subject = await world.run(world.truth(asked.address));
      const audience = subject && viewFor(subject, caller);
      if (subject === undefined || audience === undefined) {
        expect(copy, `${one.username} ${text} ${standing.kind}`).toBeUndefined();
        continue;
      }
      if (standing.kind === 'refused' || standing.kind === 'revoked') continue; // it may be seen again; the client has not asked again
      const {
        address: _,
        version,
        updatedAt: __,
        ...view
      } = JSON.parse(JSON.stringify(toView(subject, audience, caller, world.ports.clock.now())));
      expect(copy, `${one.username} ${text} ${JSON.stringify(standing)}`).toMatchObject(view);
      expect((copy as ActorCopy).context).toEqual(view.context);
      if (rights.whole) expect((copy as ActorCopy).version).toBe(version);
      else expect((copy as ActorCopy).version).toBeLessThanOrEqual(version);
      continue;
    }
    const { question } = asked;
    const query = toQuery(question, scopeOf(rights), question.limit);
    const rows = await world.run(world.store.list(query));
    const items = rows.map(({ address, envelope }) =>
      toListItem({ address, definition: shelf, envelope: toLive(shelf, envelope) }, rights.audience),
    );
    expect({ topic: text, items: (copy as ListCopy).items }).toEqual({ topic: text, items: JSON.parse(JSON.stringify(items)) });
    expect({ topic: text, total: (copy as ListCopy).total }).toEqual({ topic: text, total: await world.run(world.store.count(query)) });
  }
}

async function play(seed: number, acts: readonly Act[]): Promise<SocketWorld> {
  const world = new SocketWorld(seed);
  await world.start();
  for (const name of ['clerk', 'clerk2', 'acme', 'globex']) await world.run(world.client(name).connect());
  for (const id of SHELVES.slice(0, 5))
    world.send(`shelf/${id}`, '@create', { client: id < 'c' ? 'acme' : 'globex', label: 'red', secret: 'SECRET-0' });
  for (const what of acts) {
    await perform(world, what);
    await world.ports.settle();
  }
  // Rest: everybody is there, nothing stands still, and one interval of heads goes by.
  for (const one of world.clients) one.go();
  // Whoever did not read while his rights changed may still be cut off.
  await world.ports.advance(1_000);
  for (const one of world.clients) if (!one.connected) await world.run(one.connect());
  await world.ports.advance(62_000);
  return world;
}

describe('whatever is lost, late or interrupted', () => {
  test('[SYNC-30] whatever is lost, late or interrupted, every copy ends in the hub’s state, and nobody was sent what his view does not hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), acts, async (seed, story) => {
        const world = await play(seed, story);
        for (const one of world.clients) await checkCopies(world, one);
        // No line loses anything but with its connection, so what comes always continues what is there.
        expect(world.clients.map(({ misfits }) => misfits)).toEqual([0, 0, 0, 0]);
        for (const one of world.clients.slice(2)) expect(one.heard.join('')).not.toContain('SECRET');
        expect(world.ports.lines.filter(({ level }) => level === 'error')).toEqual([]);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 40) },
    );
  }, 900_000);
});
