import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { refuseTopics } from '../support/broken-connection.ts';
import { findBarriers, overflows } from '../support/browser.ts';
import { atDesk } from '../support/desk.ts';

const desk = atDesk();

const LOOK = process.env['DESK_LOOK'];

const { open: openAs } = desk;

const close = (page: Page) => page.context().close();

test('[DESK-19] the overview shows money by state, currencies side by side, and leads to the payments of a state by keys', async () => {
  await desk.rest.payment({ amount_minor: 123_456, currency: 'EUR' });
  await desk.rest.payment({ amount_minor: 200_000, currency: 'JPY' });
  const { page, complaints } = await openAs('auditor', '/');
  const money = page.getByRole('region', { name: 'Money by state' });
  await money.getByText('1,234.56 EUR').waitFor();
  await money.getByText('200,000 JPY').waitFor();
  await desk.rest.payment({ amount_minor: 100_000, currency: 'EUR' });
  await money.getByText('2,234.56 EUR').waitFor({ timeout: 20_000 });
  await money.getByRole('link', { name: 'Draft' }).press('Enter');
  await page.waitForURL(/\/hq\/payments\?state=draft/);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-20] the overview draws what the node commits while it commits it', async () => {
  const { page, complaints } = await openAs('auditor', '/');
  const pulse = page.getByRole('region', { name: /^Throughput/ });
  await pulse.locator('canvas').first().waitFor();
  for (let i = 0; i < 20; i++) await desk.rest.payment({ payee: `Beat ${i}` });
  await expect
    .poll(() => pulse.getByRole('img').first().getAttribute('aria-label'), { timeout: 15_000 })
    .toMatch(/lately [1-9]|lately 0\.[1-9]/);
  expect(complaints).toEqual([]);
  await close(page);
});

test.each([
  [360, true],
  [768, false],
  [1280, false],
  [2560, true],
])('[DESK-15] the overview at %i pixels has no barrier and does not run out of the window', async (width, dark) => {
  const { page } = await openAs('auditor', '/', { width, dark });
  await page.locator('.pulse canvas').first().waitFor();
  await page.locator('.money dd').first().waitFor();
  expect({ barriers: await findBarriers(page), overflows: await overflows(page) }).toEqual({ barriers: [], overflows: false });
  if (LOOK !== undefined) await page.screenshot({ path: `${LOOK}/overview-${width}${dark ? '-dark' : ''}.png` });
  await close(page);
});

test('[DESK-35] where the counts of the overview cannot be had it says so instead of showing dots, and by keys they are asked for again', async () => {
  await desk.rest.payment({ payee: 'Counted Ltd' });
  const { page } = await openAs('auditor', '/', { width: 360 });
  const answerAgain = await refuseTopics(page);
  for (const title of ['Payments by state', 'Clients by state']) {
    const counts = page.getByRole('region', { name: title });
    await counts.getByRole('alert').getByText(`${title} cannot be shown`).waitFor();
    expect(await counts.locator('.count').count()).toBe(0);
  }
  expect(await overflows(page)).toBe(false);
  if (LOOK !== undefined) await page.screenshot({ path: `${LOOK}/overview-refused.png`, fullPage: true });
  answerAgain();
  const counts = page.getByRole('region', { name: /^Payments by state/ });
  await counts.getByRole('button', { name: 'Try again' }).press('Enter');
  await counts
    .locator('.count', { hasText: 'Draft' })
    .getByText(/^[1-9]\d*$/)
    .waitFor();
  expect(await counts.getByRole('alert').count()).toBe(0);
  expect(await counts.getByText('·', { exact: true }).count()).toBe(0);
  await close(page);
});
