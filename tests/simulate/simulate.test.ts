import { describe, expect, test, vi } from 'vitest';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { Store } from '../../actors/store/store.ts';
import { ClusterStage } from '../support/cluster-stage.ts';
import { Desk, RuntimeStage } from '../support/runtime-stage.ts';
import { FAULTS } from './faults.ts';
import type { FaultKind } from './faults.ts';
import { SEEDS } from './seeds.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { World } from './world.ts';
import type { Ending, Shape } from './world.ts';

const none = Object.fromEntries(Object.keys(FAULTS).map((kind) => [kind, 0])) as Record<FaultKind, number>;
const SMALL: Partial<Shape> = { nodes: 2, clients: 12, publishers: 2, lease_ms: 3_000, memory_bytes: 2_000_000 };

function only(rates: Partial<Record<FaultKind, number>>): Partial<Shape> {
  return { ...SMALL, rates: { ...none, ...rates } };
}

/** How a world ends whose store is not what it should be. */
function sabotaged(seed: number, shape: Partial<Shape>, change: (store: Store) => Partial<Store>): Promise<Ending> {
  return new World({ seed, steps: 3_000, shape, wrap: (store) => ({ ...store, ...change(store) }) }).run();
}

const LONG = { timeout: 120_000 };

describe('a simulated world', LONG, () => {
  test('[SIM-1] the same seed gives the same trace, another seed another', async () => {
    const run = (seed: number): Promise<string> =>
      simulate({ seed, steps: 1_500, shrinks: false, tell: () => undefined }).then(({ trace }) => trace);
    const first = await run(11);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await run(11)).toBe(first);
    expect(await run(12)).not.toBe(first);
  });

  test('[SIM-2] where nothing goes wrong, everything comes to its end and nothing is found', async () => {
    const ending = await new World({ seed: 5, steps: 1_500, shape: { ...SMALL, rates: none } }).run();
    expect(ending.violation).toBeUndefined();
    expect(ending.struck).toEqual([]);
    expect(ending.rows).toBeGreaterThanOrEqual(1_500);
  });

  test('[SIM-3] a world that is given the faults of another by their names has these and no others', async () => {
    const shape = only({ 'commit.lost_after': 1 / 40, 'crash.answer': 1 / 400 });
    const { struck, trace } = await new World({ seed: 8, steps: 1_500, shape }).run();
    expect(struck.length).toBeGreaterThan(10);
    const again = await new World({
      seed: 8,
      steps: 1_500,
      shape: { ...SMALL, rates: none },
      exactly: new Set(struck.map(({ name }) => name)),
    }).run();
    expect(again.trace).toBe(trace);
    const half = new Set(struck.slice(0, 5).map(({ name }) => name));
    const fewer = await new World({ seed: 8, steps: 1_500, shape: SMALL, exactly: half }).run();
    expect(fewer.struck.every(({ name }) => half.has(name))).toBe(true);
  });

  test('[SIM-4] a node can be made to die at a named point, and again at another while it recovers', async () => {
    const exactly = new Set(['crash.point@a/commit.after#40', 'crash.point@a/claim.after#2']);
    const ending = await new World({ seed: 5, steps: 1_500, shape: SMALL, exactly }).run();
    expect(ending.struck.map(({ name }) => name)).toEqual([...exactly]);
    expect(ending.violation).toBeUndefined();
  });
});

describe('what simulation has found stays mended', LONG, () => {
  test('[SIM-10] an event whose connection to NATS broke before its acknowledgement goes out again, however soon the next one stood', async () => {
    for (const seed of [1, 4]) {
      const shape = { ...only({ 'link.breaks': 0.6 }), clients: 24 };
      const { violation, struck } = await new World({ seed, steps: 3_000, shape }).run();
      expect(struck.length).toBeGreaterThan(20);
      expect(violation).toBeUndefined();
    }
  });
});

test('[SIM-11] a node that is started again under its name gives up what it had before and is another node’s share now', async () => {
  const stage = new ClusterStage();
  const before = await stage.start('a');
  await stage.settled();
  await before.crash();
  await stage.start('b');
  await stage.start('a');
  await stage.settled();
  const { a = 0, b = 0 } = stage.shares();
  expect([a > 0, b > 0, a + b]).toEqual([true, true, 32]);
});

test('[SIM-12] an effect that was under way when a node died is done though its actor could not be read at first', async () => {
  const desk = new Desk({ honours_keys: true });
  const stage = await new RuntimeStage({ integrations: [desk.open] }).start();
  desk.answer = () => new Promise(() => undefined);
  await stage.send('counter/a', '@create');
  await stage.send('counter/a', 'CALL');
  // What search finds it by is written, so that only its effect has it read again.
  await stage.ports.advance(1_000);
  await stage.crash();
  desk.answer = ({ key }) => ({ kind: 'done', output: { mark: key } });
  const load = vi.spyOn(MemoryStore.prototype, 'load').mockImplementation(function (this: MemoryStore, addresses) {
    if (!addresses.includes('counter/a')) return Promise.resolve(addresses.map((address) => this.database.load(address)));
    load.mockRestore();
    return Promise.reject(Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' }));
  });
  await stage.start();
  expect(stage.ports.lines.some(({ message }) => message.includes('could not be read'))).toBe(true);
  await stage.ports.advance(5_000);
  expect(stage.state('counter/a')).toBe('open');
});

describe('a planted bug is found', LONG, () => {
  test('[SIM-5] an answer before its commit', async () => {
    const ending = await sabotaged(1, only({ 'commit.lost_before': 1 / 30 }), (store) => ({
      commit: (batch, lane) => {
        store.commit(batch, lane).catch(() => undefined);
        return Promise.resolve();
      },
    }));
    expect(['acknowledged', 'event']).toContain(ending.violation?.rule);
  });

  test('[SIM-6] a commit without its fence', async () => {
    const shape = only({ 'node.stands': 1 / 60 });
    const ending = await sabotaged(2, shape, (store) => ({ commit: (batch, lane) => store.commit({ ...batch, partitions: [] }, lane) }));
    expect(ending.violation?.rule).toBe('fence');
  });

  test('[SIM-7] ids that are not looked up, timers, effects and tells that are not found again', async () => {
    const crashes = only({ 'crash.answer': 1 / 300, 'command.doubled': 1 / 30, 'link.breaks': 1 / 60, 'node.stands': 1 / 100 });
    const none: readonly never[] = [];
    const plants: Readonly<Record<string, () => Partial<Store>>> = {
      lookup: () => ({ lookup: () => Promise.resolve(none) }),
      due: () => ({ due: () => Promise.resolve(none) }),
      pending: () => ({ pending: () => Promise.resolve(none) }),
      askedSince: () => ({ askedSince: () => Promise.resolve(none) }),
    };
    for (const [name, plant] of Object.entries(plants)) {
      const { violation } = await sabotaged(3, crashes, plant);
      expect(`${name}: ${violation?.rule}`).toBe(`${name}: ${name === 'lookup' ? 'twice' : 'unsettled'}`);
    }
  });

  test('[SIM-8] and its story is made small: the faults that it needs, and no others', async () => {
    const shape = only({ 'commit.lost_before': 1 / 30, 'commit.retry': 1 / 30, 'store.slow': 1 / 50 });
    const options = {
      seed: 1,
      steps: 1_000,
      shape,
      wrap: (store: Store): Store => ({
        ...store,
        commit: (batch, lane) => {
          store.commit(batch, lane).catch(() => undefined);
          return Promise.resolve();
        },
      }),
    };
    const failed = await new World(options).run();
    const { ending, faults, steps } = await shrink(options, failed);
    expect(ending.violation?.rule).toBe(failed.violation?.rule);
    expect(faults.length).toBeLessThanOrEqual(1);
    expect(steps).toBeLessThan(options.steps);
    expect(ending.story.at(-1)).toContain('VIOLATION ');
  });
});

test('[SIM-9] the seeds that failed once hold', LONG, async () => {
  const found: string[] = [];
  for (const { seed, steps, faults } of SEEDS) {
    const exactly = faults === undefined ? {} : { exactly: new Set(faults) };
    const { violation } = await new World({ seed, steps, ...exactly }).run();
    if (violation !== undefined) found.push(`${seed}: ${violation.what}`);
  }
  expect(found).toEqual([]);
});
