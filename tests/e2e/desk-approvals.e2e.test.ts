import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findBarriers, overflows } from '../support/browser.ts';
import { atDesk } from '../support/desk.ts';

const desk = atDesk();

const LOOK = process.env['DESK_LOOK'];

const { open: openAs } = desk;

async function submitted(payee: string, amount_minor: number): Promise<string> {
  const address = await desk.rest.payment({ payee, amount_minor });
  expect((await desk.rest.send(address, { type: 'SUBMIT' })).status).toBe(200);
  return address;
}

const approvals = async (address: string) =>
  (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['context'] as { approvals: unknown[] };
const shown = (page: Page) => page.locator('.decision [data-field="payee"] dd').textContent();
const close = (page: Page) => page.context().close();

test('[DESK-17] four eyes by keys alone: what is approved is what is shown, and the next one comes into focus', async () => {
  const first = await submitted('First Ltd', 500_000);
  const second = await submitted('Second Ltd', 700_000);
  const third = await submitted('Third Ltd', 900_000);
  const { page, complaints } = await openAs('approver', '/');
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.getByText('3 payments wait for you').waitFor();
  await expect.poll(() => shown(page)).toBe('First Ltd');
  const hash = (await desk.rest.get(`/v1/actors/${first}`, 'clerk')).body['context'] as { payload_hash: string };
  expect((await page.locator('.whole-hash').textContent())?.replaceAll(' ', '')).toBe(hash.payload_hash);
  expect(await findBarriers(page)).toEqual([]);
  await page.keyboard.press('j');
  await expect.poll(() => shown(page)).toBe('Second Ltd');
  await page.keyboard.press('k');
  await expect.poll(() => shown(page)).toBe('First Ltd');
  await page.keyboard.press('a');
  await page.getByRole('dialog').getByText('5,000.00 EUR').waitFor();
  await page.keyboard.press('Enter');
  await expect.poll(() => shown(page)).toBe('Second Ltd');
  expect((await approvals(first)).approvals).toHaveLength(1);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('d');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Reason' }).waitFor();
  await page.keyboard.type('Not ordered');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => shown(page)).toBe('Third Ltd');
  expect((await desk.rest.get(`/v1/actors/${second}`, 'clerk')).body['state']).toEqual(['declined']);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('o');
  await page.waitForURL(`**/hq/${third}`);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-17] what is amended while it is looked at is not approved unseen', async () => {
  const address = await submitted('Amended Ltd', 600_000);
  const { page } = await openAs('approver', '/approvals');
  await expect.poll(() => shown(page)).not.toBe('');
  await page.locator('.queue-item', { hasText: 'Amended Ltd' }).press('Enter');
  await expect.poll(() => shown(page)).toBe('Amended Ltd');
  await page.keyboard.press('a');
  await page.getByRole('dialog').getByText('6,000.00 EUR').waitFor();
  expect((await desk.rest.send(address, { type: 'AMEND', amount_minor: 650_000 })).status).toBe(200);
  await page.getByText('It has been changed since you opened this.').waitFor();
  await page.keyboard.press('Enter');
  expect((await approvals(address)).approvals).toEqual([]);
  await page.getByRole('button', { name: 'Show what it is now' }).press('Enter');
  await page.getByRole('dialog').getByText('6,500.00 EUR').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).press('Enter');
  await expect.poll(async () => (await approvals(address)).approvals).toHaveLength(1);
  await close(page);
});

test.each([
  [360, false],
  [768, true],
  [1280, false],
  [2560, true],
])('[DESK-18] the approvals at %i pixels have no barrier and do not run out of the window', async (width, dark) => {
  await submitted(`Wide ${width}`, 123_456);
  const { page } = await openAs('cfo', '/approvals', { width, dark });
  await page.locator('.whole-hash').waitFor();
  expect({ barriers: await findBarriers(page), overflows: await overflows(page) }).toEqual({ barriers: [], overflows: false });
  if (LOOK !== undefined) await page.screenshot({ path: `${LOOK}/approvals-${width}${dark ? '-dark' : ''}.png` });
  await close(page);
});
