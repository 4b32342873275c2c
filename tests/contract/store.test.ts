import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { Store } from '../../actors/store/store.ts';
import { storeContract } from './store.ts';

storeContract('memory', () => {
  const ports = new VirtualPorts();
  let store = new MemoryStore({ ports });
  // The suite holds on to one store; an empty one takes its place behind it.
  const front = new Proxy({} as Store, { get: (_, name) => Reflect.get(store, name).bind(store) as unknown });
  const empty = async (): Promise<void> => {
    store = new MemoryStore({ ports, database: new MemoryDatabase(ports.clock) });
    await Promise.resolve();
  };
  return Promise.resolve({ store: front, empty, elapse: (ms) => ports.advance(ms), close: () => Promise.resolve() });
});
