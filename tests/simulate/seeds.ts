/** A world that failed once; kept so that what it found stays mended. */
export type Seed = {
  readonly seed: number;
  readonly steps: number;
  /** Exactly these faults, where the story was made small. */
  readonly faults?: readonly string[];
  readonly found: string;
};

export const SEEDS: readonly Seed[] = [
  {
    seed: 8005,
    steps: 20_000,
    found: 'a node started again under its name kept, for ever and unserved, what was another node’s share by then',
  },
  { seed: 31_340, steps: 20_000, found: 'an effect was forgotten when the database could not be read for its actor while a node started' },
  {
    seed: 781,
    steps: 20_000,
    found: 'the answer to a commit came when its partition was lost and taken again, and an old state was believed',
  },
  { seed: 31_343, steps: 20_000, found: 'what was told to a parked actor and refused later never came back to its sender' },
  {
    seed: 591_254_192,
    steps: 20_000,
    found: 'rows that another node had written were told again by one that claimed a partition back and read past its own end',
  },
  {
    seed: 592_254_316,
    steps: 20_000,
    found: 'a timer that an older node sent under the name it had before a migration was late for ever, and never fired',
  },
  {
    seed: 94_715_777,
    steps: 20_000,
    found: 'an actor that was read while a lost statement could still commit was believed, and a payment waited for its answer for ever',
  },
  {
    seed: 681_254_398,
    steps: 20_000,
    found:
      'a partition that was lost while a commit of it was under way was taken up again when that commit failed, and nobody carried its sends',
  },
  {
    seed: 244_413_832,
    steps: 20_000,
    found: 'an operation for which the gateway was not called stayed under way for ever, beside the one that was begun in its place',
  },
];
