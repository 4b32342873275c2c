import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { indexedDbStorage } from './outbox-indexeddb.ts';
import { add } from './outbox-lane.ts';
import type { Lane } from './outbox-lane.ts';
import { memoryStorage, textStorage } from './outbox-storage.ts';
import type { OutboxStorage, TextFile } from './outbox-storage.ts';

/** A text in memory that takes a turn of the loop to write, and can be made to fail. */
function textFile(): TextFile & { text: string | undefined; broken: boolean; writes: number } {
  const file = {
    text: undefined as string | undefined,
    broken: false,
    writes: 0,
    read: async () => file.text,
    write: async (text: string) => {
      await new Promise((done) => setImmediate(done));
      if (file.broken) throw new Error('disk full');
      file.writes++;
      file.text = text;
    },
  };
  return file;
}

let databases = 0;
const kinds: readonly { readonly name: string; readonly shared: boolean; readonly make: () => { readonly open: () => OutboxStorage } }[] = [
  {
    name: 'memory',
    shared: false,
    make: () => {
      const storage = memoryStorage();
      return { open: () => storage };
    },
  },
  {
    name: 'a text',
    shared: false,
    make: () => {
      const file = textFile();
      return { open: () => textStorage(file) };
    },
  },
  {
    name: 'IndexedDB',
    shared: true,
    make: () => {
      const name = `outbox ${databases++}`;
      return { open: () => indexedDbStorage(name) };
    },
  },
];

function adding(id: string, to = 'payment/p'): (lane: Lane, total: number) => Lane {
  return (lane, total) => add(lane, { id, to, event: { type: 'E' }, optimistic: true, at: 0 }, { total, most: 100, isDone: () => true });
}

const ids = (lane: readonly { id: string }[]): string[] => lane.map(({ id }) => id);

describe.each(kinds)('in $name', ({ make, shared }) => {
  test('[OFF-12] what is kept is there again when it is opened anew, in the order in which it came', async () => {
    const { open } = make();
    const storage = open();
    await storage.change('ann', 'payment/q', adding('a', 'payment/q'));
    await storage.change('ann', 'payment/p', adding('b'));
    const lane = await storage.change('ann', 'payment/q', adding('c', 'payment/q'));
    expect(ids(lane)).toEqual(['a', 'c']);
    const all = await open().load('ann');
    expect(ids(all)).toEqual(['a', 'b', 'c']);
    expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));
    expect(new Set(all.map(({ seq }) => seq)).size).toBe(3);
  });

  test('[OFF-13] each person’s commands are by themselves', async () => {
    const { open } = make();
    await open().change('ann', 'payment/p', adding('a'));
    expect(await open().load('bob')).toEqual([]);
    const totals: number[] = [];
    await open().change('bob', 'payment/p', (lane, total) => {
      totals.push(lane.length, total);
      return adding('b')(lane, total);
    });
    expect(totals).toEqual([0, 0]);
    expect([ids(await open().load('ann')), ids(await open().load('bob'))]).toEqual([['a'], ['b']]);
  });

  test('[OFF-14] a change is whole: it sees what others have changed, however many change at once, and what it throws changes nothing', async () => {
    const { open } = make();
    const one = open();
    // Two tabs share a database; a process has its text for itself.
    const other = shared ? open() : one;
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).change('ann', 'payment/p', adding(`c${i}`))));
    expect(new Set(ids(await one.load('ann'))).size).toBe(20);
    const refused = one.change('ann', 'payment/p', () => {
      throw new Error('no room');
    });
    await expect(refused).rejects.toThrow('no room');
    expect(await one.load('ann')).toHaveLength(20);
  });

  test('[OFF-14] what is removed is gone, and no number is given twice', async () => {
    const { open } = make();
    const storage = open();
    const [first] = await storage.change('ann', 'payment/p', adding('a'));
    expect(await storage.change('ann', 'payment/p', () => [])).toEqual([]);
    const [second] = await storage.change('ann', 'payment/p', adding('b'));
    expect(second?.seq).toBeGreaterThan(first?.seq ?? 0);
    expect(ids(await open().load('ann'))).toEqual(['b']);
  });
});

test('[OFF-15] a text that cannot be written keeps what it had, and the command is not kept', async () => {
  const file = textFile();
  const storage = textStorage(file);
  await storage.change('ann', 'payment/p', adding('a'));
  file.broken = true;
  await expect(
    Promise.all([storage.change('ann', 'payment/p', adding('b')), storage.change('ann', 'payment/p', adding('c'))]),
  ).rejects.toThrow('disk full');
  expect(ids(await storage.load('ann'))).toEqual(['a']);
  file.broken = false;
  await storage.change('ann', 'payment/p', adding('d'));
  expect(ids(await textStorage(file).load('ann'))).toEqual(['a', 'd']);
});

test('[OFF-15] a text of a form that is not known is not touched', async () => {
  const file = textFile();
  file.text = '{"form":2,"last":0,"people":{}}';
  await expect(textStorage(file).change('ann', 'payment/p', adding('a'))).rejects.toThrow('of form 2');
  expect(file.writes).toBe(0);
});

test('[OFF-15] a database that another page wants to change is let go, and opened anew when it is needed', async () => {
  const name = `outbox ${databases++}`;
  const storage = indexedDbStorage(name);
  await storage.change('ann', 'payment/p', adding('a'));
  const newer = indexedDB.open(name, 2);
  await new Promise<void>((done, fail) => {
    newer.onsuccess = () => done();
    newer.onblocked = () => fail(new Error('blocked'));
  });
  newer.result.close();
  // The newer page’s database is not this page’s any more: that is said, and nothing is lost.
  await expect(storage.load('ann')).rejects.toThrow();
});
