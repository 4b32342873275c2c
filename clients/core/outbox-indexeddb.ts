import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Kept, Lane } from './outbox-lane.ts';
import type { Decide, OutboxStorage } from './outbox-storage.ts';

type Row = Omit<Kept, 'seq'> & { readonly seq?: number; readonly person: string };

interface Schema extends DBSchema {
  commands: { key: number; value: Row; indexes: { person: string; lane: [string, string] } };
}

const VERSION = 1;

/** Keeps commands in a database of the browser, which outlives reloads and crashes and is shared by its tabs. */
export function indexedDbStorage(name: string): OutboxStorage {
  let opening: Promise<IDBPDatabase<Schema>> | undefined;
  const open = (): Promise<IDBPDatabase<Schema>> => {
    const forget = (): void => (opening = undefined);
    opening ??= openDB<Schema>(name, VERSION, {
      upgrade: (database) => {
        const store = database.createObjectStore('commands', { keyPath: 'seq', autoIncrement: true });
        store.createIndex('person', 'person');
        store.createIndex('lane', ['person', 'to']);
      },
      // A newer page wants to change the database: let it, and open it anew when it is needed.
      blocking: (_from, _to, event) => {
        forget();
        (event.target as IDBDatabase).close();
      },
      terminated: forget,
    });
    opening.catch(forget);
    return opening;
  };
  let asked = false;
  return {
    load: async (person) => (await (await open()).getAllFromIndex('commands', 'person', person)).map(toKept),
    change: async (person, to, decide) => {
      const lane = await change(await open(), person, to, decide);
      if (!asked) {
        asked = true;
        stay();
      }
      return lane;
    },
  };
}

/** Asks the browser not to throw it away when room gets short. Some ask the person; whatever he says, the commands are kept for now. */
function stay(): void {
  const storage = typeof navigator === 'undefined' ? undefined : (navigator as { readonly storage?: Partial<StorageManager> }).storage;
  storage?.persist?.().catch(() => undefined);
}

async function change(database: IDBPDatabase<Schema>, person: string, to: string, decide: Decide): Promise<Lane> {
  const transaction = database.transaction('commands', 'readwrite', { durability: 'strict' });
  try {
    const [rows, total] = await Promise.all([
      transaction.store.index('lane').getAll([person, to]),
      transaction.store.index('person').count(person),
    ]);
    const before = rows.map(toKept);
    const after = decide(before, total);
    const gone = before.filter(({ seq }) => !after.some((kept) => kept.seq === seq));
    const lane: Kept[] = [];
    for (const { seq } of gone) await transaction.store.delete(seq);
    for (const kept of after) lane.push(before.includes(kept) ? kept : await put(kept));
    await transaction.done;
    return lane;
  } catch (error) {
    abort();
    throw error;
  }

  async function put({ seq, ...rest }: Kept): Promise<Kept> {
    const row = { ...rest, person, ...(seq > 0 && { seq }) };
    return { ...rest, seq: await transaction.store.put(row) };
  }

  /** It may have ended by itself; and its own rejection is the one that has been caught. */
  function abort(): void {
    transaction.done.catch(() => undefined);
    try {
      transaction.abort();
    } catch {
      // over already
    }
  }
}

function toKept({ person: _, seq = 0, ...rest }: Row): Kept {
  return { ...rest, seq };
}
