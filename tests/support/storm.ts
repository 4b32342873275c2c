import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { chainHash } from '../../actors/chain.ts';
import type { JournalRow } from '../../actors/store/store.ts';
import { eventually, sleep } from './process-hub.ts';
import type { ProcessHub } from './process-hub.ts';

/*
 * Payments under way while something is killed again and again. What was acknowledged is written down outside and compared
 * with the journal afterwards, and what the gateway says it did with what the payments say.
 */

export type Victim = 'hub' | 'postgres' | 'nats';
export type StormOptions = {
  readonly hub: ProcessHub;
  readonly victim: Victim;
  readonly kills: number;
  readonly inFlight: number;
  readonly random: () => number;
};
export type StormResult = {
  readonly kills: number;
  readonly acknowledged: number;
  readonly payments: number;
  readonly settled: number;
  readonly expired: number;
  readonly charges: number;
  readonly missing: number;
  readonly doubled: number;
  readonly unended: number;
  readonly gaps: number;
  readonly broken_links: number;
  readonly longest_outage_ms: number;
};

const ADMIN_PASSWORD = 'storm-only-password';
export const STORM_ENV = { HUB_DEMO: '0', HUB_ADMIN_PASSWORD: ADMIN_PASSWORD, HUB_TIME_SCALE: '20000' } as const;

/** A small deterministic generator, so that a failing storm can be told by its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Acked = { readonly address: string; readonly event_id: string };

/** A caller that retries by the same key until there is an answer, as a careful client does. */
export class Person {
  readonly #hub: ProcessHub;
  readonly #username: string;
  #token = '';

  constructor(hub: ProcessHub, username: string) {
    this.#hub = hub;
    this.#username = username;
  }

  /** A text is sent as the file that it is. */
  async call(
    method: string,
    path: string,
    body?: object | string,
    key?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    for (;;) {
      const headers = {
        'content-type': typeof body === 'string' ? 'application/octet-stream' : 'application/json',
        authorization: `Bearer ${this.#token}`,
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      };
      const answer = await fetch(this.#hub.url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(typeof body === 'string' ? 60_000 : 15_000),
      }).catch(() => undefined);
      if (answer?.status === 401) {
        await this.#signIn();
        continue;
      }
      if (answer === undefined || answer.status === 503 || answer.status === 429 || answer.status === 502) {
        await sleep(100);
        continue;
      }
      const text = await answer.text().catch(() => undefined);
      if (text !== undefined) return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
    }
  }

  async #signIn(): Promise<void> {
    const answer = await fetch(`${this.#hub.url}/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: this.#username, password: ADMIN_PASSWORD }),
      signal: AbortSignal.timeout(15_000),
    }).catch(() => undefined);
    if (answer?.ok === true) this.#token = ((await answer.json()) as { accessToken: string }).accessToken;
    else await sleep(200);
  }
}

async function must(person: Person, method: string, path: string, body: object, key?: string): Promise<void> {
  const answer = await person.call(method, path, body, key);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** People, an enabled gateway and an active client. */
export async function setStage(hub: ProcessHub): Promise<void> {
  const admin = new Person(hub, 'admin');
  for (const [username, role] of [
    ['clerk', 'clerk'],
    ['operator', 'operator'],
    ['approver', 'approver'],
    ['auditor', 'auditor'],
  ] as const) {
    await must(admin, 'PUT', `/v1/people/${username}`, { roles: [role], password: ADMIN_PASSWORD });
  }
  const operator = new Person(hub, 'operator');
  for (const name of ['sandbox', 'sandbox_checks'])
    await must(operator, 'POST', `/v1/actors/integration/${name}/events`, { type: 'ENABLE' }, `enable-${name}`);
  const clerk = new Person(hub, 'clerk');
  const input = { name: 'Acme Facility Services GmbH', country: 'DE', email: 'accounts@acme.example', kind: 'company' };
  await must(clerk, 'POST', '/v1/actors/client', { id: 'acme', input }, 'create-acme');
  await must(clerk, 'POST', '/v1/actors/client/acme/events', { type: 'INVITE' }, 'invite-acme');
  await must(
    clerk,
    'POST',
    '/v1/actors/client/acme/events',
    { type: 'SUBMIT', documents: ['trade register extract'], bank_account: 'DE89370400440532013000' },
    'submit-acme',
  );
  await must(new Person(hub, 'approver'), 'POST', '/v1/actors/client/acme/events', { type: 'VERIFY' }, 'verify-acme');
  await eventually('the client is active', 15_000, async () => {
    const { body } = await clerk.call('GET', '/v1/actors/client/acme');
    return Array.isArray(body.state) ? body.state[0] === 'active' : body.state === 'active';
  });
}

export async function pay(clerk: Person, index: number, random: () => number, acked: Acked[]): Promise<void> {
  const id = `storm${index}`;
  const address = `payment/${id}`;
  const large = random() < 0.1; // waits for an approval that nobody gives, so its timer has to end it
  const input = {
    client: 'acme',
    payee: 'Bar Supplies Ltd',
    amount_minor: large ? 250_000 : 2_500,
    currency: 'EUR',
    reference: `INV-${index}`,
  };
  for (const [path, body, key] of [
    ['/v1/actors/payment', { id, input }, `c-${id}`],
    [`/v1/actors/${address}/events`, { type: 'SUBMIT' }, `s-${id}`],
  ] as const) {
    const answer = await clerk.call('POST', path, body, key);
    if (answer.status >= 300) throw new Error(`${path} ${key}: ${answer.status} ${JSON.stringify(answer.body)}`);
    acked.push({ address, event_id: `caller:clerk:${key}` });
  }
}

/** The embedded server's process: PostgreSQL writes its own down, NATS has its configuration among its arguments. */
export function pidsOf(victim: Victim, dataDir: string): number[] {
  if (victim === 'postgres') {
    // Where the account of PostgreSQL cannot pass through the data directory the cluster lies elsewhere, as a file in it says.
    const { dir } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { dir?: string };
    return [dataDir, ...(dir === undefined ? [] : [dir])].flatMap((place) => {
      const files = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('postmaster.pid'));
      return files.map((path) => Number(readFileSync(join(place, path), 'utf8').split('\n')[0]));
    });
  }
  const listed = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return command?.includes('nats-server') === true && command.includes(dataDir) ? [Number(pid)] : [];
  });
}

async function strike(options: StormOptions): Promise<number> {
  const { hub, victim } = options;
  const began = performance.now();
  if (victim === 'hub') {
    await hub.kill();
    await hub.start();
    return performance.now() - began;
  }
  const pids = pidsOf(victim, hub.dataDir);
  if (pids.length === 0) throw new Error(`There is no ${victim} of ${hub.dataDir} to kill`);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await sleep(300);
  await eventually(
    `the hub is ready again after ${victim} was killed`,
    30_000,
    async () => (await fetch(`${hub.url}/readyz`).catch(() => undefined))?.status === 200,
  );
  return performance.now() - began;
}

export async function storm(options: StormOptions): Promise<StormResult> {
  const { hub, kills, inFlight, random } = options;
  const clerk = new Person(hub, 'clerk');
  const acked: Acked[] = [];
  let stopped = false;
  let made = 0;
  const workers = Array.from({ length: inFlight }, async () => {
    while (!stopped) await pay(clerk, made++, random, acked);
  });
  let longest = 0;
  for (let kill = 0; kill < kills; kill++) {
    await sleep(400 + random() * 1200);
    longest = Math.max(longest, await strike(options));
  }
  await sleep(500);
  stopped = true;
  await Promise.all(workers);
  const client = await openDatabase(hub);
  try {
    return { ...(await judge(client, acked)), kills, longest_outage_ms: Math.round(longest) };
  } finally {
    await client.end();
  }
}

/** The embedded database, as the data directory remembers it. */
export function databaseUrl(dataDir: string): string {
  const { port } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { port: number };
  const password = readFileSync(join(dataDir, 'secrets', 'postgres'), 'utf8').trim();
  return `postgres://hub:${encodeURIComponent(password)}@127.0.0.1:${port}/hub`;
}

/** The database of a hub that has its own. */
export async function openDatabase(hub: ProcessHub): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl(hub.dataDir) });
  await client.connect();
  return client;
}

export async function judge(client: pg.Client, acked: readonly Acked[]): Promise<Omit<StormResult, 'kills' | 'longest_outage_ms'>> {
  const ends = `state like 'settled%' or state in ('declined', 'failed', 'canceled', 'expired')`;
  const count = async (text: string, values: unknown[] = []): Promise<number> =>
    Number(((await client.query(text, values)).rows[0] as { n: string }).n);
  const unended = (): Promise<number> => count(`select count(*) as n from actor where type = 'payment' and not (${ends})`);
  await eventually('every payment has ended', 60_000, async () => (await unended()) === 0).catch(() => undefined);
  return {
    acknowledged: acked.length,
    payments: await count(`select count(*) as n from actor where type = 'payment'`),
    settled: await count(`select count(*) as n from actor where type = 'payment' and state like 'settled%'`),
    expired: await count(`select count(*) as n from actor where type = 'payment' and state = 'expired'`),
    charges: await count(`select count(*) as n from sandbox.journal where outcome = 'done' and operation = 'capture'`),
    missing: await count(
      `select count(*) as n from unnest($1::text[], $2::text[]) as a(actor, event_id)
       where not exists (select from journal j where j.actor = a.actor and j.event_id = a.event_id)`,
      [acked.map(({ address }) => address), acked.map(({ event_id }) => event_id)],
    ),
    doubled: await count(
      `select count(*) as n from (select payment from sandbox.journal where outcome = 'done' and operation in ('capture', 'authorize')
       group by payment, operation having count(*) > 1) d`,
    ),
    unended: await unended(),
    gaps: await count(`select count(*) as n from (select actor from journal group by actor having max(version) <> count(*)) g`),
    broken_links: await brokenLinks(client),
  };
}

/** Walks each partition's chain as it is stored. */
async function brokenLinks(client: pg.Client): Promise<number> {
  const { rows } = await client.query(`select * from journal order by partition, seq`);
  let broken = 0;
  let partition = -1;
  let before = '';
  let seq = 0;
  for (const raw of rows as Record<string, unknown>[]) {
    const text = (name: string): string => (raw[name] === null ? '' : String(raw[name]));
    const row = {
      ...raw,
      partition: Number(raw.partition),
      seq: Number(raw.seq),
      at: Number(raw.at),
      causation: text('causation'),
      correlation: text('correlation'),
      traceparent: text('traceparent'),
      asked: text('asked'),
    } as unknown as JournalRow;
    if (row.partition !== partition) ({ partition, before, seq } = { partition: row.partition, before: '', seq: 0 });
    if (row.seq !== seq + 1 || row.hash !== chainHash(before, row)) broken++;
    before = row.hash;
    seq = row.seq;
  }
  return broken;
}
