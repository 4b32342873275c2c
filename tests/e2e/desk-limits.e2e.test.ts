import { beforeAll, expect, test } from 'vitest';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import { CLIENT } from '../support/rest.ts';

const desk = atDesk();
const { open } = desk;

beforeAll(async () => {
  for (const id of ['acme', 'globex']) await desk.rest.create('client', { id, input: { ...CLIENT, name: `Client ${id}` } });
});

test.each(WIDTHS)('[DESKLIM-2] a client without limits at %i pixels (dark: %s) says so, without a barrier', async (width, dark) => {
  const opened = await open('auditor', '/client/acme', { width, dark });
  const card = opened.page.getByRole('region', { name: 'Limits', exact: true });
  await card.getByText('No limits are set for this client').waitFor();
  // Whoever may not set them is told who may, and gets no button.
  await card.getByText('A clerk or a CFO sets them.').waitFor();
  expect(await card.getByRole('button').count()).toBe(0);
  await mustBeWell(opened, `client-no-limits-${width}${dark ? '-dark' : ''}`);
  await opened.page.context().close();
});

test('[DESKLIM-3] by keys a clerk sets the limits of a client from his page, under the name by which his payments ask for them', async () => {
  const watching = await open('auditor', '/client/acme');
  const { page, complaints } = await open('clerk', '/client/acme');
  await page.getByRole('button', { name: 'Set limits…' }).press('Enter');
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('Client').inputValue()).toBe('acme');
  await dialog.getByRole('button', { name: 'Create limit' }).press('Enter');
  await page.waitForURL(/\/hq\/limit\/acme$/);
  await desk.rest.send('limit/acme', { type: 'SET', per_payment_major: 5_000, per_day_count: 40 }, 'cfo');
  await page.getByText('Per payment', { exact: true }).waitFor();
  await page.goBack();
  for (const one of [page, watching.page]) {
    const card = one.getByRole('region', { name: 'Limits', exact: true });
    await card.getByText('5,000 of each currency').waitFor();
    await card.getByText('0 of 40').waitFor();
    await card.getByRole('link', { name: 'All of its limits' }).waitFor();
    expect(await card.getByText('No limits are set').count()).toBe(0);
  }
  await mustBeWell({ page, complaints }, 'client-limits');
  await watching.page.context().close();
  await page.context().close();
});

test('[DESKLIM-4] limits that are made from their list are those of the client that is entered, once', async () => {
  const { page } = await open('cfo', '/limits');
  const make = async (): Promise<void> => {
    await page.getByRole('button', { name: 'New limit' }).press('Enter');
    await page.getByRole('dialog').getByLabel('Client').fill('globex');
    await page.getByRole('dialog').getByRole('button', { name: 'Create limit' }).press('Enter');
  };
  await make();
  await page.waitForURL(/\/hq\/limit\/globex$/);
  await page.goBack();
  await make();
  await page.getByRole('dialog').getByText('There is an actor with this address already.').waitFor();
  await page.context().close();
});

test('[DESK-37] the list of accounts shows whose each is and what is available there as money, whole at every width', async () => {
  await desk.rest.create('account', { input: { client: 'acme', name: 'Acme, dollars for a rainy day', currency: 'USD' } });
  for (const [width, dark] of WIDTHS) {
    const opened = await open('clerk', '/accounts', { width, dark });
    const available = opened.page.locator('.table-body [data-column="amount"]').first();
    await available.waitFor();
    expect(await available.innerText()).toBe('0.00 USD');
    expect(await available.evaluate((one) => one.scrollWidth <= one.clientWidth)).toBe(true);
    await mustBeWell(opened, `accounts-${width}${dark ? '-dark' : ''}`);
    await opened.page.context().close();
  }
});
