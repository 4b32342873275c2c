import { drawOf, keyOf } from './chance.ts';

/** What goes wrong in a simulated world; each with how likely it is wherever it could happen. */
export const FAULTS = {
  /** The process ends: before a turn of its own, at a call to its database, before an answer is heard, or at a named point. */
  'crash.turn': 1 / 40_000,
  'crash.store': 1 / 8_000,
  'crash.answer': 1 / 8_000,
  'crash.publish': 1 / 15_000,
  'crash.point': 1 / 25_000,
  /** A commit: refused for now, or its answer lost; it was not written, it was, or it is written some time later. */
  'commit.retry': 1 / 150,
  'commit.lost_before': 1 / 250,
  'commit.lost_after': 1 / 250,
  'commit.late': 1 / 300,
  'commit.poison': 1 / 500,
  /** A call to the database finds its connection gone; takes long; or its answer takes long on its way back. */
  'store.gone': 1 / 400,
  'store.slow': 1 / 150,
  'answer.slow': 1 / 150,
  /** Looked at ten times a second: the database answers nobody for a while; a process stands still beyond its lease, or for less. */
  'database.down': 1 / 400,
  'node.stands': 1 / 150,
  'node.stops': 1 / 300,
  /** A machine gets the next release, while others still run the one before. */
  'node.upgrades': 1 / 1000,
  /** The wall clock of a machine, or of the database's, jumps. */
  'clock.jumps': 1 / 400,
  'clock.database': 1 / 1500,
  /** NATS is down for a while, comes back without its streams or without their ends; one node's connection to it breaks. */
  'nats.down': 1 / 300,
  'nats.wiped': 1 / 800,
  'nats.cut': 1 / 600,
  'link.breaks': 1 / 40,
  /** A message between nodes is lost, or others overtake it. */
  'message.lost': 1 / 250,
  'message.slow': 1 / 10,
  /** What other systems do: publish again what they have a receipt of, do not hear a receipt. */
  'publication.repeated': 1 / 40,
  'receipt.unheard': 1 / 60,
  /** What clients do: ask two nodes at once, not hear an answer, ask again long after. */
  'command.doubled': 1 / 150,
  'command.unheard': 1 / 150,
  'command.again': 1 / 120,
  /** What a gateway does: no answer before or after the work, a request that arrives long after, a refusal, an error to try again. */
  'gateway.lost_before': 1 / 60,
  'gateway.lost_after': 1 / 60,
  'gateway.delayed': 1 / 80,
  'gateway.declines': 1 / 30,
  'gateway.retry': 1 / 30,
  'gateway.busy': 1 / 60,
} as const;

export type FaultKind = keyof typeof FAULTS;
export type Rates = Readonly<Record<FaultKind, number>>;

/** A fault that happened. Its name says what, where, and which of the chances for it. */
export type Struck = { readonly name: string; readonly at_ms: number; readonly detail: string };

export type FaultsOptions = {
  readonly seed: number;
  readonly rates: Rates;
  /** Exactly the faults of these names happen, whatever the seed says. */
  readonly exactly?: ReadonlySet<string>;
  readonly onStruck: (name: string, detail: string) => void;
};

/** Decides what goes wrong. Each chance is drawn under its own name, so that leaving one fault out leaves the others where they are. */
export class Faults {
  /** From now on nothing goes wrong any more. */
  calm = false;
  readonly #options: FaultsOptions;
  readonly #sites = new Map<string, Site>();

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  site(kind: FaultKind, where: string): Site {
    const name = `${kind}@${where}`;
    let site = this.#sites.get(name);
    if (site === undefined) {
      const { seed, rates, exactly, onStruck } = this.#options;
      const given = exactly === undefined ? undefined : numbersOf(exactly, name);
      const isCalm = (): boolean => this.calm;
      site = new Site({ name, key: keyOf(seed, name), rate: rates[kind], given, isCalm, onStruck });
      this.#sites.set(name, site);
    }
    return site;
  }
}

type SiteOptions = {
  readonly name: string;
  readonly key: number;
  readonly rate: number;
  readonly given: ReadonlySet<number> | undefined;
  readonly isCalm: () => boolean;
  readonly onStruck: FaultsOptions['onStruck'];
};

/** One place where one thing can go wrong, again and again. */
export class Site {
  readonly #options: SiteOptions;
  #n = 0;

  constructor(options: SiteOptions) {
    this.#options = options;
  }

  strikes(detail = ''): boolean {
    const n = ++this.#n;
    const { name, key, rate, given, isCalm, onStruck } = this.#options;
    if (given === undefined ? drawOf(key, n) >= rate : !given.has(n)) return false;
    if (isCalm()) return false;
    onStruck(`${name}#${n}`, detail);
    return true;
  }

  /** How hard the last fault struck, 0 <= x < 1; drawn apart from whether it did. */
  force(which = 1): number {
    return drawOf(this.#options.key ^ Math.imul(which, 0x85ebca6b), this.#n);
  }
}

function numbersOf(names: ReadonlySet<string>, site: string): ReadonlySet<number> {
  const prefix = `${site}#`;
  return new Set([...names].filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length))));
}
