import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../actors/store/refused.ts';
import { Replication, readLsn, toLsn } from '../../actors/store/replication.ts';
import type { Lsn, WalNews } from '../../actors/store/replication.ts';
import { writeDurably } from '../embedded/data-directory.ts';
import type { ServiceLog } from '../embedded/keeper.ts';
import { historyName, openArchive, readLineage, segmentStart, slotOf, syncDirectory } from './archive.ts';
import type { Archive, Lineage } from './archive.ts';
import { WalWriter } from './wal-writer.ts';

type ReceiverOptions = {
  readonly url: string;
  /** The archive's directory; made if it is empty or absent. */
  readonly dir: string;
  /**
   * `lasting`: PostgreSQL keeps what the archive has not got, also while nobody receives. `temporary`: only for as long as this
   * connection lives, as a single backup needs it.
   */
  readonly slot: 'lasting' | 'temporary';
  readonly log: ServiceLog;
};

/** As PostgreSQL knows the receiver; what `synchronous_standby_names` must say for commits to wait for it. */
export const RECEIVER = 'green_lines_archive';

const PAUSE_MS = 500;
const SILENCE_MS = 90_000;

/** What `IDENTIFY_SYSTEM` and `SHOW` tell of a database. */
export async function identify(connection: Replication): Promise<{ system: string; timeline: number; end: Lsn; segment_bytes: number }> {
  const [[system, timeline, end] = []] = await connection.ask('IDENTIFY_SYSTEM');
  const [[size] = []] = await connection.ask('SHOW wal_segment_size');
  const [, amount, unit] = /^(\d+)(MB|GB)$/.exec(size ?? '') ?? [];
  if (!system || !timeline || !end || !amount) throw new Error(`PostgreSQL did not say what it is: ${system} ${timeline} ${end} ${size}`);
  return { system, timeline: Number(timeline), end: readLsn(end), segment_bytes: Number(amount) * (unit === 'GB' ? 2 ** 30 : 2 ** 20) };
}

/** Brings the write-ahead log into an archive while it is being written, and comes back after whatever interrupts it. */
export class WalReceiver {
  readonly #options: ReceiverOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  #running: Promise<void> | undefined;
  #trouble: string | undefined = 'it has not begun';
  #refused: Refused | undefined;
  #isStreaming = false;
  #flushed: Lsn = 0n;
  #end: Lsn = 0n;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Why the log does not come in; undefined while it does. */
  trouble(): string | undefined {
    return this.#trouble;
  }

  /** How many bytes PostgreSQL has on its disk that the archive has not. */
  get behind(): number {
    return Math.max(0, Number(this.#end - this.#flushed));
  }

  /** Resolves when everything before this place is on the archive's disk. Rejects when it is not in time, or can never be. */
  async reached(place: Lsn, within_ms: number): Promise<void> {
    const until = performance.now() + within_ms;
    while (this.#flushed < place || !this.#isStreaming) {
      if (this.#refused !== undefined) throw this.#refused;
      const left = until - performance.now();
      if (left <= 0)
        throw new Error(
          `the archive ${this.#options.dir} does not get the write-ahead log (it has it up to ${toLsn(this.#flushed)}): ${this.#trouble ?? 'it is slow'}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 200));
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#refused === undefined) {
      try {
        await this.#receive();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused) this.#refused = error;
        this.#report(error instanceof Error ? error.message : String(error));
      }
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Each trouble is told once, not at every try. */
  #report(trouble: string | undefined): void {
    if (this.#trouble === trouble) return;
    const { log, dir } = this.#options;
    if (trouble !== undefined) log.error({ archive: dir, trouble }, `The archive does not get the write-ahead log: ${trouble}`);
    else log.info({ archive: dir }, 'The archive gets the write-ahead log');
    this.#trouble = trouble;
  }

  async #receive(): Promise<void> {
    const { url, dir, slot } = this.#options;
    const connection = await Replication.open(url, RECEIVER);
    try {
      const database = await identify(connection);
      const archive = openArchive(dir, database);
      const name = slot === 'lasting' ? slotOf(archive) : `${slotOf(archive)}_${process.pid}`;
      const kept = await this.#slot(connection, name);
      const lineage = await lineageFrom(connection, archive, database.timeline);
      const began = lineage.at(-1)?.from ?? 0n;
      const mayResume = slot === 'lasting' ? WalWriter.resume(archive, database.timeline) : undefined;
      const from = later(segmentStart(archive, mayResume ?? kept), segmentStart(archive, began));
      await this.#stream(connection, { archive, name, from, timeline: database.timeline });
    } finally {
      await connection.close();
    }
  }

  /** The slot's place, from which on PostgreSQL has kept the log for it; made if there is none. */
  async #slot(connection: Replication, name: string): Promise<Lsn> {
    const read = async (): Promise<string | null | undefined> => (await connection.ask(`READ_REPLICATION_SLOT ${name}`))[0]?.[1];
    const temporary = this.#options.slot === 'temporary' ? 'TEMPORARY ' : '';
    const [known] = await connection.ask(`READ_REPLICATION_SLOT ${name}`);
    if (known === undefined || known[0] === null)
      await connection.ask(`CREATE_REPLICATION_SLOT ${name} ${temporary}PHYSICAL (RESERVE_WAL)`);
    const place = await read();
    if (place === null || place === undefined) {
      // PostgreSQL gave up on keeping the log for it (max_slot_wal_keep_size). What is missing is missing.
      await connection.ask(`DROP_REPLICATION_SLOT ${name}`);
      throw new Error(
        'PostgreSQL no longer has the log that the archive lacks: the archive gets a gap. Make a new base backup (npm run backup)',
      );
    }
    return readLsn(place);
  }

  async #stream(
    connection: Replication,
    { archive, name, from, timeline }: { archive: Archive; name: string; from: Lsn; timeline: number },
  ): Promise<void> {
    const writer = new WalWriter(archive, timeline);
    let heard = performance.now();
    const take = async (news: readonly WalNews[]): Promise<void> => {
      heard = performance.now();
      const pieces = news.filter((each) => 'bytes' in each);
      for (const each of news) this.#end = later(this.#end, 'end' in each ? each.end : each.at + BigInt(each.bytes.length));
      if (pieces.length > 0) {
        await writer.write(pieces);
        await writer.sync();
        this.#arrived(writer.flushed);
      } else if (this.#end <= from) this.#arrived(from); // nothing was written since the segment began
      connection.confirm(writer.flushed, Date.now());
    };
    // PostgreSQL asks for a word at least every half minute; one that says nothing for longer is gone, or the way to it is.
    const watch = setInterval(() => {
      if (performance.now() - heard > SILENCE_MS) void connection.close();
    }, 5_000);
    try {
      await connection.stream({ slot: name, from, timeline, signal: this.#stop.signal, take });
    } finally {
      clearInterval(watch);
      this.#isStreaming = false;
      await writer.close();
    }
  }

  #arrived(at: Lsn): void {
    this.#flushed = later(this.#flushed, at);
    this.#isStreaming = true;
    this.#report(undefined);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** How the database's timeline came about; its history file is kept with the log, because a restore needs both. */
async function lineageFrom(connection: Replication, archive: Archive, timeline: number): Promise<Lineage> {
  if (timeline === 1) return [{ timeline: 1, from: 0n }];
  const name = historyName(timeline);
  const path = join(archive.dir, 'wal', name);
  const [[, text] = []] = await connection.ask(`TIMELINE_HISTORY ${timeline}`);
  if (typeof text !== 'string') throw new Error(`PostgreSQL does not know the history of its timeline ${timeline}`);
  if (!existsSync(path)) {
    writeDurably(path, text);
    syncDirectory(join(archive.dir, 'wal'));
  }
  return readLineage(timeline, text);
}

function later(one: Lsn, other: Lsn): Lsn {
  return one > other ? one : other;
}
