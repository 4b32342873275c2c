import { emit, setup } from 'xstate';
import { z } from 'zod';
import { pend, release } from '../../machines/legs.ts';
import { defineMachine, post } from '../../machines/machine.ts';
import type { Birth, Definition, Leg, Stamp } from '../../machines/machine.ts';
import { machines } from '../../machines/machines.ts';
import { openPostgres } from '../../actors/store/postgres.ts';
import type { PostgresStore } from '../../actors/store/postgres.ts';
import type { Batch } from '../../actors/store/store.ts';
import { LanesStage } from './lanes-stage.ts';
import { counter } from './toy-machines.ts';

type TillEvent = Stamp & { type: 'MOVE'; to: string; amount_minor: number };

const tillSetup = setup({
  types: {
    context: {} as { id: string; moved: number },
    events: {} as TillEvent,
    input: {} as Birth,
    emitted: {} as { type: 'till.moved' },
  },
});

/** Between itself and somebody else. */
function toLegs({ to, amount_minor }: TillEvent, id: string): readonly Leg[] {
  return [
    { account: `till:${to}`, amount_minor, currency: 'EUR' },
    { account: `till:${id}`, amount_minor: -amount_minor, currency: 'EUR' },
  ];
}

/** Posts whatever it is told to; beside it sets as much aside since the day before, and takes that back. */
const tillMachine = tillSetup.createMachine({
  id: 'till',
  context: ({ input }) => ({ id: input.id, moved: 0 }),
  initial: 'open',
  states: {
    open: {
      on: {
        MOVE: {
          actions: [
            post(({ event, context }) => ({ legs: toLegs(event, context.id), text: 'moved' })),
            post(({ event, context }) => ({
              kind: 'pending',
              legs: pend(toLegs(event, context.id)),
              effective: Math.max(0, event.at - 86_400_000),
            })),
            post(({ event, context }) => ({ kind: 'voided', legs: release(toLegs(event, context.id)), of: { v: event.v, i: 1 } })),
            emit({ type: 'till.moved' as const }),
          ],
        },
      },
    },
  },
});

const till = defineMachine({
  type: 'till',
  version: 1,
  machine: tillMachine,
  input: z.strictObject({}),
  events: { MOVE: z.strictObject({ to: z.string(), amount_minor: z.int() }) },
  facts: { 'till.moved': z.strictObject({}) },
  permissions: { MOVE: ['clerk'] },
  views: { hq: { rows: 'all', fields: 'all' } },
  title: (_, id) => `till ${id}`,
  summary: () => '',
  search: ({ id }) => [id],
});

export const sceneMachines: readonly Definition[] = [...machines, counter, till];
export const sceneDefinitions: ReadonlyMap<string, Definition> = new Map(sceneMachines.map((definition) => [definition.type, definition]));

export type Scene = { readonly store: PostgresStore; readonly addresses: readonly string[]; readonly now: number };

/**
 * A journal of everything: actors with timers, effects, sends, postings and domain events; parked, finished and at rest; refusals,
 * creation keys and dead letters. Made by the lanes in memory, the same each time, and written into PostgreSQL batch by batch.
 */
export async function writeScene(url: string, options: { readonly actors?: number; readonly rounds?: number } = {}): Promise<Scene> {
  const { actors = 20, rounds = 12 } = options;
  const stage = await new LanesStage({ machines: sceneMachines }).start();
  const addresses = await play(stage, actors, rounds);
  const store = await openPostgres({ url, lease_ms: 60_000, lanes: 1, release: '1' });
  await store.renew('scene', '', 60_000);
  const epochs = new Map((await store.claim('scene', [...Array(32).keys()])).map(({ partition, epoch }) => [partition, epoch]));
  for (const batch of stage.batches) await store.commit(underEpochs(batch, epochs), 0);
  await store.indexText(addresses.map((address) => ({ address, type: address.split('/')[0] ?? '', text: address })));
  await store.release('scene');
  return { store, addresses, now: stage.ports.clock.now() };
}

function underEpochs(batch: Batch, epochs: ReadonlyMap<number, number>): Batch {
  return { ...batch, partitions: batch.partitions.map(({ id }) => ({ id, epoch: epochs.get(id) ?? -1 })) };
}

const EVENTS = ['ADD', 'TOUCH', 'SAY', 'LOCK', 'UNLOCK', 'WAIT', 'CALM', 'CALL', 'LEAVE', 'TELL', 'ADD', 'ADD', 'ADD'] as const;

async function play(stage: LanesStage, actors: number, rounds: number): Promise<readonly string[]> {
  const addresses: string[] = [];
  for (let n = 0; n < actors; n++) {
    const type = n % 4 === 3 ? 'till' : n % 10 === 9 ? 'client' : 'counter';
    const address = `${type}/scene_${n}`;
    addresses.push(address);
    const input = type === 'client' ? { name: `Ümlaut & Söhne ${n}`, country: 'DE', email: `a${n}@example.org`, kind: 'company' } : {};
    const creation = { caller: 'ann', key: `key-${n}`, body_hash: `body ${n}` };
    await stage.create(address, { input, ...(n % 2 === 0 ? { creation } : {}) });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [n, address] of addresses.entries()) {
      const [type] = address.split('/');
      await stage.ports.advance(7);
      const id = `round-${round}-${n}`;
      if (type === 'till') await stage.hear(stage.event(address, 'MOVE', { to: 'b', amount_minor: round * 100 + n }, { id }));
      if (type === 'client') await stage.hear(stage.event(address, round === 0 ? 'INVITE' : 'SUSPEND', { reason: 'because' }, { id }));
      if (type !== 'counter') continue;
      const event = EVENTS[(round * 7 + n * 3) % EVENTS.length] ?? 'ADD';
      const payload = event === 'ADD' ? { by_n: n + 1, note: 'a note' } : event === 'TELL' ? { to: 'counter/scene_1', what: 'TOUCH' } : {};
      const traced =
        round % 2 === 0 ? { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`, causation: 'counter/x@3', correlation: 'c1' } : {};
      await stage.hear(stage.event(address, event, payload, { id, ...traced }));
    }
  }
  await stage.hear(stage.event('counter/scene_0', 'STOP'));
  await stage.hear(stage.event('counter/scene_2', 'BREAK'));
  await stage.hear(stage.event('counter/scene_2', 'ADD', { by_n: 1 }, { id: 'to-a-parked-one' }));
  return addresses;
}
