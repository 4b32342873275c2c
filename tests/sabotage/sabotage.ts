/** A bug that is planted into a copy of the product. It stands nowhere in the product itself. */
export type Sabotage = {
  readonly name: string;
  /** What it breaks: at least ten are about the commit, the fence or effects. */
  readonly part: 'commit' | 'fence' | 'effects' | 'timers' | 'outlet' | 'intake' | 'ledger' | 'nodes' | 'sockets';
  readonly file: string;
  /** Text that stands in the file exactly once, and what is put in its place: one to three lines are other than before. */
  readonly find: string;
  readonly replace: string;
  /** What must find it. */
  readonly prover: Prover;
  /** What would go wrong, for whom. */
  readonly harm: string;
};

/** A command of this repository that ends with another code than 0 when what it proves does not hold; run by the copy's own Node. */
export type Prover = { readonly what: string; readonly argv: readonly string[] };

/** Every death at these points of these rows of the crash table, and a second one wherever the next process comes by. */
export function pairs(rows: string, points: string): Prover {
  return { what: `crash pairs of ${rows} at ${points}`, argv: ['tests/prove/prove.ts', 'points', rows, points, 'pairs'] };
}

/** A real process that dies at these points of these rows. */
export function singles(rows: string, points: string): Prover {
  return { what: `crash table of ${rows} at ${points}`, argv: ['tests/prove/prove.ts', 'points', rows, points, 'singles'] };
}

/** Whole worlds from one seed. */
export function simulate(seed: number, steps: number): Prover {
  return {
    what: `simulation, seed ${seed}, ${steps} steps`,
    argv: ['tests/simulate/main.ts', '--seed', String(seed), '--steps', String(steps), '--whole'],
  };
}

/** A contract that PostgreSQL itself is held to. */
export function contract(path: string): Prover {
  return { what: path, argv: ['tests/run.ts', '--project', 'pg', path] };
}

/** A random story, or a model, that is itself a prover. */
export function story(path: string): Prover {
  return { what: path, argv: ['tests/run.ts', '--project', 'unit', path] };
}
