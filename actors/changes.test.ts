import { expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { LanesStage } from '../tests/support/lanes-stage.ts';
import { MemoryBus, MemoryServer } from './bus/memory.ts';
import { changesSubject } from './bus/subjects.ts';
import { Changes } from './changes.ts';
import { MemoryStore } from './store/memory.ts';

const A = 'counter/a';
const PARTITION = partitionOf(A);

test('[CHG-1] what the last owner wrote is told whole though its end is still being read while the next one writes', async () => {
  const one = await new LanesStage().start();
  const { ports, database } = one;
  await one.create(A);
  await one.send(A, 'TOUCH');
  const server = new MemoryServer(ports);
  const [near, far] = [new MemoryBus(server, ports), new MemoryBus(server, ports)];
  const store = new MemoryStore({ ports, database, faults: { delay_ms: () => 20 } });
  let owned = false;
  const changes = new Changes({ store, ports, bus: near, definitions: one.definitions, owns: () => owned });
  const heard: number[] = [];
  changes.add({ hear: (rows) => heard.push(...rows.map(({ row }) => row.version)), wants: () => true });
  await one.hear(changes.start());

  await one.send(A, 'TOUCH');
  far.publish(changesSubject(PARTITION), JSON.stringify({ partition: PARTITION, from: 3, to: 3, rows: [[A, 3]] }));
  await ports.advance(5);
  await one.send(A, 'TOUCH');
  // The owner dies; this node takes the partition and writes at once, while the third row is still being read.
  owned = true;
  changes.took(PARTITION, 4);
  const told = one.rows.length;
  await one.send(A, 'TOUCH');
  changes.committed(one.rows.slice(told));
  await ports.advance(500);
  expect(heard).toEqual([3, 4]);
  changes.stop();
});
