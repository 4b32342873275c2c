import { rm } from 'node:fs/promises';
import type pg from 'pg';
import { bindingOf } from '../../machines/erp.ts';
import { must } from '../../machines/must.ts';
import { LossyRelay } from '../support/lossy-relay.ts';
import { killOdoo, SCALE, startOdoo, taken } from '../support/odoo-world.ts';
import type { Made, World } from '../support/odoo-world.ts';
import { odooForTests } from '../support/odoo.ts';
import type { OdooSettings } from '../support/odoo.ts';
import { byHand } from '../support/odoo-stage.ts';
import { billsHere, billsThere, clientsHere, differing, partnersThere } from '../support/odoo-truth.ts';
import type { Call, Told } from '../support/odoo-truth.ts';
import { eventually, openDirectory, processHub, sleep } from '../support/process-hub.ts';
import { openDatabase, Person, seeded, setStage, STORM_ENV } from '../support/storm.ts';
import { lookAfter } from './odoo-care.ts';
import { outlast } from './odoo-outage.ts';
import type { Proof } from './prove.ts';

const RECORDS = 1_000;
const PAYMENTS = 100;
const WITHIN_MS = 1_200_000;
const PAGE = 50;
const CITIES = ['Bonn', 'Köln', 'Lübeck', 'Mainz', 'Ulm'];

/**
 * So many contacts and bills are made in a real Odoo by its own API, change there and in the hub while both are killed in turns and answers are lost, and
 * are the same on both sides in the end, by a script that reads Odoo itself. Then bills are paid in the hub: each payment stands in Odoo once, set against
 * its bill, though the answer of its making is lost; and what is refunded is taken back there. Then its key is exchanged and ended, a field is added, and it
 * is away for an hour of the hub's time.
 */
export async function odoo(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const count = Number(args[0] ?? RECORDS);
  const payments = Number(args[1] ?? Math.min(PAYMENTS, count));
  const seed = Number(args[2] ?? Math.floor(Math.random() * 2 ** 31));
  process.env['HUB_TEST_ODOO'] ??= '1';
  const settings = odooForTests('prove odoo');
  if (settings === undefined) return { held: true, figures: { ran: false, why: 'There is no Odoo, and none can be brought up here' } };
  const dataDir = await openDirectory('odoo');
  const hub = await processHub(dataDir, { ...STORM_ENV, HUB_TIME_SCALE: String(SCALE), HUB_ERP: 'odoo', HUB_APPROVAL_FROM: '1000000' });
  const relay = await LossyRelay.open(settings.url);
  const run = Date.now().toString(36);
  try {
    await hub.start();
    await setStage(hub);
    const world = { hub, relay, tell, run, random: seeded(seed), odoo: patient(byHand(settings)), clerk: new Person(hub, 'clerk') };
    await connect(world, settings);
    const began = performance.now();
    const made = await makeThere(world, count);
    tell(`${count} contacts and ${count} bills are in Odoo: ${since(began)} s`);
    const first = await converge(world, made);
    tell(`all of it has come to the hub: ${since(began)} s`);
    const { kills, ...changed } = await changeBothSides(world, made, count);
    tell(`${JSON.stringify(changed)}: ${since(began)} s`);
    const convergence = await converge(world, made);
    tell(`${JSON.stringify(convergence)}: ${since(began)} s`);
    const paid = await payAndTakeBack(world, made, payments);
    tell(`${JSON.stringify(paid)}: ${since(began)} s`);
    const care = await lookAfter(world, settings, made);
    tell(`${JSON.stringify(care)}: ${since(began)} s`);
    const outage = await outlast(world, settings, made);
    tell(`${JSON.stringify(outage)}: ${since(began)} s`);
    const held =
      first.held && convergence.held && paid.held && care.held && outage.held && kills.hub > 0 && kills.odoo > 0 && changed.here > 0;
    return {
      held,
      seed,
      figures: { records: count, first, kills, changed, convergence, payments: paid, care, outage, seconds: since(began) },
    };
  } finally {
    await hub.stop();
    await relay.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** While Odoo is away it is asked again: what the script itself does has to come about. */
function patient(call: Call): Call {
  return async (model, method, args) => {
    for (let tries = 0; ; tries++) {
      try {
        return await call(model, method, args);
      } catch (error) {
        if (tries >= 60 || !/(unavailable|unknown|fetch|ECONN|terminated|did not answer|connection)/i.test(String(error))) throw error;
        await sleep(1_000);
      }
    }
  };
}

async function connect({ hub, relay }: World, { database, user, password, api_key }: OdooSettings): Promise<void> {
  const admin = new Person(hub, 'admin');
  const operator = new Person(hub, 'operator');
  const body = { config: { url: relay.url, database, user }, secrets: { api_key, password } };
  await taken(admin.call('PUT', '/v1/integrations/odoo', body));
  await taken(operator.call('POST', '/v1/actors/integration/odoo/events', { type: 'ENABLE' }, 'enable-odoo'));
  for (const model of ['partner', 'bill'])
    await taken(operator.call('POST', '/v1/actors/feed', { id: `odoo-${model}`, input: { integration: 'odoo', model } }, `feed-${model}`));
}

/** By Odoo's own API, in pages; half of the bills are posted. */
async function makeThere({ odoo: call, run }: World, count: number): Promise<Made> {
  const [germany] = (await call('res.country', 'search', { domain: [['code', '=', 'DE']] })) as number[];
  const domain = [
    ['account_type', '=', 'expense'],
    ['company_ids', 'in', [1]],
  ];
  const [account] = (await call('account.account', 'search', { domain, limit: 1 })) as number[];
  const partner = (n: number): object => ({
    name: `Prove ${run} ${n}`,
    email: `p${n}@${run}.example`,
    country_id: germany,
    is_company: n % 3 !== 0,
    city: CITIES[n % CITIES.length],
  });
  const partners = await makeAll(
    call,
    'res.partner',
    Array.from({ length: count }, (_, n) => partner(n)),
  );
  const bill = (n: number): object => ({
    move_type: 'in_invoice',
    partner_id: partners[n % partners.length],
    ref: `${run}-${n}`,
    invoice_date: '2026-11-02',
    invoice_date_due: '2026-12-02',
    company_id: 1,
    invoice_line_ids: [[0, 0, { name: 'Paper', quantity: 1, price_unit: 10 + n / 100, account_id: account, tax_ids: [[5, 0, 0]] }]],
  });
  const bills = await makeAll(
    call,
    'account.move',
    Array.from({ length: count }, (_, n) => bill(n)),
  );
  const posted = bills.filter((_, n) => n % 2 === 0);
  for (let at = 0; at < posted.length; at += PAGE) await call('account.move', 'action_post', { ids: posted.slice(at, at + PAGE) });
  return { partners, bills, draft: new Set(bills.filter((_, n) => n % 2 === 1)) };
}

async function makeAll(call: Call, model: string, vals: readonly object[]): Promise<number[]> {
  const ids: number[] = [];
  for (let at = 0; at < vals.length; at += PAGE)
    ids.push(...((await call(model, 'create', { vals_list: vals.slice(at, at + PAGE) })) as number[]));
  return ids;
}

type Changes = {
  readonly kills: { readonly hub: number; readonly odoo: number };
  readonly there: number;
  readonly here: number;
  readonly bills: number;
  readonly answers_lost: number;
};

/** Somebody changes contacts there and in the hub, other fields and the same, and bills there; both are killed in turns, and answers are lost. */
async function changeBothSides(world: World, made: Made, count: number): Promise<Changes> {
  const { odoo: call, clerk, random, relay, hub, run, tell } = world;
  let lost = 0;
  relay.lose(() => {
    if (random() >= 0.1) return undefined;
    lost += 1;
    return random() < 0.5 ? 'answer' : 'at_once';
  });
  const kills = { hub: 0, odoo: 0 };
  const changed = { there: 0, here: 0, bills: 0 };
  const pick = <T>(from: readonly T[]): T => must(from[Math.floor(random() * from.length)], 'one of them');
  for (let n = 0; n < Math.max(20, count / 5); n++) {
    const id = pick(made.partners);
    const what = random();
    if (what < 0.4) {
      await call('res.partner', 'write', { ids: [id], vals: { city: `${pick(CITIES)} ${n}`, phone: `+49 ${n}` } });
      changed.there += 1;
    } else if (what < 0.8) {
      // The same field as there now and then: who changed it last decides.
      await amend(clerk, id, { email: `h${n}@${run}.example`, ...(random() < 0.3 ? { phone: `+41 ${n}` } : {}) }, `${run}-${n}`);
      changed.here += 1;
    } else {
      await call('account.move', 'write', { ids: [pick([...made.draft])], vals: { ref: `${run}-n${n}` } });
      changed.bills += 1;
    }
    await sleep(random() * 200);
    if (n % 20 === 5) {
      await hub.kill();
      kills.hub += 1;
      await hub.start();
      tell(`the hub was killed at change ${n}`);
    }
    if (n % 40 === 15) {
      killOdoo();
      startOdoo();
      kills.odoo += 1;
      tell(`Odoo was killed at change ${n}`);
    }
  }
  relay.lose(() => undefined);
  return { kills, ...changed, answers_lost: lost };
}

async function amend(clerk: Person, id: number, fields: object, key: string): Promise<void> {
  await taken(clerk.call('POST', `/v1/actors/client/odoo-${id}/events`, { type: 'AMEND', ...fields }, key));
}

type Side = { readonly there: Told; readonly here: Told };

/** Until nothing is on its way any more: then both say the same, each of it once. */
async function converge(world: World, made: Made): Promise<Readonly<Record<string, unknown>> & { held: boolean }> {
  const { odoo: call, hub, clerk, run, tell } = world;
  await new Person(hub, 'operator').call('POST', '/v1/actors/integration/odoo/events', { type: 'RESET' }, `reset-${run}`);
  const began = performance.now();
  const database = await openDatabase(hub);
  try {
    let sides: Record<'partner' | 'bill', Side> | undefined;
    const isSame = (): boolean => sides !== undefined && Object.values(sides).every(({ there, here }) => there.hash === here.hash);
    await eventually('both sides say the same', WITHIN_MS, async () => {
      sides = {
        partner: {
          there: await partnersThere(call, made.partners),
          here: clientsHere(await contextsOf(database, clerk, 'client', made.partners)),
        },
        bill: { there: await billsThere(call, made.bills), here: billsHere(await contextsOf(database, clerk, 'bill', made.bills)) },
      };
      const open = await openBindings(database, made);
      if (isSame() && open === 0) return true;
      tell(
        `${Object.entries(sides)
          .map(([model, { there, here }]) => `${model}: ${differing(there, here).length} differ`)
          .join(', ')}, ${open} on their way`,
      );
      await sleep(5_000);
      return false;
    }).catch((error: unknown) => tell(String(error)));
    const { partner, bill } = must(sides, 'what both sides say');
    const doubled =
      Number(
        await call('res.partner', 'search_count', {
          domain: [
            ['name', '=like', `Prove ${run} %`],
            ['active', 'in', [true, false]],
          ],
        }),
      ) - made.partners.length;
    const lost = made.partners.length + made.bills.length - partner.here.count - bill.here.count;
    const held = isSame() && doubled === 0 && lost === 0;
    const hashes = { partner: [partner.there.hash, partner.here.hash], bill: [bill.there.hash, bill.here.hash] };
    return { held, hashes, lost, doubled, seconds: since(began) };
  } finally {
    await database.end();
  }
}

async function countOf(database: pg.Client, text: string, values: readonly unknown[] = []): Promise<number> {
  return Number(((await database.query(text, [...values])).rows[0] as { n: string }).n);
}

/** How many of their bindings are not at rest in agreement. */
function openBindings(database: pg.Client, { partners, bills }: Made): Promise<number> {
  const names = [
    ...partners.map((id) => bindingOf('odoo', `client/odoo-${id}`)),
    ...bills.map((id) => bindingOf('odoo', `bill/odoo-${id}`)),
  ];
  return countOf(database, `select count(*) as n from actor where address = any($1) and state <> 'agreed'`, [names]);
}

/** What the hub's actors say now, by their names in Odoo; those that are not there are missing. */
async function contextsOf(
  database: pg.Client,
  clerk: Person,
  type: 'client' | 'bill',
  ids: readonly number[],
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const names = ids.map((id) => `${type}/odoo-${id}`);
  const { rows } = await database.query(`select address from actor where address = any($1)`, [names]);
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const { address } of rows as { address: string }[]) {
    const { body } = await clerk.call('GET', `/v1/actors/${address}`);
    found.set(address.split('-').at(-1) ?? '', body['context'] as Readonly<Record<string, unknown>>);
  }
  return found;
}

type Row = Readonly<Record<string, unknown>>;
const idOf = (run: string, row: Row): string => `pay-${run}-${String(row['id'])}`;
const centsOf = (row: Row): number => Math.round(Number(row['amount_total']) * 100);

/** Makes and submits a payment of each bill, as a clerk does. */
async function payBills({ clerk, run }: World, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    const id = idOf(run, row);
    const input = {
      client: 'acme',
      payee: 'A supplier',
      amount_minor: centsOf(row),
      currency: String((row['currency_id'] as unknown[])[1]),
      reference: `${run}-${String(row['id'])}`,
      bill: `odoo-${String(row['id'])}`,
    };
    await taken(clerk.call('POST', '/v1/actors/payment', { id, input }, `c-${id}`));
    await taken(clerk.call('POST', `/v1/actors/payment/${id}/events`, { type: 'SUBMIT' }, `s-${id}`));
  }
}

async function refund({ clerk, run }: World, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    const event = { type: 'REFUND', refund: 'all', amount_minor: centsOf(row) };
    await taken(clerk.call('POST', `/v1/actors/payment/${idOf(run, row)}/events`, event, `r-${idOf(run, row)}`));
  }
}

/** Loses the answer of so many makings, each once: what is asked again goes through. */
function loseMakings({ relay }: World, most: number): () => number {
  let lost = 0;
  let before = 0;
  relay.lose((path, nth) => {
    if (!path.endsWith('/load') || lost >= most || before === nth - 1) return undefined;
    before = nth;
    lost += 1;
    return lost % 2 === 0 ? 'answer' : 'at_once';
  });
  return () => lost;
}

/** Pays bills in the hub, and loses the answer of each making in Odoo; then some of the payments are refunded in all. */
async function payAndTakeBack(world: World, made: Made, count: number): Promise<Readonly<Record<string, unknown>> & { held: boolean }> {
  const { odoo: call, run } = world;
  const lost = loseMakings(world, count);
  const open = made.bills.filter((id) => !made.draft.has(id)).slice(0, count);
  const fields = ['amount_total', 'currency_id', 'ref'];
  const rows = (await call('account.move', 'read', { ids: open, fields })) as Row[];
  await payBills(world, rows);
  const database = await openDatabase(world.hub);
  const standing = (state: string): Promise<number> =>
    countOf(database, `select count(*) as n from actor where type = 'booking' and state = $1`, [state]);
  const search = async (model: string, ...domain: unknown[]): Promise<number> => Number(await call(model, 'search_count', { domain }));
  const there = (...states: string[]): Promise<number> => search('account.payment', ['memo', '=like', `${run}-%`], ['state', 'in', states]);
  try {
    await eventually('every payment is booked', WITHIN_MS, async () => (await standing('booked')) === open.length).catch(() => undefined);
    const once = {
      booked: await standing('booked'),
      there: await there('draft', 'in_process', 'paid', 'canceled'),
      paid: await search('account.move', ['id', 'in', open], ['amount_residual', '=', 0]),
    };
    const back = rows.filter((_, n) => n % 5 === 0);
    await refund(world, back);
    await eventually('what was refunded is taken back', WITHIN_MS, async () => (await standing('voided')) === back.length).catch(
      () => undefined,
    );
    const ids = back.map((row) => row['id']);
    const undone = {
      voided: await standing('voided'),
      canceled: await there('canceled'),
      reopened: await search('account.move', ['id', 'in', ids], ['amount_residual', '>', 0]),
    };
    const isAll = (counts: object, all: number): boolean => Object.values(counts).every((one) => one === all);
    const held = isAll(once, open.length) && isAll(undone, back.length) && lost() >= open.length;
    return { held, payments: open.length, answers_lost: lost(), ...once, refunded: back.length, ...undone };
  } finally {
    await database.end();
  }
}

function since(began: number): number {
  return Math.round((performance.now() - began) / 1000);
}
