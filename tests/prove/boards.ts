import { fileURLToPath } from 'node:url';
import { Doorman, RestCaller } from '../chaos/callers.ts';
import { PASSWORD, World } from '../chaos/world.ts';

const MACHINES = fileURLToPath(new URL('../../bench/board-machines.ts', import.meta.url));
const LEASE_MS = 5_000;
const PATIENCE_MS = 60_000;

/** Two nodes with so many actors that many clients follow, and whoever changes all of them. */
export type Boards = {
  readonly world: World;
  readonly token: string;
  readonly topics: readonly string[];
  readonly ports: readonly number[];
  /** Resolves when every one has been answered, also where its owner had to change for it. */
  readonly set: (n: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function openBoards(count: number): Promise<Boards> {
  const world = await World.open({ nodes: 2, lease_ms: LEASE_MS, machines: MACHINES });
  const doorman = new Doorman(world.nodes);
  const until = (): number => performance.now() + PATIENCE_MS;
  const admin = new RestCaller('admin', world.nodes, doorman, Math.random);
  await admin.ask('PUT', '/v1/people/clerk', until(), { roles: ['clerk'], password: PASSWORD });
  const clerk = new RestCaller('clerk', world.nodes, doorman, Math.random);
  const ids = Array.from({ length: count }, (_, index) => `b${index}`);
  for (const id of ids) await clerk.create('board', id, {}, `create-${id}`, until());
  const set = async (n: number): Promise<void> => {
    const event = { type: 'SET', n };
    await Promise.all(ids.map((id) => clerk.send(`board/${id}`, event, `${id}-${n}`, until())));
  };
  return {
    world,
    token: await doorman.token('clerk'),
    topics: ids.map((id) => `board/${id}`),
    ports: world.nodes.map(({ url }) => Number(new URL(url).port)),
    set,
    close: async () => {
      await world.stop();
      await world.forget();
    },
  };
}
