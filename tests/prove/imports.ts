import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { eventually, openDirectory, processHub, sleep } from '../support/process-hub.ts';
import type { ProcessHub } from '../support/process-hub.ts';
import { openDatabase, Person, seeded, setStage, STORM_ENV } from '../support/storm.ts';
import type { Proof } from './prove.ts';

const ROWS = 100_000;
const KILLS = 3;
/** More than a hub at rest takes, whatever the file has. */
const MOST_RSS_MB = 700;
const WITHIN_MS = 1_800_000;
const SAMPLE_MS = 250;
const rule = (field: string, column: number | null, as = 'text'): object => {
  return { field, column, otherwise: column === null ? 'company' : null, as, currency: null };
};
const MAPPING = { type: 'MAP', key: 0, fields: [rule('name', 1), rule('country', 2, 'country'), rule('email', 3), rule('kind', null)] };

type Seen = { readonly state: string; readonly context: Readonly<Record<string, unknown>> };

/**
 * A file of so many clients, one in a hundred of them bad, is sent, mapped, tried, agreed to by another person, and run, while the hub is killed again
 * and again with -9, and once stopped and let go on. Every good row is one client, every bad one is listed with its reason, and no row is two.
 */
export async function imports(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const count = Number(args[0] ?? ROWS);
  const seed = Number(args[1] ?? Math.floor(Math.random() * 2 ** 31));
  const random = seeded(seed);
  const dataDir = await openDirectory('import');
  const hub = await processHub(dataDir, STORM_ENV);
  const memory = { most_mb: 0 };
  const sampling = setInterval(() => (memory.most_mb = Math.max(memory.most_mb, rssOf(hub))), SAMPLE_MS);
  try {
    await hub.start();
    await setStage(hub);
    const began = performance.now();
    const { bad, id } = await sendFile(hub, count, random);
    tell(`${count} rows are sent, ${bad.size} of them bad: ${seconds(began)} s, ${memory.most_mb} MB at most`);
    const { clerk, seen, step } = actors(hub, id);
    await step(clerk, MAPPING, 'draft');
    await step(clerk, { type: 'PREVIEW' }, 'mapped');
    await eventually('all rows are tried', WITHIN_MS, async () => (await seen()).state === 'previewed');
    const { preview, payload_hash: hash } = (await seen()).context;
    tell(`tried: ${JSON.stringify(preview)}, ${seconds(began)} s`);
    await step(clerk, { type: 'START', hash }, 'previewed');
    if ((await seen()).state === 'proposed') await step(new Person(hub, 'approver'), { type: 'APPROVE', hash }, 'proposed');
    const kills = await killWhileItRuns(hub, seen, count, random, tell);
    if ((await seen()).state === 'running') {
      const operator = new Person(hub, 'operator');
      await operator.call('POST', `/v1/actors/import/${id}/events`, { type: 'STOP' }, 'stop');
      if ((await seen()).state === 'stopped') await step(operator, { type: 'RESUME' }, 'stopped');
    }
    await eventually('all rows are taken', WITHIN_MS, async () => (await seen()).state === 'done');
    const took_s = seconds(began);
    const found = await audit(hub, id, bad);
    const { counts } = (await seen()).context;
    const right = JSON.stringify(counts) === JSON.stringify({ good: count - bad.size, bad: bad.size, already: 0 });
    const figures = {
      rows: count,
      bad: bad.size,
      counts,
      preview,
      kills,
      seconds: took_s,
      rss_most_mb: memory.most_mb,
      rss_bound_mb: MOST_RSS_MB,
      ...found,
    };
    const once = found.clients === count - bad.size && found.creations === found.clients && found.listed_wrongly === 0;
    return { held: right && once && memory.most_mb < MOST_RSS_MB && kills > 0, seed, figures };
  } finally {
    clearInterval(sampling);
    await hub.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Sends the file; an answer that was lost is asked for by the same key. `bad`: which rows cannot be taken. */
async function sendFile(hub: ProcessHub, count: number, random: () => number): Promise<{ bad: ReadonlySet<number>; id: string }> {
  const bad = new Set<number>();
  const lines = Array.from({ length: count }, (_, n) => {
    const isBad = random() < 0.01;
    // The headings are the first row.
    if (isBad) bad.add(n + 2);
    return `imp-${n},Client ${n},${isBad ? 'Nowhere' : 'Germany'},c${n}@import.example`;
  });
  const file = ['No,Name,Country,Email', ...lines].join('\n');
  const { status, body } = await new Person(hub, 'clerk').call('POST', '/v1/imports?type=client&name=clients.csv', file, 'file');
  if (status !== 201) throw new Error(`The file was not taken: ${status} ${JSON.stringify(body)}`);
  return { bad, id: String(body['address']).slice('import/'.length) };
}

type Actors = {
  readonly clerk: Person;
  readonly seen: () => Promise<Seen>;
  /** Sends an event once the import stands like this. */
  readonly step: (person: Person, event: { readonly type: string; readonly [field: string]: unknown }, state: string) => Promise<void>;
};

function actors(hub: ProcessHub, id: string): Actors {
  const clerk = new Person(hub, 'clerk');
  const path = `/v1/actors/import/${id}`;
  const seen = async (): Promise<Seen> => {
    const { body } = await clerk.call('GET', path);
    return { state: String((body['state'] as string[])[0]), context: body['context'] as Seen['context'] };
  };
  const step: Actors['step'] = async (person, event, state) => {
    await eventually(`it is ${state}`, WITHIN_MS, async () => (await seen()).state === state);
    const { status, body } = await person.call('POST', `${path}/events`, event, `${id}-${event.type}`);
    if (status !== 200) throw new Error(`${event.type}: ${status} ${JSON.stringify(body)}`);
  };
  return { clerk, seen, step };
}

/** Kills it where so much of the file is done, and starts it again on the same data. */
async function killWhileItRuns(
  hub: ProcessHub,
  seen: () => Promise<Seen>,
  count: number,
  random: () => number,
  tell: (line: string) => void,
): Promise<number> {
  let kills = 0;
  for (let n = 0; n < KILLS; n++) {
    const from = (count * (n + random())) / (KILLS + 1);
    await eventually('it has come so far', WITHIN_MS, async () => {
      const { state, context } = await seen();
      return Number(context['position']) >= from || state === 'done';
    });
    const { state, context } = await seen();
    if (state !== 'running') break;
    await sleep(random() * 100);
    await hub.kill();
    kills += 1;
    tell(`killed behind row ${String(context['position'])}`);
    await hub.start();
  }
  return kills;
}

/** What is there in the end, by the database and by the list of bad rows. */
async function audit(
  hub: ProcessHub,
  id: string,
  bad: ReadonlySet<number>,
): Promise<{ clients: number; creations: number; listed_wrongly: number }> {
  const database = await openDatabase(hub);
  try {
    const count = async (text: string): Promise<number> => Number(((await database.query(text)).rows[0] as { n: string }).n);
    const clients = await count(`select count(*) as n from actor where address >= 'client/imp-' and address < 'client/imp.'`);
    const creations = await count(
      `select count(*) as n from journal where actor >= 'client/imp-' and actor < 'client/imp.' and event like '{"type":"@create"%'`,
    );
    const clerk = new Person(hub, 'clerk');
    const listed = new Set<number>();
    let wrong = 0;
    for (let after: unknown = 0; after !== null;) {
      const { body } = await clerk.call('GET', `/v1/imports/${id}/rows?limit=200&after=${String(after)}`);
      for (const { row, reasons } of body['items'] as { row: number; reasons: { column: string; code: string }[] }[]) {
        if (listed.has(row) || !bad.has(row) || reasons[0]?.column !== 'Country' || reasons[0].code !== 'not_a_country') wrong += 1;
        listed.add(row);
      }
      after = body['next'];
    }
    return { clients, creations, listed_wrongly: wrong + bad.size - listed.size };
  } finally {
    await database.end();
  }
}

/** Resident memory of the hub's process in megabytes; 0 while there is none. */
function rssOf(hub: ProcessHub): number {
  try {
    const pages = Number(readFileSync(`/proc/${hub.pid() ?? 0}/statm`, 'utf8').split(' ')[1]);
    return Math.round((pages * 4096) / 1e6);
  } catch {
    return 0;
  }
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1000);
}
