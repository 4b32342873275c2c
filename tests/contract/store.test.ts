import { VirtualPorts } from '../../actors/ports/virtual.ts';
import { MemoryDatabase } from '../../actors/store/memory-database.ts';
import { MemoryStore } from '../../actors/store/memory.ts';
import type { Store } from '../../actors/store/store.ts';
import { operationsContract } from './operations.ts';
import { postingContract } from './postings.ts';
import { storeContract } from './store.ts';
import type { StoreUnderTest } from './store.ts';

function open(): Promise<StoreUnderTest & { readonly database: () => MemoryDatabase }> {
  const ports = new VirtualPorts();
  let store = new MemoryStore({ ports });
  // The suite holds on to one store; an empty one takes its place behind it.
  const front = new Proxy({} as Store, {
    get: (_, name): unknown => {
      const found: unknown = Reflect.get(store, name);
      return typeof found === 'function' ? (found.bind(store) as unknown) : found;
    },
  });
  const empty = async (): Promise<void> => {
    store = new MemoryStore({ ports, database: new MemoryDatabase(ports.clock) });
    await Promise.resolve();
  };
  const database = (): MemoryDatabase => store.database;
  return Promise.resolve({ store: front, empty, elapse: (ms) => ports.advance(ms), close: () => Promise.resolve(), database });
}

storeContract('memory', open);
operationsContract('memory', open);
postingContract('memory', async () => {
  const under = await open();
  return {
    ...under,
    postings: () => Promise.resolve(under.database().postings),
    balances: (accounts) => Promise.resolve(under.database().balances(accounts)),
  };
});
