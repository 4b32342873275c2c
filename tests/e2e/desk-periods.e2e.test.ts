import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machines } from '../../machines/machines.ts';
import { endOf, monthAfter, monthBefore, monthOf, startOf } from '../../machines/month.ts';
import { launchBrowser } from '../support/browser.ts';
import { mustBeWell, openDesk, WIDTHS } from '../support/desk.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Rest } from '../support/rest.ts';
import { eventually } from '../support/socket-client.ts';
import { trade } from '../support/trade-machine.ts';

let hub: TestHub;
let rest: Rest;
let browser: Browser;
const MONTH = monthBefore(monthOf(Date.now() - 120_000));
const MIDDLE = startOf(MONTH) + 12 * 86_400_000 + 36_000_000;
const NAME = new Date(startOf(MONTH)).toLocaleDateString('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' });

beforeAll(async () => {
  hub = await startTestHub({ console: true, machines: [...machines, trade] });
  rest = new Rest(hub);
  browser = await launchBrowser();
  await rest.create('trade', { id: 'desk', input: {} });
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

const open = (who: string, path: string, options?: { width?: number; dark?: boolean }) => openDesk(hub, browser, who, path, options);

async function traded(currency: string, amount: number, euros: number, effective: number): Promise<void> {
  const legs = [
    { account: 'transit/payments', amount_minor: euros, currency: 'EUR' },
    { account: 'exchange', amount_minor: -euros, currency: 'EUR' },
    { account: 'exchange', amount_minor: amount, currency },
    { account: 'gateway/sandbox', amount_minor: -amount, currency },
  ];
  expect((await rest.send('trade/desk', { type: 'TRADE', legs, effective })).status).toBe(200);
}

const act = (page: Page, name: string) => page.getByRole('group', { name: 'What you can do' }).getByRole('button', { name }).press('Enter');

test('[DESKPER-5] the screen is for those who close the books: they find it by keys, and set a month up', async () => {
  const { page: clerk } = await open('clerk', '/');
  expect(await clerk.getByRole('link', { name: 'Periods' }).count()).toBe(0);
  await clerk.context().close();
  const opened = await open('cfo', '/');
  const { page } = opened;
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await page.waitForURL(/\/hq\/periods$/);
  await page.getByRole('table', { name: 'Months of the ledger' }).getByText('No period yet').waitFor();
  await mustBeWell(opened, 'periods-none');
  await page.getByRole('link', { name: NAME }).press('Enter');
  await page.waitForURL((url) => url.searchParams.get('month') === MONTH);
  await page.getByText(`Nobody has set up a period for ${NAME}.`).waitFor();
  await page.getByRole('button', { name: `Set up ${NAME}` }).press('Enter');
  await page.getByRole('group', { name: 'What you can do' }).getByRole('button', { name: 'Close' }).waitFor();
  await page.context().close();
  const { page: auditor } = await open('auditor', `/periods?month=${monthAfter(MONTH)}`);
  await auditor.getByText('Nobody has set up a period').waitFor();
  expect(await auditor.getByRole('button', { name: /^Set up/ }).count()).toBe(0);
  await auditor.context().close();
});

test('[DESKPER-6] why a month could not be closed stands there in words', async () => {
  await traded('USD', 117_000, 100_000, MIDDLE);
  await traded('USD', -58_500, -48_000, MIDDLE + 86_400_000);
  await traded('GBP', 43_500, 50_000, MIDDLE + 2 * 86_400_000);
  const opened = await open('cfo', `/periods?month=${MONTH}`);
  const { page } = opened;
  await act(page, 'Close');
  await page.getByRole('alert').getByText('A rate is missing that a position is valued by').waitFor();
  await mustBeWell(opened, 'periods-returned');
  await page.context().close();
});

test('[DESKPER-7] one person closes a month, another confirms what stands on the same screen, and a third finds it closed', async () => {
  await rest.send('integration/sandbox_rates', { type: 'ENABLE' }, 'operator');
  await rest.create('rates', { id: 'sandbox', input: { integration: 'sandbox_rates' } }, 'operator');
  await eventually(async () => JSON.stringify((await rest.get('/v1/actors/rates/sandbox', 'cfo')).body).includes('age.fresh'));
  const opened = await open('cfo', `/periods?month=${MONTH}`);
  const { page } = opened;
  await act(page, 'Close');
  const gains = page.getByRole('table', { name: 'Positions and gains by currency' });
  await gains
    .getByText(/sandbox, \d{4}-\d{2}-\d{2}/)
    .first()
    .waitFor();
  await gains.getByRole('row').filter({ hasText: 'USD' }).getByText('20.00').waitFor();
  await page.getByText('another person has to').first().waitFor();
  await mustBeWell(opened, 'periods-proposed');
  await page.context().close();

  const second = await open('approver', `/periods?month=${MONTH}`);
  await second.page.getByText('Closing asked by').waitFor();
  await act(second.page, 'Confirm');
  const dialog = second.page.getByRole('dialog');
  await dialog.getByText('cfo').first().waitFor();
  await mustBeWell(second, 'periods-confirm');
  await dialog.getByRole('button', { name: 'Confirm' }).press('Enter');
  await second.page.getByText('Confirmed by').waitFor();
  await mustBeWell(second, 'periods-closed');
  await second.page.getByRole('link', { name: 'Every account at the end of the month' }).press('Enter');
  await second.page.waitForURL((url) => url.searchParams.get('at') === new Date(endOf(MONTH)).toISOString().slice(0, 10));
  await second.page.getByRole('table', { name: 'Accounts in USD' }).waitFor();
  await second.page.context().close();
  const { page: auditor } = await open('auditor', '/periods');
  await auditor.getByRole('row').filter({ hasText: NAME }).getByText('Closed').waitFor();
  await auditor.getByRole('row').filter({ hasText: NAME }).getByText('20.00 EUR').waitFor();
  await auditor.context().close();
});

test.each(WIDTHS)(
  '[DESKPER-8] at %i pixels, dark: %s, a month with its figures has no barrier and nothing runs out',
  async (width, dark) => {
    const opened = await open('approver', `/periods?month=${MONTH}`, { width, dark });
    await opened.page.getByText('Merkle root of its days').waitFor();
    await mustBeWell(opened, `periods-${width}${dark ? '-dark' : ''}`);
    await opened.page.context().close();
  },
);

test('[DESKPER-9] a closed month is opened again by two people, and says who wanted it and why', async () => {
  const { page } = await open('cfo', `/periods?month=${MONTH}`);
  await act(page, 'Reopen');
  await page.getByRole('dialog').getByLabel('Reason').fill('an invoice was missing');
  await page.getByRole('dialog').getByRole('button', { name: 'Reopen' }).press('Enter');
  await page.getByText('cfo, because: an invoice was missing').waitFor();
  await page.context().close();
  const { page: second } = await open('approver', `/periods?month=${MONTH}`);
  await second.getByText('Reopening asked by').waitFor();
  await act(second, 'Confirm');
  await second.getByRole('dialog').getByRole('button', { name: 'Confirm' }).press('Enter');
  await second.getByRole('group', { name: 'What you can do' }).getByRole('button', { name: 'Close' }).waitFor();
  await second.context().close();
});
