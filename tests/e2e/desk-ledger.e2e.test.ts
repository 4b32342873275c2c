import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { machines } from '../../machines/machines.ts';
import { booking } from '../fixtures/booking.ts';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import { CLIENT } from '../support/rest.ts';
import { eventually } from '../support/socket-client.ts';

const NO_LEAVES = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Each deposit is one entry of the account while it is pending, and two more when it is confirmed. */
const DEPOSITS = 20;

const desk = atDesk({ machines: [...machines, booking] });

const { open } = desk;
const dayFromNow = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function openAccount(id: string, currency: string): Promise<string> {
  await desk.rest.create('account', { id, input: { client: 'acme', name: `Acme, ${currency}`, currency } });
  await desk.rest.send(`account/${id}`, { type: 'ACTIVATE' }, 'cfo');
  await eventually(async () => JSON.stringify((await desk.rest.get(`/v1/actors/account/${id}`, 'clerk')).body).includes('life.active'));
  return `account/${id}`;
}

async function deposit(address: string, name: string, amount_minor: number): Promise<void> {
  expect((await desk.rest.send(address, { type: 'DEPOSIT', deposit: name, amount_minor, reference: `Statement ${name}` })).status).toBe(
    200,
  );
}

test('[DESKLEDG-7] where nothing has been posted the screen says so, and an account that is not named is asked for', async () => {
  const { page } = await open('auditor', '/ledger');
  await page.getByText('Nothing has been posted.').waitFor();
  await page.goto(`${desk.hub.url}/hq/ledger/statement`);
  await page.getByText('No account was named.').waitFor();
  await page.context().close();
});

test('[DESKLEDG-8] a day that is over has a proof under an address that can be shared, and one that is not says so', async () => {
  const yesterday = dayFromNow(-1);
  const { page } = await open('auditor', '/ledger');
  await page.getByLabel('Day', { exact: true }).fill(yesterday);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('day') === yesterday);
  await page.getByText(NO_LEAVES).waitFor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy the Merkle root' }).press('Enter');
  await page.getByText('The Merkle root has been copied.').first().waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(NO_LEAVES);
  const today = dayFromNow(0);
  await page.getByLabel('Day', { exact: true }).fill(today);
  await page.keyboard.press('Enter');
  await page.getByText(`${today} is not over yet.`).waitFor();
  await page.context().close();
});

test('[DESKLEDG-9] by keys: the trial balance adds up by currency, leads to an account’s statement, and that to the actor as it was', async () => {
  for (const name of ['sandbox', 'sandbox_checks']) await desk.rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await desk.rest.create('client', { id: 'acme', input: CLIENT });
  await desk.rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
  await desk.rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await eventually(async () =>
    JSON.stringify((await desk.rest.get('/v1/actors/client/acme', 'clerk')).body).includes('"state":["active"]'),
  );
  const [euros, yen] = [await openAccount('eur', 'EUR'), await openAccount('jpy', 'JPY')];
  for (let i = 0; i < DEPOSITS; i++) {
    await deposit(euros, `d${i}`, 100_000 + i);
    if (i > 0) expect((await desk.rest.send(euros, { type: 'CONFIRM', deposit: `d${i}` }, 'cfo')).status).toBe(200);
  }
  await deposit(yen, 'd0', 5_000);

  const opened = await open('cfo', '/');
  const { page } = opened;
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForURL(/\/hq\/ledger$/);
  const inEuros = page.getByRole('table', { name: 'Accounts in EUR' });
  await inEuros.getByText('Total of 2 accounts').waitFor();
  const row = inEuros.getByRole('row').filter({ hasText: euros });
  expect(await row.getByRole('cell').allInnerTexts()).toEqual([euros, '0.00', '19,001.90', '−19,001.90', '−1,000.00']);
  await page.getByRole('table', { name: 'Accounts in JPY' }).getByText('−5,000').first().waitFor();
  expect(await page.getByText('The total is zero').count()).toBe(2);
  await mustBeWell(opened, 'ledger-trial-balance');

  await row.getByRole('link', { name: euros }).press('Enter');
  await page.waitForURL(/\/hq\/ledger\/statement\?account=account%2Feur&currency=EUR$/);
  const entries = page.getByRole('table', { name: `Statement of ${euros} in EUR` });
  await page.getByText('The oldest 50 entries').waitFor();
  expect(await page.getByText('−19,001.90').count()).toBe(1);
  await page.getByRole('button', { name: 'Show later ones' }).press('Enter');
  await page.getByText(`${DEPOSITS * 3 - 2} entries, oldest first`).waitFor();
  expect(await entries.getByRole('row').last().innerText()).toContain('−19,001.90');
  expect(await page.getByRole('button', { name: 'Show later ones' }).count()).toBe(0);
  expect(await entries.getByText('Posted: no longer pending').count()).toBe(DEPOSITS - 1);
  await mustBeWell(opened, 'ledger-statement');
  await entries
    .getByRole('row')
    .nth(1)
    .getByRole('link', { name: /account\/eur@\d+/ })
    .press('Enter');
  await page.waitForURL(/\/hq\/account\/eur\?at=\d+$/);
  await page.context().close();
});

test('[DESKLEDG-10] the filters stand in the address: by prefix, and as of and as known on a day', async () => {
  const { page } = await open('clerk', '/ledger?prefix=account%2Fjpy');
  await page.getByText('These are some of the accounts only').waitFor();
  expect(await page.getByLabel('Accounts that begin with').inputValue()).toBe('account/jpy');
  expect(await page.getByRole('table').count()).toBe(1);
  const yesterday = dayFromNow(-1);
  await page.getByLabel('As known at the end of').fill(yesterday);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.searchParams.get('known') === yesterday && url.searchParams.get('prefix') === 'account/jpy');
  await page.getByText('No account fits.').waitFor();
  await page.goBack();
  await page.getByRole('table', { name: 'Accounts in JPY' }).waitFor();
  expect(await page.getByLabel('As known at the end of').inputValue()).toBe('');
  await page.getByLabel('As of the end of').fill(dayFromNow(2));
  await page.keyboard.press('Enter');
  await page.getByText('Trial balance cannot be shown').waitFor();
  await page.getByText(/is to come/).waitFor();
  await page.getByRole('button', { name: 'All accounts, now' }).press('Enter');
  await page.getByRole('table', { name: 'Accounts in EUR' }).waitFor();
  await page.context().close();
});

test('[DESKLEDG-5] what is shown can be taken along as comma-separated values', async () => {
  const { page } = await open('approver', '/ledger?prefix=account%2Fjpy');
  const button = page.getByRole('button', { name: /^CSV/ });
  await button.waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), button.press('Enter')]);
  const text = await readFile(await file.path(), 'utf8');
  expect(text).toMatch(/^account,currency,.*\r\naccount\/jpy,JPY,0,0,0,-5000,\d{4}-.*\r\n$/);
  await page.context().close();
});

test('[DESKLEDG-11] what is shown stays when the hub does not answer, and says so, until it answers again', async () => {
  const { page } = await open('admin', '/ledger');
  const table = page.getByRole('table', { name: 'Accounts in EUR' });
  await table.waitFor();
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Bring up to date' }).press('Enter');
  await page.getByText('Trial balance cannot be shown').waitFor({ timeout: 20_000 });
  expect(await table.count()).toBe(1);
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).first().press('Enter');
  await page.getByText('Trial balance cannot be shown').waitFor({ state: 'detached', timeout: 20_000 });
  await page.context().close();
});

test('[DESKLEDG-12] nobody is led to the ledger who has nothing to do with money, and by its address he is told so', async () => {
  const { page } = await open('developer', '/ledger');
  await page.getByText('Trial balance cannot be shown').waitFor();
  expect(await page.getByRole('link', { name: 'Ledger' }).count()).toBe(0);
  await page.context().close();
});

test('[DESKLEDG-14] a statement tells every kind of entry, when it was recorded where that is another time, and what it ends', async () => {
  await desk.rest.create('booking', { id: 'b1', input: { client: 'acme', currency: 'BHD' } });
  const yesterday = Date.parse(`${dayFromNow(-1)}T12:00:00Z`);
  for (const event of [
    { type: 'HOLD', amount_minor: 1_500 },
    { type: 'RELEASE' },
    { type: 'HOLD', amount_minor: 2_500, effective: yesterday },
    { type: 'CAPTURE', amount_minor: 2_000 },
    { type: 'REVERSE' },
  ])
    expect((await desk.rest.send('booking/b1', event)).status).toBe(200);
  const { page } = await open('auditor', '/ledger?prefix=client:');
  await page.getByRole('link', { name: 'client:acme/receivable' }).press('Enter');
  const rows = page.getByRole('table').getByRole('row');
  await rows.getByText('Reversal').waitFor();
  const kinds = await rows.evaluateAll((all) => all.slice(1).map((row) => row.querySelectorAll('td')[2]?.innerText.split('\n')[0]));
  expect(kinds).toEqual(['Pending', 'Pending', 'Voided', 'Posted: no longer pending', 'Posted', 'Reversal']);
  expect(await rows.filter({ hasText: 'recorded' }).count()).toBe(1);
  expect(await rows.nth(1).getByRole('cell').allInnerTexts()).toEqual(expect.arrayContaining(['2.500', '0.000']));
  await rows.filter({ hasText: 'Reversal' }).getByRole('link', { name: 'of version 5' }).waitFor();
  expect(await page.getByRole('link', { name: 'Open its page' }).count()).toBe(0);
  await page.getByLabel('To the end of').fill(dayFromNow(-1));
  await page.keyboard.press('Enter');
  await page.getByText('1 entry, oldest first').waitFor();
  await page.getByLabel('From the beginning of').fill(dayFromNow(0));
  await page.keyboard.press('Enter');
  await page.getByText('Statement cannot be shown').waitFor();
  await page.context().close();
});

test('[DESKLEDG-16] a statement is taken as a file with all its entries, also those that are not shown yet', async () => {
  const { page } = await open('auditor', '/ledger/statement?account=account/eur&currency=EUR');
  await page.getByText('The oldest 50 entries').waitFor();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: /^CSV/ }).press('Enter');
  const file = await saved;
  expect(file.suggestedFilename()).toBe(`statement-account-eur-EUR-${dayFromNow(0)}.csv`);
  const rows = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
  const lines = rows.map((row) => row.split(',')[2]);
  expect(lines).toEqual(['line', 'opening', ...Array.from({ length: DEPOSITS * 3 - 2 }, () => 'entry'), 'closing']);
  // 1,000.00 and up by a cent, nineteen times: to whom it belongs it is a credit.
  expect(rows.at(-1)).toContain(',-1900190,');
  expect(rows.filter((row) => row.includes(',1000.07,'))).toHaveLength(3);
  await page.context().route('**/v1/ledger/accounts/statement?*', (route) => route.abort());
  await page.getByRole('button', { name: /^CSV/ }).press('Enter');
  await page.getByText('The file was not made').waitFor();
  expect(await page.getByText('The oldest 50 entries').count()).toBe(1);
  await page.context().unroute('**/v1/ledger/accounts/statement?*');
  await page.context().close();
});

test.each(WIDTHS)('[DESKLEDG-13] the ledger at %i pixels has no barrier and does not run out of the window', async (width, dark) => {
  const opened = await open('auditor', `/ledger?day=${dayFromNow(-1)}`, { width, dark });
  const { page } = opened;
  await page.getByText(NO_LEAVES).waitFor();
  await page.getByRole('table', { name: 'Accounts in EUR' }).waitFor();
  const name = `${width}${dark ? '-dark' : ''}`;
  const root = await page.getByText(NO_LEAVES).boundingBox();
  expect((root?.x ?? 0) + (root?.width ?? width)).toBeLessThan(width);
  expect(await page.evaluate('document.documentElement.scrollHeight - innerHeight')).toBe(0);
  await mustBeWell(opened, `ledger-${name}`);
  await page.goto(`${desk.hub.url}/hq/ledger/statement?account=account/eur&currency=EUR`);
  await page.getByText('The oldest 50 entries').waitFor();
  await mustBeWell(opened, `statement-${name}`);
  await page.context().close();
});
