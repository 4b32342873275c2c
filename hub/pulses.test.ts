import { describe, expect, test } from 'vitest';
import type { Committed } from '../actors/delivery.ts';
import type { Peer } from '../actors/ownership.ts';
import { Pulse } from './pulse.ts';
import { Pulses } from './pulses.ts';

const START = 1_000_000_000;
const FIGURES = { waiting: 1, effects: 2, actors: 3 };

/** Nodes that are asked as they would be over the bus: what one says arrives as JSON. */
class Stage {
  now = START;
  readonly silent = new Set<string>();
  readonly asked: { readonly id: string; readonly since: number }[] = [];
  readonly #nodes = new Map<string, Pulses>();
  readonly gone = new Set<string>();

  node(id: string): Pulses {
    const peers = (): Peer[] =>
      [...this.#nodes.keys()].filter((one) => one !== id && !this.gone.has(one)).map((one) => ({ id: one, url: '' }));
    const made = new Pulses({
      node: id,
      own: new Pulse(() => this.now),
      figures: () => FIGURES,
      peers,
      ask: (peer, since) => this.#ask(peer, since),
      now_ms: () => this.now,
    });
    this.#nodes.set(id, made);
    return made;
  }

  async #ask({ id }: Peer, since: number): Promise<unknown> {
    this.asked.push({ id, since });
    if (this.silent.has(id)) throw new Error('No answer in time');
    return JSON.parse(JSON.stringify(this.#nodes.get(id)?.answer({ kind: 'question', about: 'pulse', given: since }))) as unknown;
  }

  commit(node: Pulses, ...took_ms: readonly number[]): void {
    node.committed(took_ms.map((took) => ({ row: { at: this.now - took } }) as unknown as Committed));
  }
}

const second = (n: number): number => START / 1000 + n;

describe('what the nodes of a hub commit', () => {
  test('[OFFICE-18] whichever node is asked, the events of all are added up, and the times are those of the slowest', async () => {
    const stage = new Stage();
    const [one, two] = [stage.node('one'), stage.node('two')];
    stage.commit(one, 1, 1, 1);
    stage.commit(two, 40, 40);
    stage.now += 1_000;
    stage.commit(two, 9);
    stage.now += 1_000;
    const seconds = [
      { at: second(0), events: 5, p50_ms: 50, p99_ms: 50 },
      { at: second(1), events: 1, p50_ms: 10, p99_ms: 10 },
    ];
    const nodes = [
      { id: 'one', figures: { ...FIGURES, events_per_s: 1.5, p99_ms: 1 } },
      { id: 'two', figures: { ...FIGURES, events_per_s: 1.5, p99_ms: 50 } },
    ];
    expect(await one.read(0)).toEqual({ node: 'one', nodes, seconds });
    expect(await two.read(0)).toEqual({ node: 'two', nodes, seconds });
    expect((await one.read(second(0))).seconds).toEqual(seconds.slice(1));
  });

  test('[OFFICE-19] a node that does not answer is named, what it told before is kept, and when it answers again nothing of it is missing', async () => {
    const stage = new Stage();
    const [one, two] = [stage.node('one'), stage.node('two')];
    const round = async (): Promise<number[]> => {
      stage.commit(one, 1);
      stage.commit(two, 1);
      stage.now += 1_000;
      const { nodes, seconds } = await one.read(0);
      expect(nodes.map(({ id, figures }) => [id, figures === null])).toEqual([
        ['one', false],
        ['two', stage.silent.has('two')],
      ]);
      return seconds.map(({ events }) => events);
    };
    expect(await round()).toEqual([2]);
    stage.silent.add('two');
    expect(await round()).toEqual([2, 1]);
    expect(await round()).toEqual([2, 1, 1]);
    stage.silent.delete('two');
    expect(await round()).toEqual([2, 2, 2, 2]);
    expect(stage.asked.map(({ since }) => since)).toEqual([0, second(0), second(0), second(0)]);
  });

  test('[OFFICE-19] one whose lease is over is no node any more', async () => {
    const stage = new Stage();
    const one = stage.node('one');
    stage.node('two');
    stage.silent.add('two');
    expect((await one.read(0)).nodes).toHaveLength(2);
    stage.gone.add('two');
    stage.now += 1_000;
    expect((await one.read(0)).nodes.map(({ id }) => id)).toEqual(['one']);
  });

  test('[OFFICE-20] however many look at it, each node is asked once a second', async () => {
    const stage = new Stage();
    const one = stage.node('one');
    stage.node('two');
    await Promise.all(Array.from({ length: 50 }, () => one.read(0)));
    expect(stage.asked).toHaveLength(1);
    stage.now += 999;
    await one.read(0);
    expect(stage.asked).toHaveLength(1);
    stage.now += 1;
    await one.read(0);
    expect(stage.asked).toHaveLength(2);
  });

  test('[OFFICE-18] a second counts once all who answer have told of it, and nothing is said of the time before a node began', async () => {
    const stage = new Stage();
    const one = stage.node('one');
    stage.now += 5_000;
    const two = stage.node('two');
    stage.commit(one, 1);
    stage.now += 1;
    const { seconds, nodes } = await one.read(0);
    expect(seconds.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4].map(second));
    stage.now += 900;
    stage.commit(two, 1);
    stage.now += 99;
    // What two has committed in it has not been heard: it was asked less than a second ago.
    expect((await one.read(second(4))).seconds).toEqual([]);
    stage.now += 1;
    expect((await one.read(second(4))).seconds).toMatchObject([{ at: second(5), events: 2 }]);
    expect(nodes[1]).toEqual({ id: 'two', figures: { ...FIGURES, events_per_s: 0, p99_ms: null } });
  });

  test('[OFFICE-19] an answer that is none counts as none', async () => {
    const stage = new Stage();
    const own = new Pulse(() => stage.now);
    const ask = (): Promise<unknown> => Promise.resolve({ figures: { ...FIGURES, waiting: -1 }, until: 0, beats: [] });
    const peers = (): Peer[] => [{ id: 'odd', url: '' }];
    const one = new Pulses({ node: 'one', own, figures: () => FIGURES, peers, ask, now_ms: () => stage.now });
    expect((await one.read(0)).nodes[0]).toEqual({ id: 'odd', figures: null });
    expect(() => one.answer({ kind: 'question', about: 'weather', given: 0 })).toThrow('weather');
  });
});
