import type { Bus } from '../actors/bus/bus.ts';
import { headsSubject } from '../actors/bus/subjects.ts';
import type { Committed } from '../actors/delivery.ts';
import type { Lanes } from '../actors/lanes.ts';
import type { Cancel, Ports } from '../actors/ports/ports.ts';
import { compareHead } from '../actors/signed-heads.ts';
import type { HeadsKey, HeadsReason, SignedHead } from '../actors/signed-heads.ts';
import type { Settings } from '../actors/store/settings.ts';
import type { Store } from '../actors/store/store.ts';
import { HeadsFile, copyHeads } from './signed-heads.ts';

export type HeadsKeeperOptions = {
  readonly dataDir: string;
  readonly key: HeadsKey;
  readonly store: Pick<Store, 'since' | 'ends'>;
  readonly settings: Settings;
  readonly bus: Pick<Bus, 'publish'>;
  readonly ports: Ports;
  readonly node: string;
  readonly hub_id: string;
  /** The archive of backups, which gets a copy: it survives this machine. */
  readonly archive: string | undefined;
};

const EVERY_MS = 10_000;
const EVERY_ROWS = 20_000;

/**
 * Signs where the journal ends, every ten seconds in which something was committed and when the hub stops, into a file of the data
 * directory, to NATS and into the archive. At the next start it looks whether the journal still contains what was signed.
 */
export class HeadsKeeper {
  readonly #options: HeadsKeeperOptions;
  readonly #file: HeadsFile;
  readonly #known = new Map<number, SignedHead>();
  readonly #changed = new Set<number>();
  #history = '';
  #rows = 0;
  #missing = 0;
  #cancel: Cancel | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: HeadsKeeperOptions) {
    this.#options = options;
    this.#file = new HeadsFile(options.dataDir, options.key);
  }

  /** Of how many partitions the journal lacked at the start what had been signed of it. */
  get missing(): number {
    return this.#missing;
  }

  /**
   * Compares the journal with the last signed heads; call it before anything is served. Where it lacks one the database was put
   * back or cut: that is logged as an error, and clients get another history, because what they saw never happened here.
   */
  async check(): Promise<void> {
    const { settings, ports, hub_id } = this.#options;
    const history = await settings.keep('history', newHistory(ports));
    this.#history = history;
    const { expected, records, troubles } = this.#file.newest;
    if (troubles.length > 0)
      ports.log.error({ troubles }, 'The file of signed heads was changed, or was signed with another HUB_SECRET_KEY');
    const last = records.at(-1);
    const newest = [...expected.values()].flatMap((heads) => heads.at(-1) ?? []);
    const lost = await this.#lost(newest);
    for (const head of newest) if (!lost.includes(head)) this.#known.set(head.partition, head);
    if (last === undefined || lost.length === 0) return;
    this.#missing = lost.length;
    const signed = { signed_at: new Date(last.at).toISOString(), lost };
    if (last.hub_id !== hub_id) {
      ports.log.error(
        { ...signed, expected: last.hub_id, found: hub_id },
        'The database is another one than that whose heads were signed here',
      );
    } else if (last.history === history) {
      this.#history = newHistory(ports);
      await settings.set('history', this.#history);
      ports.log.error(
        { ...signed, history: this.#history },
        'The journal lacks what was signed of it: the database was put back or its end was cut off. Clients begin anew; run npm run verify, and compare with other systems',
      );
    } else {
      ports.log.error(
        { ...signed, history },
        'The journal lacks what was signed of it, and its history was changed already by a restore or another node',
      );
    }
    await this.#write('lost', await Promise.all(lost.map(({ partition }) => this.#endOf(partition))));
  }

  /** Begins to sign, first what this node owns at its start. */
  async begin(lanes: Pick<Lanes, 'partitions' | 'headOf'>): Promise<void> {
    for (const partition of lanes.partitions) this.#note({ partition, ...(lanes.headOf(partition) ?? { seq: 0, hash: '' }) });
    await this.#sign('start');
    this.#cancel = this.#options.ports.timers.every(EVERY_MS, () => void this.#sign('running'));
  }

  committed(rows: readonly Committed[]): void {
    for (const { row } of rows) this.#note(row);
    this.#rows += rows.length;
    if (this.#rows >= EVERY_ROWS) void this.#sign('running');
  }

  /** Signs what came last; call it when nothing is committed any more. */
  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#sign('stop');
  }

  #note({ partition, seq, hash }: SignedHead): void {
    const known = this.#known.get(partition);
    if (known !== undefined && known.seq >= seq) return;
    this.#known.set(partition, { partition, seq, hash });
    this.#changed.add(partition);
  }

  #sign(reason: HeadsReason): Promise<void> {
    this.#rows = 0;
    this.#writing = this.#writing
      .then(async () => {
        const partitions = this.#file.isFresh ? this.#known.keys() : this.#changed;
        const heads = [...partitions].toSorted((a, b) => a - b).flatMap((partition) => this.#known.get(partition) ?? []);
        if (this.#changed.size === 0 && reason !== 'start') return;
        this.#changed.clear();
        await this.#write(reason, heads);
      })
      .catch((error: unknown) => this.#options.ports.log.error({ err: error }, 'The heads of the journal could not be signed'));
    return this.#writing;
  }

  async #write(reason: HeadsReason, heads: readonly SignedHead[]): Promise<void> {
    const { hub_id, node, ports, bus, archive } = this.#options;
    const line = await this.#file.append({ hub_id, node, history: this.#history, at: ports.clock.now(), reason, heads });
    bus.publish(headsSubject(node), line);
    if (archive !== undefined) await copyHeads(archive, node, line);
  }

  async #lost(heads: readonly SignedHead[]): Promise<SignedHead[]> {
    const judged = await Promise.all(
      heads.map(async (head) => {
        const [row] = head.seq === 0 ? [] : await this.#options.store.since(head.partition, head.seq - 1, 1);
        return { head, how: compareHead(head, row?.seq === head.seq ? row.hash : undefined) };
      }),
    );
    return judged.filter(({ how }) => how !== 'there').map(({ head }) => head);
  }

  async #endOf(partition: number): Promise<SignedHead> {
    const seq = (await this.#options.store.ends()).get(partition) ?? 0;
    const [row] = seq === 0 ? [] : await this.#options.store.since(partition, seq - 1, 1);
    return { partition, seq, hash: row?.hash ?? '' };
  }
}

function newHistory(ports: Ports): string {
  return ports.random.id().slice(0, 10);
}
