import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { idFromKey } from '../actors/id-from-key.ts';
import type { Committed } from '../actors/delivery.ts';
import type { Hub } from '../hub/hub.ts';
import { doorRow } from './doors.ts';
import { CLERK, act, openAccounts, openStage } from './stage.ts';
import type { Stage } from './stage.ts';

/*
 * Payments through their lifecycle on everything that `npm start` runs, side by side with the plain four-statement transaction
 * on the same PostgreSQL. Both sides count rows that were committed and acknowledged, creations apart, in the same window. Beside them
 * payments to the full chart: from accounts that keep, spend and post the money.
 */

export type Row = {
  readonly what: string;
  readonly conc: number;
  readonly rows_per_s: number;
  readonly payments_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_cores: number;
  readonly rss_mb: number;
};

const WARMUP_MS = 1000;
const PAYMENT = { client: 'acme', payee: 'Bar Supplies Ltd', amount_minor: 2500, currency: 'EUR', reference: 'INV-2026-000123' };

/** Creates a payment, submits it, and waits until it has ended; `submitted` gets the latency of one acknowledged transition. */
class Driver {
  readonly #hub: Hub;
  readonly #ends = new Map<string, () => void>();
  readonly #accounts: readonly string[];
  readonly run_id: string;
  rows = 0;
  settled = 0;
  #made = 0;

  constructor(hub: Hub, run_id: string, accounts: readonly string[]) {
    this.#hub = hub;
    this.#accounts = accounts;
    this.run_id = run_id;
    hub.runtime.onCommit((rows) => this.#committed(rows));
  }

  #committed(rows: readonly Committed[]): void {
    for (const { row, after, before } of rows) {
      if (before !== undefined) this.rows++;
      const value = after.snapshot.value as unknown;
      const ended = (typeof value === 'object' && value !== null && 'settled' in value) || value === 'declined' || value === 'failed';
      if (!ended) continue;
      const end = this.#ends.get(row.actor);
      if (end === undefined) continue;
      this.#ends.delete(row.actor);
      this.settled++;
      end();
    }
  }

  async payment(submitted: (latency_ms: number) => void): Promise<void> {
    const account = this.#accounts[this.#made % this.#accounts.length];
    const key = `${this.run_id}-${this.#made++}`;
    const address = `payment/${idFromKey('pay', this.#hub.hub_id, CLERK.id, key)}`;
    const created = await act(this.#hub, CLERK, address, '@create', account === undefined ? PAYMENT : { ...PAYMENT, account }, key);
    if (created.outcome !== 'applied') throw new Error(`A payment was not created: ${JSON.stringify(created)}`);
    const end = new Promise<void>((resolve) => void this.#ends.set(address, resolve));
    const began = performance.now();
    const answer = await act(this.#hub, CLERK, address, 'SUBMIT', {});
    if (answer.outcome !== 'applied') throw new Error(`A payment was not submitted: ${JSON.stringify(answer)}`);
    submitted(performance.now() - began);
    await end;
  }
}

let runs = 0;

async function runHub(stage: Stage, conc: number, seconds: number, accounts: readonly string[] = []): Promise<Row> {
  const driver = new Driver(stage.hub, `b${runs++}`, accounts);
  const from = performance.now() + WARMUP_MS;
  const to = from + seconds * 1000;
  const latency: number[] = [];
  let base = { rows: 0, settled: 0, cpu: process.cpuUsage() };
  const began = setTimeout(() => {
    base = { rows: driver.rows, settled: driver.settled, cpu: process.cpuUsage() };
  }, WARMUP_MS);
  const end = new Promise<{ rows: number; settled: number; cpu: NodeJS.CpuUsage; rss: number }>((resolve) => {
    setTimeout(
      () =>
        resolve({
          rows: driver.rows - base.rows,
          settled: driver.settled - base.settled,
          cpu: process.cpuUsage(base.cpu),
          rss: process.memoryUsage.rss(),
        }),
      WARMUP_MS + seconds * 1000,
    );
  });
  const workers = Array.from({ length: conc }, async () => {
    while (performance.now() < to)
      await driver.payment((ms) => void (performance.now() - ms >= from && performance.now() <= to && latency.push(ms)));
  });
  const counted = await end;
  await Promise.all(workers);
  clearTimeout(began);
  latency.sort((a, b) => a - b);
  return {
    what: accounts.length === 0 ? 'hub' : 'account',
    conc,
    rows_per_s: Math.round(counted.rows / seconds),
    payments_per_s: Math.round(counted.settled / seconds),
    p50_ms: at(latency, 0.5),
    p99_ms: at(latency, 0.99),
    cpu_cores: round((counted.cpu.user + counted.cpu.system) / 1e6 / seconds),
    rss_mb: Math.round(counted.rss / 1e6),
  };
}

async function runPlain(databaseUrl: string, conc: number, seconds: number): Promise<Row> {
  const script = fileURLToPath(new URL('./plain-transaction.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, String(conc), String(seconds)], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`The plain transaction ended with ${code}`);
  const read = JSON.parse(out) as { rows_per_s: number; p50_ms: number; p99_ms: number; cpu_cores: number };
  return { what: 'plain', conc, payments_per_s: Math.round(read.rows_per_s / 5), rss_mb: 0, ...read };
}

export function at(sorted: readonly number[], part: number): number {
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

export type Comparison = {
  readonly conc: number;
  readonly ratio: number;
  /** Rows a second of payments from accounts, against those that are paid from none. */
  readonly from_accounts: number;
  readonly hub: readonly Row[];
  readonly account: readonly Row[];
  readonly plain: readonly Row[];
};

const ACCOUNTS = 16;
let accounts: Promise<readonly string[]> | undefined;

/** Alternating runs of both on one PostgreSQL; the ratio is the median of those of the rows that each pair committed a second. */
export async function compare(
  stage: Stage,
  conc: number,
  rounds: number,
  seconds: number,
  tell: (line: string) => void,
): Promise<Comparison> {
  const hub: Row[] = [];
  const account: Row[] = [];
  const plain: Row[] = [];
  accounts ??= openAccounts(stage.hub, ACCOUNTS);
  for (let round = 0; round < rounds; round++) {
    hub.push(await runHub(stage, conc, seconds));
    account.push(await runHub(stage, conc, seconds, await accounts));
    plain.push(await runPlain(stage.databaseUrl, conc, seconds));
    for (const rows of [hub, account, plain]) tell(format(rows.at(-1) as Row));
  }
  // Each run is compared with its neighbour: the machine may have been slower for both.
  const ratio = median(hub.map((row, round) => row.rows_per_s / (plain[round]?.rows_per_s ?? Number.POSITIVE_INFINITY)));
  const from_accounts = median(account.map((row, round) => row.rows_per_s / (hub[round]?.rows_per_s ?? Number.POSITIVE_INFINITY)));
  return { conc, ratio: round(ratio), from_accounts: round(from_accounts), hub, account, plain };
}

export const HEADER = 'what   in flight     rows/s  payments/s     p50 ms    p99 ms   CPU cores   RSS MB';

export function format(row: Row): string {
  const { what, conc, rows_per_s, payments_per_s, p50_ms, p99_ms, cpu_cores, rss_mb } = row;
  const cells = [
    String(conc).padStart(9),
    String(rows_per_s).padStart(10),
    String(payments_per_s).padStart(11),
    p50_ms.toFixed(2).padStart(10),
  ];
  return `${what.padEnd(6)} ${cells.join(' ')} ${p99_ms.toFixed(2).padStart(9)} ${cpu_cores.toFixed(2).padStart(11)} ${String(rss_mb || '').padStart(8)}`;
}

/** CPU that the embedded servers used since they started, in seconds. */
export function serversCpu(): Readonly<Record<string, number>> {
  const used: Record<string, number> = {};
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      if (name !== 'postgres' && name !== 'nats-server') continue;
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      used[name] = (used[name] ?? 0) + (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      // the process has ended since
    }
  }
  return used;
}

export async function run(args: readonly string[]): Promise<void> {
  const [levels = '1,16,64,256', rounds = '5', seconds = '3'] = args;
  const stage = await openStage();
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    tell(HEADER);
    const compared: Comparison[] = [];
    for (const conc of levels.split(',').map(Number)) compared.push(await compare(stage, conc, Number(rounds), Number(seconds), tell));
    for (const door of ['rest', 'socket'] as const) {
      for (const conc of [1, 64]) tell(format(await doorRow(stage, door, conc, Number(seconds))));
    }
    tell('');
    for (const { conc, ratio, from_accounts } of compared) {
      const beside = `from accounts ${from_accounts.toFixed(2)} times the rows of those from none`;
      tell(`${String(conc).padStart(4)} in flight: ${ratio.toFixed(2)} times the plain transaction, ${beside} (medians of ${rounds})`);
    }
  } finally {
    await stage.close();
  }
}
