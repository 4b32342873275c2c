import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, launchBrowser, overflows } from '../support/browser.ts';
import { openDesk } from '../support/desk.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';
import { Rest } from '../support/rest.ts';

let hub: TestHub;
let rest: Rest;
let browser: Browser;

beforeAll(async () => {
  hub = await startTestHub({ console: true });
  rest = new Rest(hub);
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

const LOOK = process.env['DESK_LOOK'];

const openAs = (who: string, path: string, options?: { width?: number; dark?: boolean }) => openDesk(hub, browser, who, path, options);

const close = (page: Page) => page.context().close();

test('[DESK-19] the overview shows money by state, currencies side by side, and leads to the payments of a state by keys', async () => {
  await rest.payment({ amount_minor: 123_456, currency: 'EUR' });
  await rest.payment({ amount_minor: 200_000, currency: 'JPY' });
  const { page, complaints } = await openAs('auditor', '/');
  const money = page.getByRole('region', { name: 'Money by state' });
  await money.getByText('1,234.56 EUR').waitFor();
  await money.getByText('200,000 JPY').waitFor();
  await rest.payment({ amount_minor: 100_000, currency: 'EUR' });
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
  for (let i = 0; i < 20; i++) await rest.payment({ payee: `Beat ${i}` });
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
