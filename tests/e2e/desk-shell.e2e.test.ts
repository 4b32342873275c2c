import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findBarriers, overflows } from '../support/browser.ts';
import { atDesk } from '../support/desk.ts';

const desk = atDesk();

const LOOK = process.env['DESK_LOOK'];

const { open: openAs } = desk;

const close = (page: Page) => page.context().close();

test('[DESK-11] the palette goes to screens, finds actors, and does on the actor of the page what may be done', async () => {
  const address = await desk.rest.payment({ payee: 'Quetzal Airlines', reference: 'Q-1' });
  const { page, complaints } = await openAs('clerk', '/');
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  await field.waitFor();
  await page.keyboard.type('paym');
  await page.getByRole('option', { name: /^Payments/ }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/hq\/payments$/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('quetzal');
  await page.getByRole('option', { name: /Quetzal Airlines/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/hq/${address}`);
  await page.getByRole('heading', { name: 'Quetzal Airlines · Q-1', level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('submit');
  await page.getByRole('option', { name: /^Submit/ }).waitFor();
  await page.keyboard.press('Enter');
  await page
    .getByRole('dialog', { name: /Submit this payment/ })
    .getByRole('button', { name: 'Submit', exact: true })
    .press('Enter');
  await expect.poll(async () => (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['state']).not.toEqual(['draft']);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type(address);
  await page.getByRole('option', { name: `Open ${address}` }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-12] g and a letter go to a screen, ? shows the keys, and letters that are typed stay letters', async () => {
  const { page } = await openAs('clerk', '/');
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForURL(/\/hq\/clients$/);
  await page.getByRole('heading', { name: 'Clients', level: 1 }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  if (LOOK !== undefined) await page.screenshot({ path: `${LOOK}/keys.png` });
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.keyboard.type('g?p');
  expect(await page.getByRole('searchbox').inputValue()).toBe('g?p');
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(page.url()).toContain('/hq/clients');
  await close(page);
});

test('[DESK-13] the theme that is chosen in the palette is the one that is shown, also after a reload', async () => {
  const { page } = await openAs('clerk', '/');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type('theme dark');
  await page.keyboard.press('Enter');
  const ground = () => page.evaluate('getComputedStyle(document.documentElement).colorScheme');
  await expect.poll(ground).toBe('dark');
  await page.reload();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  expect(await ground()).toBe('dark');
  await close(page);
});

test('[DESK-14] the pill says that the network is gone and for how long nothing was live; then that all is live again', async () => {
  const { page } = await openAs('clerk', '/payments');
  await page.getByRole('heading', { name: 'Payments', level: 1 }).waitFor();
  await page.context().setOffline(true);
  await page.getByText('No network', { exact: true }).waitFor({ timeout: 60_000 });
  await page.locator('.pill-since').waitFor();
  await page.context().setOffline(false);
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  await close(page);
});

test.each([
  [360, true],
  [768, false],
  [1280, false],
  [2560, true],
])('[DESK-15] the palette at %i pixels has no barrier and stays in the window', async (width, dark) => {
  const { page, complaints } = await openAs('clerk', '/', { width, dark });
  await page.getByRole('button', { name: 'Search or do' }).press('Enter');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.type('o');
  expect({ barriers: await findBarriers(page), overflows: await overflows(page) }).toEqual({ barriers: [], overflows: false });
  expect(await page.getByRole('dialog').count()).toBe(1);
  expect(complaints).toEqual([]);
  if (LOOK !== undefined) await page.screenshot({ path: `${LOOK}/palette-${width}${dark ? '-dark' : ''}.png` });
  await close(page);
});
