import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { findBarriers, overflows } from '../support/browser.ts';
import { atDesk } from '../support/desk.ts';
import { copyPayment } from '../support/many-payments.ts';
import { CLIENT } from '../support/rest.ts';

const MANY = 100_000;

const desk = atDesk();

beforeAll(async () => {
  await copyPayment(desk.hub, await desk.rest.payment({ payee: 'Long List Ltd', reference: 'L' }), MANY);
});

const { open: openAs } = desk;
const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement.textContent');
const close = (page: Page) => page.context().close();

test('[DESK-4] in a list of 100,000 somebody jumps to the end and to the middle, the rows come, and few are kept', async () => {
  const { page, complaints } = await openAs('clerk', '/payments?sort=createdAt');
  const body = page.locator('.table-body');
  await page.locator('.row-link').first().waitFor();
  expect(await page.getByText(/^100,\d\d\d payments$/).count()).toBe(1);
  for (const part of [1, 0.5, 0.25, 0.9, 0]) {
    await body.evaluate((element, share) => element.scrollTo(0, (element.scrollHeight - element.clientHeight) * share), part);
    const row = page.locator('.table-body .table-row').nth(13);
    const place = async (): Promise<number> => Number(await row.getAttribute('aria-rowindex')) / MANY;
    // First it is there, then the rows come.
    await expect.poll(async () => Math.abs((await place()) - part), { timeout: 10_000 }).toBeLessThan(0.01);
    await expect.poll(() => page.locator('.table-row[data-loading]').count(), { timeout: 10_000 }).toBe(0);
    expect(await page.locator('.table-body .table-row').count()).toBeLessThan(60);
  }
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-6] by keys alone: j and k go through the rows, End to the last, Enter opens, / searches, Esc comes back', async () => {
  const { page } = await openAs('clerk', '/payments?sort=title');
  await page.locator('.row-link').first().waitFor();
  await page.keyboard.press('j');
  const first = await page.locator('[data-index="0"] .row-link').textContent();
  await expect.poll(() => focused(page)).toBe(first);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await expect.poll(() => focused(page)).toBe(await page.locator('[data-index="1"] .row-link').textContent());
  await page.keyboard.press('End');
  await expect
    .poll(() => page.evaluate('document.activeElement.closest("[data-index]")?.dataset.index'), { timeout: 10_000 })
    .toMatch(/^100\d\d\d$/);
  await page.keyboard.press('Home');
  await expect.poll(() => focused(page)).toBe(first);
  await page.keyboard.press('/');
  await page.keyboard.type('nothing at all');
  await page.getByText('No payments match.').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.locator('[data-index="0"] .row-link').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/hq\/payment\//);
  await close(page);
});

test('[DESK-5] the rows stand still while the pointer is over them, and what has changed is counted and brought in by a press', async () => {
  const { page } = await openAs('clerk', '/payments');
  await page.locator('.row-link').first().waitFor();
  await page.locator('.table-body').hover();
  const before = await page.locator('.row-link').first().textContent();
  await desk.rest.payment({ payee: 'Newcomer Ltd', reference: 'N-1' });
  await page.getByRole('button', { name: /updates? — apply/ }).waitFor();
  expect(await page.locator('.row-link').first().textContent()).toBe(before);
  await page.getByRole('button', { name: /updates? — apply/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Newcomer Ltd · N-1' }).waitFor();
  await desk.rest.payment({ payee: 'Second Ltd', reference: 'N-2' });
  await page.getByRole('button', { name: /updates? — apply/ }).waitFor();
  await page.mouse.move(5, 5);
  await page.getByRole('link', { name: 'Second Ltd · N-2' }).waitFor();
  await close(page);
});

test('[DESK-9] rows are picked by x, one thing is done to those that allow it, and each says what became of it', async () => {
  const submitted = await desk.rest.payment({ payee: 'Bulk One', reference: 'B-1', amount_minor: 500_000 });
  await desk.rest.payment({ payee: 'Bulk Two', reference: 'B-2', amount_minor: 700_000, currency: 'USD' });
  const third = await desk.rest.payment({ payee: 'Bulk Three', reference: 'B-3', amount_minor: 200_000 });
  expect((await desk.rest.send(submitted, { type: 'SUBMIT' })).status).toBe(200);
  const { page, complaints } = await openAs('clerk', '/payments?q=bulk&sort=title');
  await page.getByText('3 payments', { exact: true }).waitFor();
  for (const key of ['j', 'x', 'j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await page.getByText('3 selected').first().waitFor();
  await page.getByRole('button', { name: 'Act on them…' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('2 of 3').first().waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Submit…' }).focus();
  await page.keyboard.press('Enter');
  await dialog.getByText('7,000.00 USD').first().waitFor();
  await dialog.getByText('2,000.00 EUR').first().waitFor();
  expect(await dialog.getByText('5,000.00 EUR').count()).toBe(0);
  // Meanwhile somebody else has submitted one of them.
  expect((await desk.rest.send(third, { type: 'SUBMIT' })).status).toBe(200);
  await dialog.getByRole('button', { name: 'Submit (2)' }).focus();
  await page.keyboard.press('Enter');
  await dialog.getByText('1 done, 1 refused.').waitFor();
  await dialog.getByText(/^Refused: /).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByText('3 selected').count()).toBe(0);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-8] a view is saved by name, found again in another window, and removed', async () => {
  const { page } = await openAs('auditor', '/payments?state=draft&sort=title');
  await page.getByRole('button', { name: 'Views' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Save this view…' }).press('Enter');
  await page.getByRole('textbox', { name: 'Name' }).fill('Drafts by name');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const other = await openAs('auditor', '/payments');
  await other.page.getByRole('button', { name: 'Views' }).press('Enter');
  await other.page.getByRole('menuitem', { name: 'Drafts by name' }).press('Enter');
  await other.page.waitForURL(/state=draft.*sort=title/);
  await other.page.getByRole('button', { name: 'Views' }).press('Enter');
  await other.page.getByRole('menuitem', { name: 'Remove some…' }).press('Enter');
  await other.page.getByRole('button', { name: 'Remove Drafts by name' }).press('Enter');
  await other.page.getByText('You have saved none yet.').waitFor();
  await Promise.all([close(page), close(other.page)]);
});

test('[DESK-10] what the filter selects comes as a file', async () => {
  const { page } = await openAs('clerk', '/payments?q=bulk');
  await page.getByText('3 payments', { exact: true }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /comma-separated/ }).press('Enter'),
  ]);
  expect(download.suggestedFilename()).toBe('payments.csv');
  const rows = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  expect(rows).toHaveLength(4);
  await close(page);
});

test('[DESKLIST-1] by keys: a list is narrowed to a client, by his id or his name, which is in the address; a press takes it off', async () => {
  await desk.rest.create('client', { id: 'globex', input: { ...CLIENT, name: 'Globex Ltd' } });
  await desk.rest.payment({ client: 'globex', payee: 'Narrow One', reference: 'G-1' });
  await desk.rest.payment({ client: 'globex', payee: 'Narrow Two', reference: 'G-2' });
  const { page, complaints } = await openAs('auditor', '/payments?sort=title');
  const field = page.getByLabel('Only those of this client');
  await field.focus();
  await page.keyboard.type('globex ltd');
  await expect.poll(() => page.locator('datalist option').count()).toBeGreaterThan(0);
  await page.keyboard.press('Enter');
  await page.getByText('2 payments', { exact: true }).waitFor();
  expect(new URL(page.url()).search).toBe('?client=globex&sort=title');
  const chip = page.getByRole('button', { name: 'Client globex ×' });
  await expect.poll(() => focused(page)).toBe('Client globex ×');
  expect(await findBarriers(page)).toEqual([]);
  // Another filter is added to it and does not take its place.
  await page.getByRole('button', { name: 'Draft', exact: true }).press('Enter');
  await page.waitForURL(/state=draft.*client=globex/);
  await page.getByText('2 payments', { exact: true }).waitFor();
  await chip.press('Enter');
  await expect.poll(() => new URL(page.url()).search).toBe('?state=draft&sort=title');
  await expect.poll(() => page.evaluate('document.activeElement.placeholder')).toBe('Client');
  await page.keyboard.type('no such client!');
  await page.keyboard.press('Enter');
  await page.getByText('No client goes by that. Take one from the list, or write its id.').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await field.fill('acme');
  await page.keyboard.press('Enter');
  await page.waitForURL(/client=acme/);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESKLIST-1] an address with a client or an agent shows both, and a file has what they select', async () => {
  const { page } = await openAs('auditor', '/payments?client=globex&agent=ann');
  await page.getByText('No payments match.').waitFor();
  await page.getByRole('button', { name: 'Agent ann ×' }).click();
  await page.getByText('2 payments', { exact: true }).waitFor();
  expect(new URL(page.url()).search).toBe('?client=globex');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /comma-separated/ }).press('Enter'),
  ]);
  const rows = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  expect(rows).toHaveLength(3);
  await close(page);
});

test('[DESKLIST-2] a saved view keeps the client', async () => {
  const { page } = await openAs('auditor', '/payments?client=globex');
  await page.getByRole('button', { name: 'Views' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Save this view…' }).press('Enter');
  await page.getByRole('textbox', { name: 'Name' }).fill('Those of Globex');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Client globex ×' }).press('Enter');
  await expect.poll(() => new URL(page.url()).search).toBe('');
  await page.getByRole('button', { name: 'Views' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Those of Globex' }).press('Enter');
  await page.getByText('2 payments', { exact: true }).waitFor();
  expect(new URL(page.url()).search).toBe('?client=globex');
  await close(page);
});

test('[DESKLIST-3] rows far below are read again when something in the list has changed, and are let be while nothing has', async () => {
  const deep = [
    await desk.rest.payment({ payee: 'Deep down', reference: 'D-1' }),
    await desk.rest.payment({ payee: 'Deep down', reference: 'D-2' }),
  ];
  const { page, complaints } = await openAs('clerk', '/payments?sort=createdAt');
  await page.locator('.row-link').first().waitFor();
  const asked: string[] = [];
  page.on('request', (request) => request.url().includes('/rows?') && asked.push(request.url()));
  await page.locator('.table-body').evaluate((element) => element.scrollTo(0, element.scrollHeight));
  const row = (reference: string) => page.locator('.table-row', { hasText: `Deep down · ${reference}` });
  await row('D-2').getByText('Draft').waitFor();
  await page.waitForTimeout(1_000);
  asked.length = 0;
  await page.waitForTimeout(11_000);
  // Now and then they are read anyhow, in case something was not heard; not the same ones twice within this time.
  expect(asked).toEqual([...new Set(asked)]);
  for (const [index, address] of deep.entries()) {
    await desk.rest.send(address, { type: 'CANCEL' });
    await row(`D-${index + 1}`)
      .getByText('Canceled')
      .waitFor();
  }
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESKLOC-8] who reads German sees and writes amounts with a comma, and is asked about a point; the texts stay English', async () => {
  const { page, complaints } = await openAs('clerk', '/payments?q=bulk&sort=title', { locale: 'de-DE' });
  await page.getByText('7.000,00 USD').waitFor();
  await page.getByText('3 payments', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'New payment' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Currency').selectOption('EUR');
  const amount = dialog.getByLabel('Amount');
  await amount.fill('1.25');
  await page.keyboard.press('Enter');
  await dialog.getByText('Write the amount like 1250,00.').waitFor();
  await amount.fill('1.250,5');
  await dialog.getByText('1.250,50 EUR').waitFor();
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESKLOC-8] the sliders and keys of a page run to the right, and a file has its decimals with a point, whatever the reader reads', async () => {
  const { page, complaints } = await openAs('clerk', '/payments?q=bulk&sort=title', { locale: 'ar-EG' });
  await page.getByText('٧٬٠٠٠٫٠٠ USD').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /comma-separated/ }).press('Enter'),
  ]);
  expect(await readFile(await download.path(), 'utf8')).toContain(',7000.00,');
  await page.getByRole('link', { name: 'Bulk One · B-1' }).press('Enter');
  const thumb = page.getByRole('slider', { name: 'Version that is shown' });
  await thumb.press('ArrowLeft');
  await page.waitForURL(/at=1$/);
  expect(complaints).toEqual([]);
  await close(page);
});

test.each([
  [360, true],
  [768, false],
  [1280, true],
  [2560, false],
])('[DESK-7] the list at %i pixels has no barrier and does not run out of the window', async (width, dark) => {
  const { page } = await openAs('clerk', '/payments?q=bulk', { width, dark });
  await page.locator('.row-link').first().waitFor();
  await page.locator('.table-body .box').first().check();
  expect({ barriers: await findBarriers(page), overflows: await overflows(page) }).toEqual({ barriers: [], overflows: false });
  if (process.env['DESK_LOOK'] !== undefined)
    await page.screenshot({ path: `${process.env['DESK_LOOK']}/list-${width}${dark ? '-dark' : ''}.png` });
  await close(page);
});
