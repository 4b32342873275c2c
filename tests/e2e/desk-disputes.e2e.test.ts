import { beforeAll, expect, test } from 'vitest';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import { CLIENT } from '../support/rest.ts';
import { eventually } from '../support/socket-client.ts';

const desk = atDesk();
const { open } = desk;

async function until(address: string, said: string): Promise<void> {
  await eventually(async () => JSON.stringify((await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body).includes(said), 20_000);
}

beforeAll(async () => {
  for (const name of ['sandbox', 'sandbox_checks']) await desk.rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await desk.rest.create('client', { id: 'acme', input: CLIENT });
  await desk.rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
  await desk.rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await until('client/acme', '"state":["active"]');
  const input = { client: 'acme', payee: 'Blue Water Ltd', amount_minor: 25_000, currency: 'EUR', reference: 'INV-7' };
  await desk.rest.create('payment', { id: 'paid', input });
  await desk.rest.send('payment/paid', { type: 'SUBMIT' });
  await until('payment/paid', '"settled"');
});

test.each(WIDTHS)('[DESKDISP-2] at %i pixels (dark: %s) the form for a dispute has no barrier, empty and refused', async (width, dark) => {
  const opened = await open('clerk', '/disputes', { width, dark });
  const { page } = opened;
  await page.getByRole('button', { name: 'New dispute' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Due by').fill('2020-01-01');
  await dialog.getByRole('button', { name: 'Create dispute' }).press('Enter');
  await dialog.getByText('Payment is needed.').waitFor();
  await dialog.getByText('This day is over. Enter today or a later day.').waitFor();
  await mustBeWell(opened, `dispute-new-${width}${dark ? '-dark' : ''}`);
  await page.context().close();
});

test('[DESKDISP-2] by keys a clerk records a dispute from a settled payment, and sees it on the payment’s page and in the list', async () => {
  const auditor = await open('auditor', '/payment/paid');
  await auditor.page.getByRole('button', { name: 'Receipt' }).waitFor();
  expect(await auditor.page.getByRole('button', { name: 'Record a dispute…' }).count()).toBe(0);
  await auditor.page.context().close();
  const opened = await open('clerk', '/payment/paid');
  const { page } = opened;
  await page.getByRole('button', { name: 'Record a dispute…' }).press('Enter');
  const dialog = page.getByRole('dialog');
  for (const [label, text] of [
    ['Payment', 'paid'],
    ['Client', 'acme'],
    ['Amount', '250.00'],
    ['Currency', 'EUR'],
    ['Gateway', 'sandbox'],
  ] as const)
    expect(await dialog.getByLabel(label).inputValue()).toBe(text);
  await dialog.getByLabel('Reason').press('f');
  await page.keyboard.type('raudulent');
  await dialog.getByLabel('Due by').fill('2099-12-31');
  await dialog.getByRole('radio', { name: 'Chargeback' }).press('Space');
  await mustBeWell(opened, 'dispute-from-payment');
  await dialog.getByRole('button', { name: 'Create dispute' }).press('Enter');
  await page.waitForURL(/\/hq\/dispute\/[\w-]+$/);
  const address = new URL(page.url()).pathname.replace('/hq/', '');
  const { body } = await desk.rest.get(`/v1/actors/${address}`, 'clerk');
  expect(body['context']).toMatchObject({ payment: 'paid', amount_minor: 25_000, due_by: Date.UTC(2099, 11, 31, 23, 59, 59, 999) });
  await page.goBack();
  await page.locator(`a[href$="/hq/${address}"]`).first().waitFor();
  // All of it is disputed now.
  expect(await page.getByRole('button', { name: 'Record a dispute…' }).count()).toBe(0);
  await mustBeWell(opened, 'dispute-on-payment');
  await page.goto(page.url().replace(/\/hq\/.*/, '/hq/disputes'));
  await page.getByText('250.00 EUR').first().waitFor();
  await mustBeWell(opened, 'dispute-in-list');
  await page.context().close();
});
