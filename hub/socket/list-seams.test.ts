import { expect, test } from 'vitest';
import { MemoryBus, MemoryServer } from '../../actors/bus/memory.ts';
import { Changes } from '../../actors/changes.ts';
import type { Committed } from '../../actors/delivery.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { Store } from '../../actors/store/store.ts';
import { partitionOf } from '../../machines/ids.ts';
import { LanesStage } from '../../tests/support/lanes-stage.ts';
import { shelf } from '../../tests/support/shelf.ts';
import type { Frame } from '../protocol/messages.ts';
import { Follower } from './follower.ts';
import { Outbox } from './outbox.ts';
import { rightsOf } from './rights.ts';
import { readTopic } from './topic.ts';
import { Topics } from './topics.ts';

type Hear = (rows: readonly Committed[]) => void;

const INPUT = { input: { client: 'acme', label: 'red', secret: 's' } };

/** A node that follows lists of what another commits, and hears of it when the test says so. */
class Listener {
  readonly hears: Hear[] = [];
  readonly heard: Frame[] = [];
  readonly topics: Topics;
  readonly #stage: LanesStage;

  constructor(stage: LanesStage, store: Pick<Store, 'list' | 'count' | 'at'> = stage.store, onChange?: (hear: Hear) => void) {
    this.#stage = stage;
    const { ports, definitions } = stage;
    const runtime = {
      definitions,
      onChange: (interest: { hear: Hear; wants: (address: string) => boolean }) => {
        this.hears.push(interest.hear);
        onChange?.(interest.hear);
      },
      lanes: { tellAll: () => undefined },
    };
    this.topics = new Topics({ runtime, store, ports, history: 'h1', spare: 2, read: async () => undefined });
  }

  async follow(text: string): Promise<void> {
    const topic = readTopic(text);
    const rights = rightsOf(shelf, { kind: 'person', id: 'clerk', roles: ['clerk'] });
    if (topic.kind !== 'list' || rights === undefined) throw new Error(`${text} is no list`);
    const held = await this.#stage.hear(this.topics.list(topic.question, shelf, rights));
    const take = (frames: string, sent: () => void): void => {
      this.heard.push(...(JSON.parse(`[${frames}]`) as Frame[]));
      sent();
    };
    const outbox = new Outbox({ write: take, queued: () => 0 }, this.#stage.ports);
    held.topic?.join(new Follower(1, outbox, () => undefined));
    outbox.pump();
    await this.#stage.ports.advance(50);
  }

  tell(from: number): void {
    for (const hear of this.hears) hear(this.#stage.rows.slice(from));
  }
}

test('[SYNC-103] what a dead node committed last is told after what came later, and brings nothing back into a list', async () => {
  const stage = await new LanesStage({ machines: [shelf] }).start();
  const { ports, database, definitions } = stage;
  await stage.create('shelf/x', INPUT);
  const store = new MemoryStore({ ports, database, faults: { delay_ms: () => 20 } });
  const owned = { is: false };
  const changes = new Changes({ store, ports, bus: new MemoryBus(new MemoryServer(ports), ports), definitions, owns: () => owned.is });
  await stage.hear(changes.start());
  const own: Hear[] = [(rows) => changes.committed(rows)];
  const listener = new Listener(stage, store, (hear) => {
    own.push(hear);
    changes.add({ hear, wants: () => true });
  });
  await listener.follow('shelf?state=work.busy');
  await stage.send('shelf/x', 'WORK');
  owned.is = true;
  changes.took(partitionOf('shelf/x'), 2);
  const told = stage.rows.length;
  await stage.send('shelf/x', 'REST');
  for (const hear of own) hear(stage.rows.slice(told));
  await ports.advance(30_000);
  changes.stop();
  const rows = new Set<string>();
  for (const frame of listener.heard) {
    if (frame.kind !== 'list') continue;
    for (const op of frame.ops) {
      if (op.op === 'enter') rows.add(op.item.address);
      if (op.op === 'leave') rows.delete(op.address);
    }
  }
  expect([...rows]).toEqual([]);
});

test.each([20, 400, 5_000])('[SYNC-104] a count that has seen a commit which is heard of %i ms later is put right', async (lag_ms) => {
  const stage = await new LanesStage({ machines: [shelf] }).start();
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
    await stage.create(`shelf/${id}`, INPUT);
    await stage.send(`shelf/${id}`, 'WORK');
  }
  const listener = new Listener(stage);
  const told = stage.rows.length;
  await stage.send('shelf/f', 'REST');
  await listener.follow('shelf?state=work.busy&sort=createdAt&limit=2');
  await stage.ports.advance(lag_ms);
  listener.tell(told);
  await stage.ports.advance(10_000);
  const last = listener.heard.findLast((frame) => frame.kind === 'list' || frame.kind === 'snapshot');
  expect(last).toMatchObject({ total: 5 });
});

test('[SYNC-105] rows that only a newer release can read do not have a list asked for without end', async () => {
  const stage = await new LanesStage({ machines: [shelf] }).start();
  for (let i = 0; i < 8; i++) await stage.create(`shelf/s${i}`, INPUT);
  let reads = 0;
  const newer: Pick<Store, 'list' | 'count' | 'at'> = {
    list: async (query) => {
      reads++;
      const rows = await stage.store.list(query);
      return rows.map((row) => ({ ...row, envelope: row.envelope.replace('"machine_version":1', '"machine_version":2') }));
    },
    count: (query) => stage.store.count(query),
    at: (address, when) => stage.store.at(address, when),
  };
  const listener = new Listener(stage, newer);
  await listener.follow('shelf?limit=2');
  await stage.ports.advance(60_000);
  expect(reads).toBeGreaterThan(1);
  expect(reads).toBeLessThan(15);
});
