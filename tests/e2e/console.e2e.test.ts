import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildConsole } from '../../clients/build.ts';
import { findBarriers, launchBrowser, openWindow, overflows } from '../support/browser.ts';
import { makeScene, PASSWORD } from '../support/console-scene.ts';
import type { FakeHub } from '../support/fake-hub.ts';

let assets: string;
let browser: Browser;
let hub: FakeHub;
let url: string;

beforeAll(async () => {
  assets = await mkdtemp(join(tmpdir(), 'console-'));
  await buildConsole({ outDir: assets });
  browser = await launchBrowser();
  ({ hub, url } = await makeScene(assets, 250));
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
  await rm(assets, { recursive: true, force: true });
});

async function openAs(
  who: string,
  path: string,
  options: { width?: number; dark?: boolean; base?: string } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const opened = await openWindow(browser, options);
  await opened.page.goto((options.base ?? url) + path);
  await opened.page.getByRole('button', { name: who, exact: false }).first().click();
  await opened.page.getByRole('navigation', { name: 'Main' }).waitFor();
  return opened;
}

const close = (page: Page) => page.context().close();

describe('every screen', () => {
  const screens = [
    '/hq/',
    '/hq/payments',
    '/hq/clients',
    '/hq/integrations',
    '/hq/payment/pay_1001',
    '/hq/payment/pay_1006',
    '/hq/client/hooli',
    '/hq/integration/northbank',
    '/hq/payment/pay_1005?at=3',
    '/hq/payment/none',
    '/hq/no/such/page',
  ];

  test.each([
    ['wide and light', { width: 1440 }],
    ['narrow and dark', { width: 390, dark: true }],
  ])('[HQ-3] No screen, %s, has a serious barrier, runs out of the window or breaks the content policy', async (_what, options) => {
    const { page, complaints } = await openAs('approver', '/hq/', options);
    for (const path of screens) {
      await page.goto(url + path);
      await page.locator('h1').waitFor();
      await page.waitForTimeout(400);
      expect({ path, barriers: await findBarriers(page), overflows: await overflows(page) }).toEqual({
        path,
        barriers: [],
        overflows: false,
      });
    }
    expect(complaints).toEqual([]);
    await close(page);
  });

  test('[HQ-3] Neither an empty hub nor one that fails makes a screen that says nothing', async () => {
    const empty = await makeScene(assets, 0);
    const { page } = await openAs('clerk', '/hq/payments', { base: empty.url });
    await page.getByText('There are no payments yet.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    empty.hub.failing = { status: 503, code: 'not_ready', detail: 'The hub is not ready.' };
    await page.goto(`${empty.url}/hq/clients`);
    await page.getByText('The hub is not ready.').waitFor();
    await page.getByText('not_ready').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    empty.hub.failing = undefined;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('There are no clients yet.').waitFor();
    await close(page);
    await empty.hub.stop();
  });
});

describe('signing in and out', () => {
  test('[HQ-4] A wrong password is answered with the sentence and the code; the right one leads to the page that was asked for', async () => {
    const { page } = await openWindow(browser);
    await page.goto(`${url}/hq/payments?state=draft`);
    await page.getByLabel('Name').fill('clerk');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('The name or the password is wrong.').waitFor();
    await page.getByText('bad_credentials').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Payments', level: 1 }).waitFor();
    expect(new URL(page.url()).search).toBe('?state=draft');
    await close(page);
  });

  test('[HQ-4] After signing out nothing of what was seen is left, in any tab', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    await page.getByText('INV-2026-4100').first().waitFor();
    const second = await page.context().newPage();
    await second.goto(`${url}/hq/payments`);
    await second.getByText('INV-2026-4100').first().waitFor();
    await page.getByRole('button', { name: 'account menu' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    for (const tab of [page, second]) {
      await tab.getByRole('heading', { name: 'Sign in to HQ' }).waitFor();
      expect(await tab.content()).not.toContain('INV-2026-4100');
      expect(await tab.evaluate('localStorage.getItem("green-lines.tokens")')).toBeNull();
    }
    await close(page);
  });
});

describe('lists', () => {
  test('[HQ-5] A list follows the hub by itself, and what is asked for stands in the address', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    await page.getByRole('button', { name: 'Settled', exact: true }).click();
    await page.waitForURL(/state=settled/);
    await page.getByRole('link', { name: /INV-2026-4105/ }).waitFor();
    hub.change('payment/pay_1005', 'X', 'clerk', { state: ['failed'] });
    await page.getByRole('link', { name: /INV-2026-4105/ }).waitFor({ state: 'detached' });
    hub.change('payment/pay_1005', 'X', 'clerk', { state: ['settled.idle'] });
    await page.getByRole('link', { name: /INV-2026-4105/ }).waitFor();
    await close(page);
  });

  test('[HQ-5] `/` goes to the search, arrow keys go from row to row', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    await page.getByRole('link', { name: /INV-2026-4100/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('harbour');
    await page.waitForURL(/q=harbour/);
    await page.getByRole('link', { name: /INV-2026-4100/ }).waitFor({ state: 'detached' });
    const rows = page.getByRole('link', { name: /Harbour/ });
    await rows.first().focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe(await rows.nth(1).textContent());
    await close(page);
  });

  test('[HQ-6] Only the rows in sight of a long list exist, and the end brings more', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    await page.getByRole('link', { name: /INV-2026-4100/ }).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    const body = page.locator('.table-body');
    await expect
      .poll(
        async () => {
          await body.evaluate((element) => element.scrollTo(0, element.scrollHeight));
          return page.getByRole('link', { name: /INV-2026-4349/ }).count();
        },
        { timeout: 10_000 },
      )
      .toBe(1);
    await close(page);
  });

  test('[HQ-6] Who comes back to a list finds the place that he left; a new page begins at its beginning', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    await page.getByRole('link', { name: /INV-2026-4100/ }).waitFor();
    const body = page.locator('.table-body');
    await body.evaluate((element) => element.scrollTo(0, 2_000));
    await page.getByRole('link', { name: /INV-2026-4150/ }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    expect(await page.evaluate('[document.querySelector(".content").scrollTop, document.activeElement.id]')).toEqual([0, 'content']);
    await page.goBack();
    await expect.poll(() => body.evaluate((element) => element.scrollTop)).toBe(2_000);
    await close(page);
  });

  test('[HQ-6] A list that is held still does not move, and counts what changes meanwhile', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    await page.getByRole('link', { name: /INV-2026-4100/ }).waitFor();
    const first = await page.getByRole('row').nth(1).textContent();
    await page.getByRole('button', { name: 'Hold still' }).click();
    hub.change('payment/pay_1060', 'X', 'clerk', {});
    await page.getByRole('button', { name: '1 update — apply' }).waitFor();
    expect(await page.getByRole('row').nth(1).textContent()).toBe(first);
    await close(page);
  });
});

describe('an actor', () => {
  test('[HQ-7] Its page shows the way it has gone, its journal, and any version as it was', async () => {
    const { page } = await openAs('auditor', '/hq/payment/pay_1016');
    await expect.poll(() => page.locator('.station[aria-current="step"]').textContent()).toContain('Settled');
    await page.getByRole('link', { name: 'Version 2, as it was' }).click();
    await page.getByText('As it was at version 2').waitFor();
    await expect.poll(() => page.locator('.station[aria-current="step"]').textContent()).toContain('Needs approval');
    await page.getByRole('link', { name: 'Back to now' }).click();
    await expect.poll(() => page.locator('.station[aria-current="step"]').textContent()).toContain('Settled');
    await close(page);
  });

  test('[HQ-8] A refused action can be reached by the keyboard and says why', async () => {
    const { page } = await openAs('approver', '/hq/payment/pay_1012');
    const amend = page.getByRole('button', { name: 'Amend' });
    await amend.focus();
    expect(await amend.getAttribute('aria-disabled')).toBe('true');
    const why = await amend.getAttribute('aria-describedby');
    expect(await page.locator(`[id="${why}"]`).textContent()).toBe('Your role may not do this.');
    await close(page);
  });

  test('[HQ-9] An approval shows what is approved and sends the hash of exactly that', async () => {
    const { page } = await openAs('approver', '/hq/payment/pay_1023');
    await page.getByRole('button', { name: 'Approve…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Harbour Foods').waitFor();
    await dialog.getByText('194.482 KWD').waitFor();
    const { context } = hub.actors.get('payment/pay_1023')?.view ?? { context: {} };
    hub.change('payment/pay_1023', 'AMEND', 'clerk', { context: { ...context, amount_minor: 999_000, payload_hash: 'ee'.repeat(32) } });
    await dialog.getByText('It has been changed since you opened this.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Approve', exact: true }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Show what it is now' }).click();
    await dialog.getByText('999.000 KWD').waitFor();
    await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
    await expect.poll(() => page.locator('.station[aria-current="step"]').textContent()).toContain('Authorizing');
    await close(page);
  });

  test('[HQ-9] A refusal is shown with its sentence and code, and what was typed stays', async () => {
    const { page } = await openAs('approver', '/hq/payment/pay_1034');
    await page.getByRole('button', { name: 'Deny…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Deny', exact: true }).click();
    await dialog.getByText('Reason is needed.').waitFor();
    await dialog.getByLabel('Reason').fill('refuse me');
    await dialog.getByRole('button', { name: 'Deny', exact: true }).click();
    await dialog.getByText('The person who made it may not approve it.').waitFor();
    await dialog.getByText('four_eyes').waitFor();
    expect(await dialog.getByLabel('Reason').inputValue()).toBe('refuse me');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await close(page);
  });
});

describe('creating', () => {
  test('[HQ-10] One dialog is one creation: wrong fields are named, a refusal stays, and its key never changes', async () => {
    const { page } = await openAs('clerk', '/hq/payments');
    const keys: (string | undefined)[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/v1/actors/payment')) keys.push(request.headers()['idempotency-key']);
    });
    await page.getByRole('button', { name: 'New payment' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Client').fill('acme');
    await dialog.getByLabel('Payee').fill('Nobody');
    await dialog.getByLabel('Reference').fill('INV-1');
    await dialog.getByLabel('Amount').fill('1,25');
    await dialog.getByRole('button', { name: 'Create payment' }).click();
    await dialog.getByText('Write the amount like 1250.00.').waitFor();
    await dialog.getByLabel('Amount').fill('1,250.5');
    await dialog.getByText('1,250.50 EUR').waitFor();
    await dialog.getByRole('button', { name: 'Create payment' }).click();
    await dialog.getByText('client_not_active').waitFor();
    await dialog.getByLabel('Payee').fill('Somebody');
    await dialog.getByRole('button', { name: 'Create payment' }).click();
    await page.getByRole('heading', { name: /Somebody/, level: 1 }).waitFor();
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    await close(page);
  });
});

describe('the connection', () => {
  test('[HQ-11] While the hub is away the console says so and of when its state is; when it is back it catches up by itself', async () => {
    const own = await makeScene(assets, 30);
    const { page } = await openAs('approver', '/hq/payment/pay_1001', { base: own.url });
    await page.getByText('Needs approval').first().waitFor();
    const port = Number(new URL(own.url).port);
    await own.hub.stop();
    await page.getByText(/You see the state as of \d\d:\d\d:\d\d\./).waitFor();
    await page.getByText('Reconnecting', { exact: true }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    const back = await makeScene(assets, 30, port);
    back.hub.change('payment/pay_1001', 'DENY', 'cfo', { state: ['declined'] });
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
    await expect.poll(() => page.locator('.station[aria-current="step"]').textContent()).toContain('Declined');
    await close(page);
    await back.hub.stop();
  });

  test('[HQ-11] Lost and repeated frames leave the page in the hub state', async () => {
    const { page } = await openAs('cfo', '/hq/payment/pay_1045');
    await page.getByRole('heading', { level: 1 }).waitFor();
    const at = new Date().toISOString();
    const base = hub.actors.get('payment/pay_1045')?.view.version ?? 0;
    hub.send('payment/pay_1045', (sub) => ({
      kind: 'patch',
      sub,
      base: base + 4,
      version: base + 5,
      ops: [],
      state: ['failed'],
      updatedAt: at,
      cause: { event: 'X', by: 'x', at },
    }));
    hub.change('payment/pay_1045', 'X', 'cfo', { state: ['canceled'] });
    await expect.poll(() => page.locator('.station[aria-current="step"]').textContent()).toContain('Canceled');
    await close(page);
  });
});
