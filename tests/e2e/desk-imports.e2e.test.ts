import { expect, test } from 'vitest';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import { eventually } from '../support/socket-client.ts';

const desk = atDesk();

const row = (n: number, name = `Desk ${n} GmbH`, country = 'Deutschland'): string => `D-${n};${name};${country};d${n}@desk.example;company`;
const csv = (...rows: readonly string[]): Buffer => Buffer.from(['Nr;Name;Country;E-Mail;Kind', ...rows].join('\r\n'));
const FEW = csv(row(1), row(2), row(3, '', 'Nirgendwo'), row(4, '4111 1111 1111 1111'));
const MANY = csv(...Array.from({ length: 1_100 }, (_, n) => row(1_000 + n)));

type Page = Awaited<ReturnType<typeof desk.open>>['page'];

const act = (page: Page, name: string) => page.getByRole('group', { name: 'What you can do' }).getByRole('button', { name }).press('Enter');
const stands = (page: Page, state: string) =>
  page
    .locator('.card', { has: page.locator('#import-title') })
    .getByText(state, { exact: true })
    .first()
    .waitFor();

async function send(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.goto(`${desk.hub.url}/hq/imports`);
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer });
  await page.getByRole('status').filter({ hasText: name }).waitFor();
  await page.getByRole('button', { name: 'Send the file' }).press('Enter');
  await page.waitForURL((url) => url.searchParams.has('import'));
}

test('[DESKIMP-4] a clerk sends a file by keys, sees what each row would come to, runs it, and takes the bad rows home', async () => {
  const opened = await desk.open('clerk', '/');
  const { page } = opened;
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await page.waitForURL(/\/hq\/imports$/);
  await page.getByText('No file has been sent yet.').waitFor();
  await mustBeWell(opened, 'imports-empty');
  await send(page, 'few.csv', FEW);
  await page.getByRole('heading', { name: 'Mapping' }).waitFor();
  // The headings say which column is which, and the one with numbers has the ids.
  expect(await page.getByLabel('Column, Name').inputValue()).toBe('1');
  expect(await page.getByLabel('Id of what is made').inputValue()).toBe('0');
  await mustBeWell(opened, 'imports-mapping');
  await page.getByRole('button', { name: 'Keep this mapping' }).press('Enter');
  await act(page, 'Preview');
  const bad = page.getByRole('table', { name: 'Rows that are not taken, and why' });
  await bad.getByText('Country: The name or the code of a country is expected').waitFor();
  await bad.getByText('Name: This looks like a card number').waitFor();
  await mustBeWell(opened, 'imports-previewed');
  await act(page, 'Start');
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).press('Enter');
  await stands(page, 'Done');
  const fetched = page.waitForEvent('download');
  await page.getByRole('button', { name: 'All bad rows as CSV' }).press('Enter');
  expect((await fetched).suggestedFilename()).toMatch(/bad\.csv$/);
  expect((await desk.rest.get('/v1/actors/client/D-1', 'clerk')).status).toBe(200);
  await mustBeWell(opened, 'imports-done');
  await page.getByRole('link', { name: 'History' }).press('Enter');
  await page.waitForURL(/\/hq\/import\//);
  await page.getByRole('heading', { name: 'few.csv' }).waitFor();
  await mustBeWell(opened, 'imports-actor');
  await page.context().close();
});

test('[DESKIMP-5] a large file waits for another person, who sees the hash of what he agrees to', async () => {
  const clerk = await desk.open('clerk', '/imports');
  await send(clerk.page, 'many.csv', MANY);
  await clerk.page.getByRole('button', { name: 'Keep this mapping' }).press('Enter');
  await act(clerk.page, 'Preview');
  await stands(clerk.page, 'Previewed');
  await act(clerk.page, 'Start');
  await clerk.page.getByRole('dialog').getByRole('button', { name: 'Start' }).press('Enter');
  await stands(clerk.page, 'Proposed');
  const { page } = await desk.open('approver', `/imports${new URL(clerk.page.url()).search}`);
  expect(await page.getByRole('button', { name: 'Choose a file…' }).count()).toBe(0);
  await act(page, 'Approve');
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).press('Enter');
  await stands(page, 'Done');
  await eventually(async () => (await clerk.page.getByText('1,100 of 1,100 rows').count()) > 0);
  await page.context().close();
  await clerk.page.context().close();
});

test('[DESKIMP-6] a file that is no table is refused with the hub’s sentence, and stays chosen', async () => {
  const opened = await desk.open('clerk', '/imports');
  const { page } = opened;
  await page.locator('input[type=file]').setInputFiles({ name: 'none.csv', mimeType: 'text/csv', buffer: Buffer.from('Name\n') });
  await page.getByRole('button', { name: 'Send the file' }).press('Enter');
  await page.getByRole('alert').getByText('The file has no rows below its headings.').waitFor();
  await mustBeWell(opened, 'imports-refused');
  await page.context().close();
});

test.each(WIDTHS)('[DESKIMP-7] at %i pixels, dark: %s, the screen has no barrier and nothing runs out of it', async (width, dark) => {
  const opened = await desk.open('clerk', '/imports', { width, dark });
  const { page } = opened;
  await page.getByRole('button', { name: 'Choose a file…' }).waitFor();
  await mustBeWell(opened, `imports-new-${width}${dark ? '-dark' : ''}`);
  await send(page, `look-${width}.csv`, FEW);
  await page.getByRole('heading', { name: 'Mapping' }).waitFor();
  await mustBeWell(opened, `imports-map-${width}${dark ? '-dark' : ''}`);
  await page.getByRole('link', { name: 'few.csv' }).first().press('Enter');
  await stands(page, 'Done');
  await page.getByRole('table', { name: 'Rows that are not taken, and why' }).waitFor();
  await mustBeWell(opened, `imports-done-${width}${dark ? '-dark' : ''}`);
  await page.context().close();
});
