import { z } from 'zod';
import type { CommitListener } from '../actors/delivery.ts';
import type { Question } from '../actors/forwarding.ts';
import type { Peer } from '../actors/ownership.ts';
import { PULSE_S } from './pulse.ts';
import type { Beat, Pulse } from './pulse.ts';

const count = z.int().min(0);
const beatSchema = z.object({ at: z.int(), events: count, p50_ms: z.number().nullable(), p99_ms: z.number().nullable() });
const figuresSchema = z.object({ waiting: count, effects: count, actors: count });
/** What a node says of itself: how it stands, its last whole second, and those since the one that was asked for. */
const toldSchema = z.object({ figures: figuresSchema, until: z.int(), beats: z.array(beatSchema).max(PULSE_S) });

type Figures = z.infer<typeof figuresSchema>;

export type NodeFigures = {
  readonly id: string;
  /** Null of a node that does not answer. */
  readonly figures: (Figures & { readonly events_per_s: number; readonly p99_ms: number | null }) | null;
};

export type HubPulse = {
  /** Who answers. */
  readonly node: string;
  readonly nodes: readonly NodeFigures[];
  /** Sums of those that answer; how long it took is that of the slowest. */
  readonly seconds: readonly Beat[];
};

export type PulsesOptions = {
  readonly node: string;
  readonly own: Pulse;
  readonly figures: () => Figures;
  /** The other nodes that live. */
  readonly peers: () => readonly Peer[];
  /** What another node says, of the seconds behind `since`. Rejects when it does not answer in time. */
  readonly ask: (peer: Peer, since: number, within_ms: number) => Promise<unknown>;
  /** A clock that never runs backwards. */
  readonly now_ms: () => number;
};

/** However many look at it, each node is asked so often and no more. */
const FRESH_MS = 1_000;
/** Nobody waits longer for a node that does not answer. */
const PATIENCE_MS = 700;
/** What "lately" is. */
const LATELY_S = 10;

/** What was last heard of a node; no figures where it has not answered. */
type Heard = { readonly figures: Figures | undefined; readonly until: number; readonly beats: readonly Beat[] };

/** What all nodes of the hub commit: each counts for itself, and whoever is asked asks the others. */
export class Pulses {
  readonly #options: PulsesOptions;
  #heard: ReadonlyMap<string, Heard> = new Map();
  #asked_at = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> = Promise.resolve();

  constructor(options: PulsesOptions) {
    this.#options = options;
  }

  readonly committed: CommitListener = (rows) => this.#options.own.committed(rows);

  /** What another node is told of this one. Throws for what is no question about its pulse. */
  answer({ about, given }: Question): z.infer<typeof toldSchema> {
    if (about !== 'pulse') throw new Error(`This node says nothing about ${about}`);
    return this.#tell(z.int().min(0).parse(given));
  }

  /** What the hub commits, of the seconds behind `after` (epoch seconds). */
  async read(after: number): Promise<HubPulse> {
    const { node, now_ms } = this.#options;
    if (now_ms() - this.#asked_at >= FRESH_MS) {
      this.#asked_at = now_ms();
      this.#asking = this.#askAll();
    }
    await this.#asking;
    const heard = new Map<string, Heard>([[node, this.#tell(0)], ...this.#heard]);
    const nodes = [...heard].map(([id, one]) => ({ id, figures: toFigures(one) })).sort((a, b) => (a.id < b.id ? -1 : 1));
    return { node, nodes, seconds: addUp([...heard.values()], after) };
  }

  #tell(since: number): z.infer<typeof toldSchema> {
    const { waiting, effects, actors } = this.#options.figures();
    const { own } = this.#options;
    return { figures: { waiting, effects, actors }, until: own.until, beats: [...own.since(since)] };
  }

  /** A node whose lease is over is not asked any more and forgotten. */
  async #askAll(): Promise<void> {
    const { peers, ask } = this.#options;
    const heard = peers().map(async (peer): Promise<readonly [string, Heard]> => {
      const known = this.#heard.get(peer.id)?.beats ?? [];
      try {
        const { figures, until, beats } = toldSchema.parse(await ask(peer, known.at(-1)?.at ?? 0, PATIENCE_MS));
        return [peer.id, { figures, until, beats: [...known, ...beats].slice(-PULSE_S) }];
      } catch {
        return [peer.id, { figures: undefined, until: 0, beats: known }];
      }
    });
    this.#heard = new Map(await Promise.all(heard));
  }
}

function toFigures({ figures, beats }: Heard): NodeFigures['figures'] {
  if (figures === undefined) return null;
  const lately = beats.slice(-LATELY_S);
  const events = lately.reduce((sum, beat) => sum + beat.events, 0);
  return {
    ...figures,
    events_per_s: lately.length === 0 ? 0 : Math.round((events / lately.length) * 10) / 10,
    p99_ms: slowest(lately.map(({ p99_ms }) => p99_ms)),
  };
}

/** Up to the second that all who answer have told of: one that is a moment behind would look like a dip. */
function addUp(heard: readonly Heard[], after: number): readonly Beat[] {
  const last = Math.min(...heard.map(({ figures, until }) => (figures === undefined ? Infinity : until)));
  const seconds = new Map<number, Beat[]>();
  for (const beat of heard.flatMap(({ beats }) => beats)) {
    if (beat.at <= after || beat.at > last) continue;
    const same = seconds.get(beat.at);
    if (same === undefined) seconds.set(beat.at, [beat]);
    else same.push(beat);
  }
  return [...seconds]
    .sort(([a], [b]) => a - b)
    .map(([at, beats]) => ({
      at,
      events: beats.reduce((sum, { events }) => sum + events, 0),
      p50_ms: slowest(beats.map(({ p50_ms }) => p50_ms)),
      p99_ms: slowest(beats.map(({ p99_ms }) => p99_ms)),
    }));
}

function slowest(took_ms: readonly (number | null)[]): number | null {
  const known = took_ms.filter((took) => took !== null);
  return known.length === 0 ? null : Math.max(...known);
}
