import type { Definition } from '../../machines/machine.ts';
import { toStates } from '../envelope.ts';
import type { Envelope, StoredEnvelope } from '../envelope.ts';
import { MigrationFailed, NewerEnvelope, misfitOf } from '../migration.ts';
import { canTake, readEnvelope } from '../step.ts';
import type { HistoryRow } from '../store/store.ts';
import { waitsOf } from '../xstate-inner.ts';
import { replay } from './replay.ts';

/** One thing that was found, with how many actors show it and the first of them. */
export type Found = { readonly what: string; count: number; readonly examples: string[] };

export type Report = {
  readonly type: string;
  readonly version: number;
  readonly actors: number;
  /** Stored by the very version of the candidate, and read by it. */
  readonly restored: number;
  /** Stored by an older version, and lifted. */
  readonly migrated: number;
  readonly replayed: number;
  /** Actors that the candidate would strand: it must not be released. */
  readonly stranded: Readonly<Record<Stranding, readonly Found[]>>;
  /** What would behave otherwise: somebody has to say that it is meant so. */
  readonly changed: Readonly<Record<Change, readonly Found[]>>;
};

/** Why an actor would be stranded. `newer`: a newer version than the candidate wrote it. */
export type Stranding = 'newer' | 'unreadable' | 'migration' | 'state' | 'timers' | 'effects';
/** `waits`: a timer or call that its state may have seen the end of, or may have lost. */
export type Change = 'guards' | 'waits' | 'histories';

const EXAMPLES = 5;

class Findings {
  readonly #found = new Map<string, Found>();

  add(what: string, address: string): void {
    const known = this.#found.get(what) ?? { what, count: 0, examples: [] };
    known.count++;
    if (known.examples.length < EXAMPLES) known.examples.push(address);
    this.#found.set(what, known);
  }

  get list(): readonly Found[] {
    return [...this.#found.values()].sort((a, b) => b.count - a.count || (a.what < b.what ? -1 : 1));
  }
}

/** What a candidate of a machine would make of stored actors; it is shown them one by one and writes nothing. */
export class Rehearsal {
  readonly #candidate: Definition;
  readonly #present: Definition | undefined;
  readonly #settings: unknown;
  readonly #stranded: Readonly<Record<Stranding, Findings>>;
  readonly #changed: Readonly<Record<Change, Findings>>;
  #actors = 0;
  #restored = 0;
  #migrated = 0;
  #replayed = 0;

  /** `present` is the machine that runs now, to compare guards with. */
  constructor(candidate: Definition, present: Definition | undefined, settings: unknown) {
    this.#candidate = candidate;
    this.#present = present;
    this.#settings = candidate.settings.parse(settings ?? {});
    const one = (): Findings => new Findings();
    this.#stranded = { newer: one(), unreadable: one(), migration: one(), state: one(), timers: one(), effects: one() };
    this.#changed = { guards: one(), waits: one(), histories: one() };
  }

  actor(address: string, text: string): void {
    this.#actors++;
    const envelope = this.#read(address, text);
    if (envelope === undefined) return;
    this.#compareWaits(address, envelope);
    this.#compareGuards(address, text, envelope);
  }

  history(address: string, rows: readonly HistoryRow[]): void {
    this.#replayed++;
    let what: string | undefined;
    try {
      const found = replay(this.#candidate, rows, this.#settings);
      if (found === undefined) return;
      what = `${found.event} (${found.what}): stored ${found.stored}, replayed ${found.replayed}`;
    } catch (error) {
      what = `its rows cannot be read: ${messageOf(error)}`;
    }
    this.#changed.histories.add(what, address);
  }

  get report(): Report {
    const listed = <Name extends string>(of: Readonly<Record<Name, Findings>>): Record<Name, readonly Found[]> =>
      Object.fromEntries(Object.entries<Findings>(of).map(([name, { list }]) => [name, list])) as Record<Name, readonly Found[]>;
    const { type, version } = this.#candidate;
    const counts = { actors: this.#actors, restored: this.#restored, migrated: this.#migrated, replayed: this.#replayed };
    return { type, version, ...counts, stranded: listed(this.#stranded), changed: listed(this.#changed) };
  }

  #read(address: string, text: string): Envelope | undefined {
    try {
      const { envelope, lifted } = readEnvelope(this.#candidate, text);
      const misfit = lifted === undefined ? misfitOf(this.#candidate, JSON.parse(text) as StoredEnvelope) : undefined;
      if (misfit !== undefined) {
        this.#stranded[misfit.kind].add(misfit.why, address);
        return undefined;
      }
      if (lifted === undefined) this.#restored++;
      else this.#migrated++;
      return envelope;
    } catch (error) {
      if (error instanceof NewerEnvelope)
        this.#stranded.newer.add(`version ${(JSON.parse(text) as StoredEnvelope).machine_version}`, address);
      else if (error instanceof MigrationFailed) this.#stranded[error.kind].add(error.why, address);
      else this.#readFailure(address, text, error);
      return undefined;
    }
  }

  /** A state that the candidate lacks shows when it is restored; anything else is an envelope that nobody can read. */
  #readFailure(address: string, text: string, error: unknown): void {
    try {
      const stored = JSON.parse(text) as StoredEnvelope;
      const misfit = stored.machine === this.#candidate.type ? misfitOf(this.#candidate, stored) : undefined;
      if (misfit !== undefined) return this.#stranded[misfit.kind].add(misfit.why, address);
    } catch {
      // It is no JSON; what was thrown first says it.
    }
    this.#stranded.unreadable.add(messageOf(error), address);
  }

  #compareWaits(address: string, { snapshot, timers, effects }: Envelope): void {
    if (snapshot.status !== 'active') return;
    const waits = waitsOf(snapshot);
    for (const { id, state } of waits.timers) if (timers[id] === undefined) this.#changed.waits.add(`${state} has no timer ${id}`, address);
    for (const { id, state } of waits.effects)
      if (effects[id] === undefined) this.#changed.waits.add(`${state} has no call ${id}`, address);
  }

  #compareGuards(address: string, text: string, envelope: Envelope): void {
    const present = this.#present;
    if (present === undefined || envelope.parked !== undefined) return;
    let before: Envelope;
    try {
      before = readEnvelope(present, text).envelope;
    } catch {
      return; // what runs now cannot read it either
    }
    for (const type of Object.keys(present.events)) {
      const was = answer(present, before, type);
      const is = Object.hasOwn(this.#candidate.events, type) ? answer(this.#candidate, envelope, type) : 'no such event';
      if (was === is) continue;
      const state = toStates(before.snapshot.value).join(',');
      this.#changed.guards.add(`${type} in ${state}: ${was} → ${is}`, address);
    }
  }
}

/** Whether the usual event of this name would be taken, or why not. */
function answer(definition: Definition, { snapshot, at }: Envelope, type: string): string {
  try {
    return canTake(definition, snapshot, type, 'rehearsal', at) ?? 'taken';
  } catch (error) {
    return `throws ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the candidate may be released. */
export function isSafe({ stranded, changed }: Report, strict: boolean): boolean {
  const none = (of: Readonly<Record<string, readonly Found[]>>): boolean => Object.values(of).every((found) => found.length === 0);
  return none(stranded) && (!strict || none(changed));
}

const TITLES: Readonly<Record<Stranding | Change, string>> = {
  newer: 'written by a newer version than the candidate',
  unreadable: 'unreadable',
  migration: 'migration failed',
  state: 'state missing',
  timers: 'timers lost',
  effects: 'calls lost',
  guards: 'guards that answer differently',
  waits: 'timers and calls that are over, or were lost',
  histories: 'histories that replay to something else',
};

/** The report as a person reads it, a line each. */
export function toLines(report: Report, strict: boolean): readonly string[] {
  const { type, version, actors, restored, migrated, replayed, stranded, changed } = report;
  const lines = [
    `${type} version ${version}: ${actors} actors, ${restored} restored, ${migrated} migrated, ${actors - restored - migrated} stranded; ${replayed} histories replayed`,
  ];
  for (const [of, mark] of [
    [stranded, 'STRANDED'],
    [changed, strict ? 'CHANGED' : 'changed'],
  ] as const) {
    for (const [kind, found] of Object.entries(of)) {
      if (found.length === 0) continue;
      const count = found.reduce((sum, one) => sum + one.count, 0);
      lines.push(`${mark}  ${TITLES[kind as Stranding | Change]}: ${count}`);
      for (const one of found.slice(0, 20)) lines.push(`    ${one.count} × ${one.what} (${one.examples.join(', ')})`);
      if (found.length > 20) lines.push(`    and ${found.length - 20} more kinds`);
    }
  }
  lines.push(isSafe(report, strict) ? 'the candidate strands nobody' : 'the candidate must not be released');
  return lines;
}
