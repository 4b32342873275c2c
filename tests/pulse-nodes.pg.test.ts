import { afterAll, beforeAll, expect, test } from 'vitest';
import { partitionOf } from '../machines/ids.ts';
import { startTestHub, type TestHub } from './support/hub.ts';
import { Rest, PAYMENT } from './support/rest.ts';
import { FIRST_NODE, startSecondNode, type SecondNode } from './support/second-node.ts';

let one: TestHub;
let two: SecondNode;
let rest: Rest;

beforeAll(async () => {
  one = await startTestHub(FIRST_NODE);
  rest = new Rest(one);
  two = await startSecondNode(one);
}, 120_000);

afterAll(async () => {
  await two?.stop();
  await one?.stop();
});

type Pulse = {
  readonly node: string;
  readonly nodes: readonly { readonly id: string; readonly figures: { readonly events_per_s: number } | null }[];
  readonly seconds: readonly { readonly at: number; readonly events: number }[];
};

const asked = async (url: string, since = 0): Promise<Pulse> => {
  const headers = { authorization: `Bearer ${await one.token('auditor')}` };
  const answer = await fetch(`${url}/v1/overview/pulse?since=${since}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Pulse;
};
const sumOf = ({ seconds }: Pulse): number => seconds.reduce((sum, { events }) => sum + events, 0);
const silentOf = ({ nodes }: Pulse): string[] => nodes.filter(({ figures }) => figures === null).map(({ id }) => id);

let made = 0;

/** Payments that this node commits. */
async function commit(count: number, mine: boolean): Promise<void> {
  for (let done = 0; done < count;) {
    const id = `p${made++}`;
    if (one.hub.runtime.lanes.owns(partitionOf(`payment/${id}`)) !== mine) continue;
    expect((await rest.create('payment', { id, input: PAYMENT })).status).toBe(201);
    done++;
  }
}

test('[OFFICE-22] with two nodes either says what both of them commit, and how each of them does', async () => {
  await expect.poll(async () => silentOf(await asked(one.url)), { timeout: 20_000 }).toEqual([]);
  const before = Math.floor(Date.now() / 1000) - 1;
  await commit(6, true);
  await commit(9, false);
  const after = Math.floor(Date.now() / 1000);
  const between = async (url: string): Promise<Pulse['seconds']> => (await asked(url, before)).seconds.filter(({ at }) => at <= after);
  for (const url of [one.url, two.url]) {
    await expect.poll(async () => (await between(url)).at(-1)?.at, { timeout: 20_000 }).toBe(after);
    const { nodes } = await asked(url);
    expect(nodes.map(({ id }) => id)).toEqual(['one', 'two']);
    for (const { figures } of nodes) expect(figures?.events_per_s).toBeGreaterThan(0);
  }
  // What the demo does meanwhile is among it.
  expect((await between(one.url)).reduce((sum, { events }) => sum + events, 0)).toBeGreaterThanOrEqual(15);
  expect(await between(two.url)).toEqual(await between(one.url));
  expect([(await asked(one.url)).node, (await asked(two.url)).node]).toEqual(['one', 'two']);
});

test('[OFFICE-22] a node that hangs is named as long as it is one, the others go on, and it is counted again when it answers', async () => {
  two.freeze();
  try {
    await expect.poll(async () => silentOf(await asked(one.url)), { timeout: 20_000 }).toEqual(['two']);
    const since = Math.floor(Date.now() / 1000) - 1;
    await commit(4, true);
    await expect.poll(async () => sumOf(await asked(one.url, since)), { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    expect(silentOf(await asked(one.url))).toEqual(['two']);
  } finally {
    two.thaw();
  }
  await expect.poll(async () => silentOf(await asked(one.url)), { timeout: 20_000 }).toEqual([]);
});
