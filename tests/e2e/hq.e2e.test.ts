import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, launchBrowser, openWindow } from '../support/browser.ts';
import { processHub, type ProcessHub } from '../support/process-hub.ts';

const PASSWORD = 'green-lines';

let dataDir: string;
let browser: Browser;
let hub: ProcessHub;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hq-'));
  hub = await processHub(dataDir, { HUB_DEMO: '1' });
  await hub.start();
  browser = await launchBrowser();
  await untilDemo();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The demo's people and clients are there within 8 s of a hub that is ready. */
async function untilDemo(): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    const token = await tokenOf('clerk').catch(() => '');
    const acme = await fetch(`${hub.url}/v1/actors/client/acme`, { headers: { authorization: `Bearer ${token}` } });
    if (acme.ok && ((await acme.json()) as { state: string[] }).state[0] === 'active') return;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error('The demo has no active client after 10 s');
}

async function tokenOf(username: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${hub.url}/v1/auth/token`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

async function openAs(who: string, path: string): Promise<{ page: Page; complaints: string[] }> {
  const opened = await openWindow(browser);
  const { page } = opened;
  await page.goto(hub.url + path);
  await page.getByLabel('Name').fill(who);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  return opened;
}

const here = (page: Page) => page.locator('.station[aria-current="step"]');

/** Creates a payment in the browser and returns its address below `/hq`. */
async function createPayment(page: Page, payee: string, amount: string): Promise<string> {
  await page.getByRole('button', { name: 'New payment' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Client').fill('acme');
  await dialog.getByLabel('Payee').fill(payee);
  await dialog.getByLabel('Amount').fill(amount);
  await dialog.getByLabel('Reference').fill('INV-77');
  await dialog.getByRole('button', { name: 'Create payment' }).click();
  await page.getByRole('heading', { name: `${payee} · INV-77`, level: 1 }).waitFor();
  return new URL(page.url()).pathname;
}

test('[HQ-12] A payment is created, submitted, approved by another person and settled, on both screens, without a reload', async () => {
  const clerk = await openAs('clerk', '/hq/payments');
  const approver = await openAs('approver', '/hq/payments?q=Quillon');
  await approver.page.getByText('No payments match.').waitFor();
  await createPayment(clerk.page, 'Quillon Roofing', '2,500');
  await clerk.page.getByText('2,500.00 EUR').first().waitFor();
  await clerk.page.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect.poll(() => here(clerk.page).textContent()).toContain('Needs approval');
  await approver.page.getByRole('link', { name: /Quillon Roofing/ }).click();
  await approver.page.getByRole('button', { name: 'Approve…' }).click();
  const dialog = approver.page.getByRole('dialog');
  await dialog.getByText('2,500.00 EUR').waitFor();
  await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
  for (const { page } of [clerk, approver]) {
    await expect.poll(() => here(page).textContent(), { timeout: 30_000 }).toContain('Settled');
    await page.locator('.history-row', { hasText: 'Approve' }).getByText('approver').waitFor();
    expect(await findBarriers(page)).toEqual([]);
  }
  expect([...clerk.complaints, ...approver.complaints]).toEqual([]);
  await Promise.all([clerk.page.context().close(), approver.page.context().close()]);
});

test('[HQ-13] What is pressed while the hub is dead is done once when it is back, and the page ends in its state', async () => {
  const { page } = await openAs('clerk', '/hq/payments');
  const path = await createPayment(page, 'Rowan Drains', '3,100');
  await hub.kill();
  await page.getByText('Reconnecting', { exact: true }).waitFor();
  await page.getByText(/You see the state as of/).waitFor();
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await hub.start();
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
  await expect.poll(() => here(page).textContent(), { timeout: 30_000 }).toContain('Needs approval');
  const submits = page.locator('.history-row', { hasText: 'Submit' });
  await submits.first().waitFor();
  expect(await submits.count()).toBe(1);
  expect(new URL(page.url()).pathname).toBe(path);
  await page.context().close();
});

test('[CHART-29] a chart whose library cannot be fetched is told in words, and the page around it stands', async () => {
  const { page } = await openAs('clerk', '/hq/payments');
  await page.route(/\/assets\/canvas-.*\.js$/, (route) => route.abort());
  await createPayment(page, 'Rowan Roofs', '310');
  await page.getByText('The chart could not be drawn here').waitFor();
  await page.getByText('Submit, if needs approval').waitFor();
  await page.getByRole('button', { name: 'Submit', exact: true }).waitFor();
  await page.context().close();
});

test('[HQ-14] Whose rights are taken away stops seeing at once', async () => {
  const { page } = await openAs('reviewer', '/hq/payments');
  await page.locator('.row-link').first().waitFor();
  const accessToken = await tokenOf('admin');
  const answer = await fetch(`${hub.url}/v1/people/reviewer`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ roles: ['reviewer'], disabled: true }),
  });
  expect(answer.status).toBe(200);
  await page.locator('.row-link').first().waitFor({ state: 'detached', timeout: 10_000 });
  await page.getByRole('heading', { name: 'Sign in to HQ' }).waitFor();
  await page.context().close();
});
