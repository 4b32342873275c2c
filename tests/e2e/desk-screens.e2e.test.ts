import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers, launchBrowser, openWindow } from '../support/browser.ts';
import { processHub, type ProcessHub } from '../support/process-hub.ts';

/*
 * Pictures of the console over a running demo. They are taken with DOCS_SCREENS=1 alone, because each run makes other ones; without it
 * it is only checked that there is one of each screen, in both themes, and that none is heavy.
 */

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'screens');
const MOST_BYTES = 150_000;
const TAKE = process.env['DOCS_SCREENS'] === '1';
const WINDOW = { width: 1180, height: 760 };

type Shot = {
  readonly name: string;
  readonly who: string;
  readonly path: string;
  readonly until: string;
  readonly height?: number;
  readonly act?: (page: Page) => Promise<void>;
};

const SHOTS: readonly Shot[] = [
  { name: 'overview', who: 'auditor', path: '/', until: '.pulse canvas' },
  { name: 'payments', who: 'clerk', path: '/payments', until: '.row-link', height: 620 },
  {
    name: 'bulk',
    who: 'clerk',
    path: '/payments?state=draft',
    until: '.row-link',
    act: async (page) => {
      for (const key of ['j', 'x', 'j', 'x', 'j', 'x']) await page.keyboard.press(key);
      await page.getByRole('button', { name: 'Act on them…' }).click();
      await page.getByRole('button', { name: 'Submit…' }).click();
      await page.getByRole('button', { name: /^Submit \(/ }).waitFor();
    },
  },
  { name: 'approvals', who: 'approver', path: '/approvals', until: '.whole-hash' },
  { name: 'integrations', who: 'operator', path: '/integrations', until: '.integration .row' },
  { name: 'dead-letters', who: 'operator', path: '/dead-letters', until: '.cause' },
  { name: 'nodes', who: 'operator', path: '/nodes', until: '.partition' },
  { name: 'audit', who: 'auditor', path: '/audit?event=APPROVE', until: '.plain-table' },
  { name: 'operations', who: 'admin', path: '/operations', until: '.proposal' },
  { name: 'people', who: 'admin', path: '/people', until: '.plain-table' },
  {
    name: 'palette',
    who: 'approver',
    path: '/payments',
    until: '.row-link',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('sup');
      await page.waitForTimeout(700);
    },
  },
];

const THEMES = ['light', 'dark'] as const;
const fileOf = (name: string, theme: string): string => join(FOLDER, `${name}-${theme}.png`);

describe.runIf(TAKE)('taking the pictures', () => {
  let dataDir: string;
  let browser: Browser;
  let hub: ProcessHub;

  const tokenOf = async (username: string): Promise<string> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ username, password: 'green-lines' });
    const answer = await fetch(`${hub.url}/v1/auth/token`, { method: 'POST', headers, body });
    return ((await answer.json()) as { accessToken: string }).accessToken;
  };
  const call = async (who: string, path: string, body: object, key?: string): Promise<{ address?: string }> => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await tokenOf(who)}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    return (await (await fetch(hub.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as { address?: string };
  };

  /** Two states that are forced: one is confirmed, one waits. */
  const operate = async (): Promise<void> => {
    const reason = 'The supplier has been paid by hand';
    for (const n of [1, 2]) {
      const input = { client: 'acme', payee: `Lost Letter Press ${n}`, amount_minor: 31_000, currency: 'EUR', reference: `PO-90${n}` };
      const { address } = await call('clerk', '/v1/actors/payment', { input }, `forced-${n}`);
      await call('operator', `/v1/actors/${address}/control`, { action: 'force', state: 'canceled', reason });
      const confirm = { action: 'force', state: 'canceled', confirm: 2, reason: 'Seen on the bank statement' };
      if (n === 1) await call('admin', `/v1/actors/${address}/control`, confirm);
    }
    const asked = { as: { kind: 'person', username: 'acme' }, type: 'payment', reason: 'The customer asks what he can see' };
    await call('auditor', '/v1/see-as', asked);
  };

  beforeAll(async () => {
    await mkdir(FOLDER, { recursive: true });
    dataDir = await mkdtemp(join(tmpdir(), 'screens-'));
    hub = await processHub(dataDir, { HUB_DEMO: '1' });
    await hub.start();
    browser = await launchBrowser();
    // A while of the demo's own traffic, so that there is something to see.
    await new Promise((done) => setTimeout(done, 90_000));
    for (let i = 0; i < 4; i++) {
      const input = {
        client: 'acme',
        payee: `Corner Supplies ${i + 1}`,
        amount_minor: 42_000 + i * 7_777,
        currency: 'EUR',
        reference: `PO-88${i}`,
      };
      const { address = '' } = await call('clerk', '/v1/actors/payment', { input }, `screens-${i}`);
      if (i === 3) continue;
      const still = await call('clerk', '/v1/actors/payment', { input: { ...input, payee: `Paused Parts ${i + 1}` } }, `still-${i}`);
      await call('operator', `/v1/actors/${still.address}/control`, { action: 'pause', reason: 'Supplier asked us to wait' });
      await call('clerk', `/v1/actors/${still.address}/events`, { type: 'SUBMIT' });
      expect(address).not.toBe('');
    }
    await operate();
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await hub?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test.each(SHOTS.flatMap((shot) => THEMES.map((theme) => [shot.name, theme, shot] as const)))(
    '[DESK-30] the picture of %s in the %s theme',
    async (name, theme, { who, path, until, act, height = WINDOW.height }) => {
      const { page, complaints } = await openWindow(browser, { width: WINDOW.width, dark: theme === 'dark' });
      await page.setViewportSize({ width: WINDOW.width, height });
      await page.goto(`${hub.url}/hq${path}`);
      await page.getByLabel('Name').fill(who);
      await page.getByLabel('Password').fill('green-lines');
      await page.keyboard.press('Enter');
      await page.locator(until).first().waitFor({ timeout: 30_000 });
      await page.waitForTimeout(name === 'overview' ? 12_000 : 1_500);
      await act?.(page);
      expect(await findBarriers(page)).toEqual([]);
      await page.screenshot({ path: fileOf(name, theme) });
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );
});

test.each(SHOTS.map(({ name }) => [name]))('[DESK-30] there is a picture of %s in each theme, and none is heavy', async (name) => {
  for (const theme of THEMES) {
    const { size } = await stat(fileOf(name, theme));
    expect(size, `${name}-${theme}`).toBeGreaterThan(10_000);
    expect(size, `${name}-${theme}`).toBeLessThanOrEqual(MOST_BYTES);
  }
});
