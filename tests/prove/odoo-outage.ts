import { must } from '../../machines/must.ts';
import type { OdooSettings } from '../support/odoo.ts';
import { eventually, sleep } from '../support/process-hub.ts';
import { openDatabase, Person } from '../support/storm.ts';
import { killOdoo, SCALE, startOdoo, taken } from '../support/odoo-world.ts';
import type { Made, World } from '../support/odoo-world.ts';

const HOUR_MS = 3_600_000;
/** Of a sample, where an hour would be too long. */
const QUARTER_MS = HOUR_MS / 4;
const FEW = 100;
const WITHIN_MS = 600_000;
const PER_SECOND = 10;
/** Changed in the hub while Odoo is away. */
const MOST_CHANGED = 100;
/** A pull every quarter of a minute of the hub's time, and each of the changes a few times, if nothing held them up, would be more. */
const MOST_ASKED = 400;

type Seen = { readonly state: readonly string[]; readonly open_since: number | null; readonly waiting: { readonly queued: number } };

/**
 * Odoo is away for an hour of the hub's time. The circuit opens, and says since when; what is changed in the hub waits, and is written without anybody's help
 * once Odoo is back, in no more requests a second than Odoo is said to take.
 */
export async function outlast(
  world: World,
  { database, user, password, api_key }: OdooSettings,
  made: Made,
): Promise<Readonly<Record<string, unknown>> & { held: boolean }> {
  const { relay, clerk, odoo, hub, run } = world;
  const config = { url: relay.url, database, user, calls_per_second: PER_SECOND };
  await taken(new Person(hub, 'admin').call('PUT', '/v1/integrations/odoo', { config, secrets: { api_key, password } }));
  const ids = made.partners.slice(0, MOST_CHANGED);
  const away_ms = ids.length < FEW ? QUARTER_MS : HOUR_MS;
  const streets = (rows: readonly Record<string, unknown>[]): number => rows.filter(({ street }) => street === `Outage ${run}`).length;
  const there = async (): Promise<number> =>
    streets((await odoo('res.partner', 'read', { ids, fields: ['street'] })) as Record<string, unknown>[]);
  killOdoo();
  relay.lose(() => undefined);
  const began = Date.now();
  for (const id of ids) {
    const event = { type: 'AMEND', street: `Outage ${run}` };
    await taken(clerk.call('POST', `/v1/actors/client/odoo-${id}/events`, event, `${run}-outage-${id}`));
  }
  await eventually('its circuit opens', WITHIN_MS, async () => (await seen(world)).state.includes('circuit.open'));
  await sleep(away_ms / SCALE - (Date.now() - began));
  const away = await seen(world);
  const asked = relay.asked.length;
  const waiting = await onTheirWay(world, ids);
  startOdoo();
  relay.lose(() => undefined);
  const back = Date.now();
  await eventually('what waited is written', WITHIN_MS, async () => (await onTheirWay(world, ids)) === 0).catch(() => undefined);
  const caught_up_s = Math.round((Date.now() - back) / 1000);
  const written = await there();
  const figures = {
    away_minutes: away_ms / 60_000,
    away_s: Math.round((back - began) / 1000),
    changed: ids.length,
    waiting,
    asked_meanwhile: asked,
  };
  const known = away.open_since !== null && away.open_since >= began - 1_000;
  const busiest = busiestOf(relay.asked_at);
  const held = known && written === ids.length && waiting === ids.length && asked < MOST_ASKED && busiest <= PER_SECOND + 1;
  return { held, ...figures, open_since_known: known, queued: away.waiting.queued, written, caught_up_s, busiest_second: busiest };
}

async function seen({ hub }: World): Promise<Seen> {
  const operator = new Person(hub, 'operator');
  const actor = (await operator.call('GET', '/v1/actors/integration/odoo')).body;
  const { items } = (await operator.call('GET', '/v1/integrations')).body as {
    items: { name: string; waiting: Seen['waiting'] }[];
  };
  const { waiting } = must(
    items.find(({ name }) => name === 'odoo'),
    'Odoo among the integrations',
  );
  const { open_since } = actor['context'] as Pick<Seen, 'open_since'>;
  return { state: actor['state'] as string[], open_since, waiting };
}

/** How many of them are not in agreement. */
async function onTheirWay({ hub }: World, ids: readonly number[]): Promise<number> {
  const database = await openDatabase(hub);
  try {
    const names = ids.map((id) => `binding/odoo-client-odoo-${id}`);
    const { rows } = await database.query(`select count(*) as n from actor where address = any($1) and state <> 'agreed'`, [names]);
    return Number((rows[0] as { n: string }).n);
  } finally {
    await database.end();
  }
}

/** The most requests that came within one second. */
function busiestOf(at: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [index, moment] of at.entries()) {
    while (moment - (at[first] ?? moment) >= 1_000) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
