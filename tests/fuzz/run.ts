import { play } from './scenario.ts';
import type { Verdict } from './scenario.ts';
import { FuzzWorld, setTable } from './world.ts';

export type FuzzRun = {
  readonly seeds: number;
  readonly seed: number;
  /** How many scenarios go on beside each other, each with its own people. */
  readonly tables: number;
  readonly tell: (line: string) => void;
};

export type FuzzResult = {
  readonly held: boolean;
  readonly seeds: number;
  readonly acts: number;
  readonly commands: number;
  readonly messages_lost: number;
  readonly nodes_killed: number;
  readonly nodes_drained: number;
  readonly nodes_frozen: number;
  readonly wrongs: readonly string[];
};

/** Scenarios of seeds that follow on each other, over real sockets to real processes, beside each other and through the same nodes. */
export async function runFuzz({ seeds, seed, tables, tell }: FuzzRun): Promise<FuzzResult> {
  const world = await FuzzWorld.open();
  try {
    let next = 0;
    const verdicts: Verdict[] = [];
    const sit = async (n: number): Promise<void> => {
      const table = await setTable(world, n);
      while (next < seeds) {
        const verdict = await play(world, table, seed + next++);
        verdicts.push(verdict);
        for (const wrong of verdict.wrongs) tell(`seed ${verdict.seed}: ${wrong}`);
        if (verdicts.length % tables === 0) tell(`${verdicts.length} of ${seeds} seeds`);
      }
      await Promise.all(table.clients.map((client) => client.close()));
    };
    const places = Array.from({ length: Math.min(tables, seeds) }, (_, n) => n);
    await Promise.all(places.map(sit));
    const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, verdict) => total + of(verdict), 0);
    const wrongs = verdicts.flatMap((verdict) => verdict.wrongs.map((wrong) => `seed ${verdict.seed}: ${wrong}`));
    return {
      held: wrongs.length === 0 && verdicts.length === seeds,
      seeds: verdicts.length,
      acts: sum(({ acts }) => acts),
      commands: sum(({ commands }) => commands),
      messages_lost: sum(({ lost }) => lost),
      nodes_killed: world.kills,
      nodes_drained: world.drains,
      nodes_frozen: world.freezes,
      wrongs: wrongs.slice(0, 20),
    };
  } finally {
    await world.close();
  }
}
