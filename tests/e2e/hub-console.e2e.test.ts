import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, openWindow } from '../support/browser.ts';
import { startTestHub } from '../support/hub.ts';
import type { TestHub } from '../support/hub.ts';
import { Rest } from '../support/rest.ts';

let hub: TestHub;
let browser: Browser;

beforeAll(async () => {
  hub = await startTestHub({ console: true });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

test('[API-27] the hub serves the console: its way in, its deep links, and its files for as long as they are good', async () => {
  const way = await fetch(`${hub.url}/`);
  const page = await way.text();
  expect([way.status, way.url]).toEqual([200, `${hub.url}/hq/`]);
  const script = /<script[^>]+src="(\/hq\/assets\/[^"]+)"/.exec(page)?.[1] ?? '';
  const file = await fetch(hub.url + script);
  expect([file.status, file.headers.get('content-type'), file.headers.get('cache-control')]).toEqual([
    200,
    'application/javascript; charset=utf-8',
    'public, max-age=31536000, immutable',
  ]);
  for (const path of ['/hq', '/hq/payments', '/hq/payment/pay_1?at=3']) expect(await (await fetch(hub.url + path)).text()).toBe(page);
  expect((await fetch(`${hub.url}/hq/payments`)).headers.get('cache-control')).toBe('public, max-age=0');
  for (const path of [
    '/hq/assets/none.js',
    '/hq/..%2f..%2fpackage.json',
    '/hq/%2e%2e/%2e%2e/package.json',
    '/hq/assets/..%5c..%5cbuild.ts',
  ]) {
    expect((await fetch(hub.url + path)).status, path).toBeGreaterThanOrEqual(400);
  }
});

test('[API-27] a clerk signs in, sees a payment that was made over REST, and the content policy has nothing to refuse', async () => {
  const address = await new Rest(hub).payment({ payee: 'Real Hub Ltd' });
  const { page, complaints } = await openWindow(browser);
  await page.goto(`${hub.url}/hq/`);
  await page.getByRole('button', { name: 'clerk' }).first().click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.goto(`${hub.url}/hq/${address}`);
  await page.getByText('Real Hub Ltd').first().waitFor();
  await page.goto(`${hub.url}/docs/`);
  await page.getByText('Create a payment').first().waitFor();
  expect(complaints).toEqual([]);
  await page.context().close();
});
