import type { Chart } from '../../hub/protocol/chart.ts';
import { INSPECTOR } from '../../hub/protocol/inspection.ts';
import type { ActorFrame, InspectFrame, InspectedEvent, InspectedSnapshot, SnapshotFrame } from '../../hub/protocol/inspection.ts';

/** One step of an actor: what happened, and how the actor was before and after. */
export type Step = {
  /** `address@version`. */
  readonly key: string;
  readonly address: string;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly event: InspectedEvent;
  /** The actor that sent it, where one did. */
  readonly source: string | undefined;
  /** Undefined where the step before was not shown. */
  readonly before: InspectedSnapshot | undefined;
  readonly after: InspectedSnapshot;
  /** The place among all steps, in the order in which they came. */
  readonly order: number;
};

export type Actor = {
  readonly address: string;
  readonly type: string;
  readonly parent: string | undefined;
  readonly steps: readonly Step[];
  /** As it is now, as far as was shown. */
  readonly snapshot: InspectedSnapshot;
  readonly version: number;
  readonly at: number;
};

/** Older steps are forgotten: a page that is left open must not grow for ever. */
const MOST_STEPS = 3_000;
const MOST_ACTORS = 1_000;

/** All that was shown on this page, from frames that may come twice after a reconnect. */
export class InspectLog {
  readonly charts = new Map<string, Chart>();
  readonly #listeners = new Set<() => void>();
  readonly #actors = new Map<string, Actor>();
  readonly #sources = new Map<string, string>();
  #steps: Step[] = [];
  #order = 0;
  #revision = 0;
  #about: string | undefined;
  /** On earlier connections, and on this one: the hub counts anew for each. */
  #leftOut = { before: 0, now: 0 };

  /** Raised by every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Steps of all actors, in the order in which they came. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Those that something happened to last stand first. */
  get actors(): readonly Actor[] {
    return [...this.#actors.values()].toReversed();
  }

  actor(address: string): Actor | undefined {
    return this.#actors.get(address);
  }

  /** How many steps the hub did not show because more happened than it was asked to show. */
  get leftOut(): number {
    return this.#leftOut.before + this.#leftOut.now;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  take(frame: InspectFrame): void {
    if (frame.sessionId === INSPECTOR) this.#takeNotice(frame);
    else if (frame.type === '@xstate.actor') this.#takeActor(frame);
    else if (frame.type === '@xstate.snapshot') this.#takeStep(frame);
    else if (frame.sourceId !== undefined) this.#sources.set(frame.id, frame.sourceId);
    this.#changed();
  }

  /** A new connection begins; where it is about something else, the page begins anew. */
  begin(about: string): void {
    this.#sources.clear();
    this.#leftOut = { before: this.leftOut, now: 0 };
    if (this.#about !== undefined && this.#about !== about) {
      this.#steps = [];
      this.#actors.clear();
      this.#leftOut = { before: 0, now: 0 };
    }
    this.#about = about;
    this.#changed();
  }

  draw(chart: Chart): void {
    this.charts.set(chart.type, chart);
    this.#changed();
  }

  clear(): void {
    this.#steps = [];
    for (const [address, actor] of this.#actors) this.#actors.set(address, { ...actor, steps: [] });
    this.#changed();
  }

  #takeNotice(frame: InspectFrame): void {
    if (frame.type !== '@xstate.snapshot') return;
    const { left_out_steps } = frame.snapshot.context;
    if (typeof left_out_steps === 'number') this.#leftOut = { ...this.#leftOut, now: left_out_steps };
  }

  #takeActor({ sessionId: address, id, createdAt, snapshot, parentId }: ActorFrame): void {
    const known = this.#actors.get(address);
    const version = versionOf(id);
    // After a reconnect an actor is introduced as it was before what is on the page already.
    if (known !== undefined && known.version >= version) return;
    const type = address.slice(0, address.indexOf('/'));
    this.#put({ address, type, parent: parentId, steps: known?.steps ?? [], snapshot, version, at: Number(createdAt) });
  }

  #takeStep({ sessionId: address, id, createdAt, event, snapshot }: SnapshotFrame): void {
    const actor = this.#actors.get(address);
    const source = this.#sources.get(id);
    this.#sources.delete(id);
    if (actor === undefined) return;
    const version = versionOf(id);
    const last = actor.steps.at(-1);
    const isFirst = version === 1 && last === undefined && actor.version === 1;
    if (version <= actor.version && !isFirst) return;
    const before = actor.version === version - 1 ? actor.snapshot : undefined;
    const at = Number(createdAt);
    const step: Step = { key: id, address, version, at, event, source, before, after: snapshot, order: this.#order++ };
    this.#steps.push(step);
    this.#put({ ...actor, steps: [...actor.steps, step], snapshot, version, at });
    this.#forget();
  }

  #put(actor: Actor): void {
    this.#actors.delete(actor.address);
    this.#actors.set(actor.address, actor);
    for (const address of this.#actors.keys()) {
      if (this.#actors.size <= MOST_ACTORS) break;
      this.#actors.delete(address);
    }
  }

  #forget(): void {
    if (this.#steps.length <= MOST_STEPS * 1.1) return;
    const kept = this.#steps.slice(-MOST_STEPS);
    const oldest = kept[0]?.order ?? 0;
    this.#steps = kept;
    for (const [address, actor] of this.#actors) {
      const first = actor.steps[0];
      if (first !== undefined && first.order < oldest)
        this.#actors.set(address, { ...actor, steps: actor.steps.filter(({ order }) => order >= oldest) });
    }
  }

  #changed(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }
}

function versionOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('@') + 1));
}

/** `executing.authorized` for a nested value; one `region.state` entry for each parallel region. */
export function statesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => {
    const deeper = statesIn(below);
    return deeper.length === 0 ? [key] : deeper.map((state) => `${key}.${state}`);
  });
}

/** The states that a step left, and those that it entered; both empty where it only changed the context. */
export function movedIn({ before, after }: Step): { readonly left: readonly string[]; readonly entered: readonly string[] } {
  const [was, is] = [statesIn(before?.value), statesIn(after.value)];
  return { left: was.filter((state) => !is.includes(state)), entered: is.filter((state) => !was.includes(state)) };
}

/** XState's own events by what they mean: `authorize: done`, `after approval_ttl`. */
export function shortEvent(event: string): string {
  const [, kind = '', name = ''] = /^xstate\.(after|done\.actor|done\.state|error\.actor)\.([^.]+)/.exec(event) ?? [];
  if (kind === '') return event;
  return kind === 'after' ? `after ${name}` : `${name}: ${kind.startsWith('done') ? 'done' : 'no result'}`;
}

/** Whether a step is what somebody looks for: any word of its actor, its event, who sent it, or its states. */
export function matches(step: Step, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { address, event, source = '', after } = step;
  const by = typeof event['by'] === 'string' ? event['by'] : '';
  const hay = `${address} ${event.type} ${by} ${source} ${statesIn(after.value).join(' ')}`.toLowerCase();
  return words.every((word) => hay.includes(word));
}
