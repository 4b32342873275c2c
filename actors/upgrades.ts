import { toActorRow } from './actor-row.ts';
import type { Definition } from '../machines/machine.ts';
import type { Live } from './batch.ts';
import type { Outcome, Own } from './delivery.ts';
import type { StoredEnvelope } from './envelope.ts';
import type { Ports } from './ports/ports.ts';
import { whyNotRead } from './migration.ts';
import { revive } from './residents.ts';
import type { Older, Store } from './store/store.ts';

export type UpgradesOptions = {
  readonly store: Store;
  readonly ports: Ports;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly partitions: () => readonly number[];
  readonly deliver: (address: string, own: Own) => Promise<Outcome>;
};

const PAGE = 200;
const AT_ONCE = 40;
const PAUSE_MS = 20;

/**
 * Looks through the actors that an older version of their machine wrote. Most of them may wait until somebody sends them an event.
 * Those whose timers, calls or place in lists the new version changes are migrated at once, since nobody might: a timer that only a
 * migration has added is found by nobody before its row is there. It also says how many cannot be migrated at all.
 */
export class Upgrades {
  readonly #options: UpgradesOptions;
  #again = false;
  #looking = false;
  #stopped = false;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Looks through what this node owns now. */
  look(): void {
    this.#again = true;
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    this.#lookAll()
      .catch((error: unknown) => {
        const { log, timers } = this.#options.ports;
        log.warn({ err: error }, 'Actors of older versions could not be read; they are looked for again');
        timers.after(5_000, () => this.look());
      })
      .finally(() => {
        this.#looking = false;
      });
  }

  stop(): void {
    this.#stopped = true;
  }

  async #lookAll(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      for (const definition of this.#options.definitions.values()) if (definition.version > 1) await this.#lookAt(definition);
    }
  }

  async #lookAt(definition: Definition): Promise<void> {
    const { store, ports, partitions } = this.#options;
    const failed: string[] = [];
    for (let after = ''; !this.#stopped;) {
      const page = await store.older(definition.type, definition.version, partitions(), after, PAGE);
      // Together, so that they share commits; few enough to leave room for whoever waits for an answer.
      for (let first = 0; first < page.found.length; first += AT_ONCE) {
        const some = page.found.slice(first, first + AT_ONCE);
        const results = await Promise.all(some.map((row) => this.#one(row)));
        failed.push(...some.filter((_, index) => results[index] === 'failed').map(({ address }) => address));
      }
      if (page.last === undefined) break;
      after = page.last;
      await new Promise<void>((resolve) => void ports.timers.after(PAUSE_MS, resolve));
    }
    if (failed.length === 0) return;
    const { type, version } = definition;
    const actors = failed.slice(0, 20);
    ports.log.error(
      { type, version, count: failed.length, actors },
      'Actors cannot be migrated; their events are kept until a release mends it',
    );
  }

  async #one({ address, envelope, ...row }: Older['found'][number]): Promise<'done' | 'failed'> {
    const { definitions, deliver } = this.#options;
    let live: Live;
    try {
      live = revive(definitions, address, envelope, false, row.created_at);
    } catch (error) {
      return whyNotRead(error) === 'newer_release' ? 'done' : 'failed';
    }
    if (live.envelope.parked !== undefined || !changes({ address, envelope, ...row }, live)) return 'done';
    const version = live.envelope.version + 1;
    await deliver(address, {
      event_id: `own:${address}@${version}#migrate`,
      happening: { kind: 'migrate' },
      event: { type: '@migrate' },
      causation: '',
    });
    return 'done';
  }
}

/** Whether timers, calls or the row that lists are made of would be others. */
function changes({ envelope, ...row }: Older['found'][number], live: Live): boolean {
  const { timers, effects } = JSON.parse(envelope) as StoredEnvelope;
  if (JSON.stringify([timers, effects]) !== JSON.stringify([live.envelope.timers, live.envelope.effects])) return true;
  const lifted = toActorRow(row.address, row.partition, live);
  return Object.entries(lifted).some(([column, value]) => row[column as keyof typeof row] !== value);
}
