import { afterAll, beforeAll, expect, test } from 'vitest';
import { newestDue, newestOut, targetDayBefore } from '../../machines/target-days.ts';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import { daysUpTo, EcbServer } from '../support/ecb.ts';
import { eventually } from '../support/socket-client.ts';

let server: EcbServer;
const NEWEST = newestOut(Date.now());
const DAYS = daysUpTo(NEWEST, 40, '1.1700');

// Stopped behind the hub that asks it: what is registered first is done last.
afterAll(() => server?.stop());

const desk = atDesk();

beforeAll(async () => {
  server = await EcbServer.start();
  const config = { base_url: server.url };
  expect((await desk.rest.call('PUT', '/v1/integrations/ecb', { as: 'operator', body: { config } })).status).toBe(200);
  await desk.rest.send('integration/ecb', { type: 'ENABLE' }, 'operator');
});

const { open } = desk;

async function addSource(id: string, title: string, until: string): Promise<void> {
  expect((await desk.rest.create('rates', { id, input: { integration: 'ecb', title } }, 'operator')).status).toBe(201);
  await becomes(id, until);
}

async function becomes(id: string, state: string): Promise<void> {
  await eventually(async () => ((await desk.rest.get(`/v1/actors/rates/${id}`, 'cfo')).body['state'] as string[]).includes(state));
}

test('[DESKFX-6] without a source the screen says so, and its rates appear by themselves when there is one', async () => {
  const opened = await open('cfo', '/rates');
  const { page } = opened;
  await page.getByText('No source of rates is set up.').waitFor();
  expect(await page.getByRole('heading', { name: 'Convert an amount' }).count()).toBe(0);
  await mustBeWell(opened, 'rates-none');
  server.publish(DAYS);
  await addSource('ecb', 'Central bank', 'age.fresh');
  const card = page.getByRole('region', { name: 'Central bank' });
  await card
    .getByRole('row', { name: /US Dollar/ })
    .getByText('1.1700')
    .waitFor();
  await page.context().close();
});

test('[DESKFX-7] a card says of which day the rates are, how old that is, and where they were read, with the whole hash to copy', async () => {
  const { page } = await open('clerk', '/rates');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const card = page.getByRole('region', { name: 'Central bank' });
  await card.getByText(`${server.url}eurofxref-hist-90d.xml`).waitFor();
  await card.getByText(NEWEST, { exact: true }).waitFor();
  await card.getByText('As published.').waitFor();
  await card.getByRole('button', { name: 'Copy the whole hash' }).press('Enter');
  await card.getByText('Copied').waitFor();
  const { items } = (await desk.rest.get('/v1/rates', 'clerk')).body as { items: { sha256: string }[] };
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(items[0]?.sha256);
  await card.getByRole('link', { name: 'Fetches, corrections and history of Central bank' }).press('Enter');
  await page.waitForURL('**/hq/rates/ecb');
  await page.context().close();
});

test('[DESKFX-7] where nothing may be copied the whole hash is there to be selected', async () => {
  const { page } = await open('clerk', '/rates');
  await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
  await page.getByRole('button', { name: 'Copy the whole hash' }).press('Enter');
  const whole = page.getByRole('textbox', { name: 'The whole hash, to copy' });
  expect(await whole.inputValue()).toMatch(/^[0-9a-f]{64}$/);
  expect(await whole.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
  await page.context().close();
});

test('[DESKFX-8] by keys: another base and an earlier day are asked for under an address that can be shared, and a filter finds a currency by its name', async () => {
  const saturday = lastSaturday();
  const friday = DAYS.findLast(({ date }) => date < saturday)?.date ?? '';
  const { page } = await open('auditor', '/rates');
  const card = page.getByRole('region', { name: 'Central bank' });
  await card.getByRole('row', { name: /US Dollar/ }).waitFor();
  await page.getByLabel('For one', { exact: true }).selectOption('GBP');
  const day = page.getByLabel('Day, or empty for now');
  await day.fill(saturday);
  await day.press('Enter');
  await page.waitForURL(new RegExp(`base=GBP&date=${saturday}`));
  await card.getByText(`None are published on ${saturday}, a day of a weekend: those of ${friday} hold.`).waitFor();
  await card.getByText('Carried forward').waitFor();
  await card.getByText('Worked out for GBP by way of EUR, to twelve significant digits.').waitFor();
  await card.getByRole('row', { name: /Euro/ }).getByText('1.14942528736').waitFor();
  await page.getByRole('searchbox', { name: 'Search currencies' }).fill('yen');
  await card.getByText('1 of 23 currencies').waitFor();
  expect(await card.getByRole('row').count()).toBe(2);
  await page.reload();
  await card.getByText('1 of 23 currencies').waitFor();
  await page.getByRole('searchbox', { name: 'Search currencies' }).fill('nothing like it');
  await card.getByText('No currency matches.').waitFor();
  await page.getByRole('button', { name: 'As of now' }).press('Enter');
  await page.waitForURL((url) => !url.search.includes('date'));
  await page.context().close();
});

test('[DESKFX-8] a day before all rates, one to come and a currency that nobody publishes are answered in words', async () => {
  const { page } = await open('cfo', '/rates?date=1999-01-04');
  await page.getByText(/Of 1999-01-04 or a day before it no rates are known/).waitFor();
  await page.getByText('This source has no rates for 1999-01-04.').waitFor();
  await page.goto(`${desk.hub.url}/hq/rates?base=KWD`);
  await page.getByText('This source has no rates of KWD.').waitFor();
  expect(await page.getByLabel('For one', { exact: true }).inputValue()).toBe('KWD');
  await page.goto(`${desk.hub.url}/hq/rates?date=2999-01-01`);
  await page.getByText(/The rates of 2999-01-01 are not known before that day/).waitFor();
  await page.context().close();
});

test('[DESKFX-9] by keys: an amount is converted with the rate, the source and the day; what was typed stays when it is refused', async () => {
  const { page } = await open('clerk', '/rates');
  const convert = page.getByRole('region', { name: 'Convert an amount' });
  const amount = convert.getByRole('textbox', { name: 'Amount' });
  await amount.fill('ten');
  await amount.press('Enter');
  await convert.getByText('Write the amount like 1250.00.').waitFor();
  await amount.fill('1,000.00');
  await amount.press('Enter');
  await convert.getByText('1,170.00 USD').waitFor();
  await convert.getByText('1 EUR = 1.17 USD', { exact: true }).waitFor();
  await convert.getByRole('link', { name: 'ecb' }).waitFor();
  await convert.getByText(NEWEST, { exact: true }).waitFor();
  await convert.getByLabel('To', { exact: true }).selectOption('KWD');
  await amount.press('Enter');
  await convert.getByText('There is no rate for this, so nothing was converted').waitFor();
  expect(await amount.inputValue()).toBe('1,000.00');
  expect(await convert.getByText('1,170.00 USD').count()).toBe(0);
  await page.context().close();
});

test('[DESKFX-10] of a disputed day the actor’s page and the question show what is known beside what came, and of the kept days how many there are', async () => {
  server.publish(DAYS.map((day) => (day.date === NEWEST ? { ...day, rates: { ...day.rates, USD: '1.9' } } : day)));
  await desk.rest.send('rates/ecb', { type: 'FETCH' }, 'operator');
  await becomes('ecb', 'dispute.open');
  const opened = await open('cfo', '/rates/ecb');
  const { page } = opened;
  await page.getByText(`40 days, the newest ${NEWEST}`).waitFor();
  const table = page.getByRole('table', { name: `What came otherwise for ${NEWEST}` });
  await table.getByRole('row', { name: 'USD 1.1700 1.9' }).waitFor();
  expect(await table.getByRole('row').count()).toBe(2);
  await mustBeWell(opened, 'rates-disputed');
  await page.getByRole('button', { name: 'Keep…' }).press('Enter');
  await page.getByRole('dialog').getByRole('row', { name: 'USD 1.1700 1.9' }).waitFor();
  await mustBeWell(opened, 'rates-disputed-dialog');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Show their rates' }).press('Enter');
  await page.waitForURL(new RegExp(`/hq/rates\\?date=${NEWEST}`));
  await page.context().close();
});

test('[DESKFX-11] stale rates say how many days are missing, and nothing is converted by them', async () => {
  let late = newestDue(Date.now());
  for (let n = 0; n < 3; n++) late = targetDayBefore(late);
  server.publish(daysUpTo(late, 5));
  await addSource('late', 'Slow source', 'age.stale');
  const opened = await open('cfo', '/rates');
  const { page } = opened;
  const card = page.getByRole('region', { name: 'Slow source' });
  await card.getByText('Stale', { exact: true }).waitFor();
  await card.getByText(`3 days that should have had rates are missing since ${late}. Nothing is converted by them.`).waitFor();
  const convert = page.getByRole('region', { name: 'Convert an amount' });
  await convert.getByLabel('Source').selectOption('Slow source');
  await convert.getByRole('textbox', { name: 'Amount' }).fill('5');
  await page.keyboard.press('Enter');
  await convert.getByText('The rates are stale, so nothing was converted').waitFor();
  await convert.getByText(new RegExp(`The newest rates for .* are of ${late}`)).waitFor();
  await mustBeWell(opened, 'rates-stale');
  await page.context().close();
});

test('[DESKFX-12] what is shown stays when the hub does not answer, and says so', async () => {
  const { page } = await open('cfo', '/rates');
  const row = page.getByRole('region', { name: 'Central bank' }).getByRole('row', { name: /US Dollar/ });
  await row.waitFor();
  await page.context().route('**/v1/rates*', (route) => route.abort());
  await desk.rest.send('rates/ecb', { type: 'FETCH' }, 'operator');
  await page.getByText('Exchange rates cannot be shown').waitFor({ timeout: 20_000 });
  expect(await row.count()).toBe(1);
  await page.context().unroute('**/v1/rates*');
  await page.getByRole('button', { name: 'Try again' }).first().press('Enter');
  await page.getByText('Exchange rates cannot be shown').waitFor({ state: 'detached' });
  await page.context().close();
});

test.each(WIDTHS)('[DESKFX-13] the rates at %i pixels have no barrier and do not run out of the window', async (width, dark) => {
  const opened = await open('operator', '/rates', { width, dark });
  const { page } = opened;
  await page.getByRole('region', { name: 'Slow source' }).getByText('Stale', { exact: true }).waitFor();
  const convert = page.getByRole('region', { name: 'Convert an amount' });
  await convert.getByLabel('Source').selectOption('Central bank');
  await convert.getByRole('textbox', { name: 'Amount' }).fill('1234567.89');
  await page.keyboard.press('Enter');
  await convert.getByText('1 EUR = 1.17 USD', { exact: true }).waitFor();
  await mustBeWell(opened, `rates-${width}${dark ? '-dark' : ''}`);
  await page.context().close();
});

function lastSaturday(): string {
  let date = NEWEST;
  while (new Date(date).getUTCDay() !== 6) date = new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);
  return date;
}
