import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { ChartScene, tabTo, takePicture } from '../support/chart-scene.ts';
import { mustBeWell, openDesk, WIDTHS } from '../support/desk.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let scene: ChartScene;
let browser: Browser;
let waiting: string;

beforeAll(async () => {
  hub = await startTestHub({ console: true });
  scene = new ChartScene(hub);
  browser = await launchBrowser();
  await scene.open();
  await scene.submitted({ payee: 'Board One' }, 'settled');
  await scene.submitted({ payee: 'Board Two' }, 'settled');
  await scene.submitted({ payee: 'Board Three', reference: 'INV 3 sandbox:decline' }, 'declined');
  waiting = await scene.submitted({ payee: 'Board Four', amount_minor: 250_000 }, 'needs_approval');
  await scene.submitted({ payee: 'Board Five', amount_minor: 350_000 }, 'needs_approval');
  await scene.rest.payment({ payee: 'Board Six' });
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

const open = (who: string, path: string, options?: { width?: number; dark?: boolean }) => openDesk(hub, browser, who, path, options);
const state = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
/** Drawn: the library is there, and so is the layout. */
const drawn = (page: Page) => page.locator('.chart-frame .chart-state').first().waitFor();

describe('the board', () => {
  test('[CHART-15] by keys: the first machine is drawn with what stands where, and a state leads to its list', async () => {
    const { page, complaints } = await open('clerk', '/board');
    await page.waitForURL(/\/board\/payment$/);
    await drawn(page);
    await state(page, 'Needs approval, 2 payments').waitFor();
    await state(page, 'Settled, 2 payments').waitFor();
    await state(page, 'Draft, 1 payment').waitFor();
    await tabTo(page, /^Needs approval, 2 payments$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/payments\?state=needs_approval$/);
    await page.getByRole('link', { name: /Board Four/ }).waitFor();
    expect(await page.getByRole('link', { name: /Board One/ }).count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('[CHART-15] counts and flow follow what happens, without a reload', async () => {
    const { page } = await open('auditor', '/board/payment');
    await drawn(page);
    await state(page, 'Needs approval, 2 payments').waitFor();
    const approved = page.locator('.chart-line', { hasText: /^Approve\b/ }).first();
    expect(await approved.getAttribute('data-gone')).toBeNull();
    await scene.approve(waiting);
    await scene.until(waiting, 'settled');
    await state(page, 'Needs approval, 1 payment').waitFor({ timeout: 20_000 });
    await state(page, 'Settled, 3 payments').waitFor();
    await expect.poll(() => approved.getAttribute('data-gone')).toBe('true');
    await page.context().close();
  });

  test('[CHART-15] while nobody looks at the page nothing is asked for', async () => {
    const { page } = await open('clerk', '/board/payment');
    await drawn(page);
    const asked: string[] = [];
    page.on('request', (request) => void (request.url().includes('/figures') && asked.push(request.url())));
    await page.evaluate("Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })");
    await scene.rest.payment({ payee: 'Unseen' });
    await page.waitForTimeout(4_000);
    expect(asked).toEqual([]);
    await page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))");
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    await page.context().close();
  });

  test('[CHART-16] plus and minus zoom, arrows move, 0 shows all of it, and what is folded is unfolded by keys', async () => {
    const { page } = await open('clerk', '/board/payment');
    await drawn(page);
    const view = async (): Promise<number[]> => {
      const style = await page.locator('.react-flow__viewport').getAttribute('style');
      return [...(/translate\(([-\d.]+)px, ?([-\d.]+)px\) scale\(([\d.]+)\)/.exec(style ?? '')?.slice(1) ?? [])].map(Number);
    };
    await tabTo(page, /^Draft, /);
    await page.waitForTimeout(300);
    const before = await view();
    await page.keyboard.press('+');
    await expect.poll(async () => (await view())[2]).toBeGreaterThan((before[2] ?? 0) * 1.2);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('-');
    await page.keyboard.press('0');
    // All of it: what was too small to be read at first is smaller now.
    await expect.poll(async () => (await view())[2]).toBeLessThan((before[2] ?? 0) + 0.02);
    expect(await page.locator('.chart-box').count()).toBe(0);
    await tabTo(page, /^Show what is within Authorizing$/);
    await page.keyboard.press('Enter');
    await state(page, /^Authorizing › calling, 0/).waitFor();
    await page.getByRole('button', { name: 'Hide what is within Authorizing' }).press('Enter');
    await page.locator('.chart-box').first().waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('[CHART-16] the same is told in words, for ears and for narrow screens', async () => {
    const { page } = await open('clerk', '/board/payment');
    await page.getByRole('button', { name: 'In words' }).press('Enter');
    const words = page.locator('.chart-text');
    await words.getByText('Approve, if completes approval → Approved').waitFor();
    await words.getByText('passed through at once').first().waitFor();
    await words.getByRole('button', { name: 'Declined', exact: true }).press('Enter');
    await page.waitForURL(/state=declined$/);
    const narrow = await open('clerk', '/board/payment', { width: 360 });
    await narrow.page.locator('.chart-text').getByText('begins here').first().waitFor();
    expect(await narrow.page.locator('.chart-frame').count()).toBe(0);
    await Promise.all([page.context().close(), narrow.page.context().close()]);
  });

  test('[CHART-17] what is stuck is listed with why and leads to the actor', async () => {
    const address = await scene.rest.payment({ payee: 'Stands Still' });
    const paused = await scene.rest.call('POST', `/v1/actors/${address}/control`, {
      as: 'operator',
      body: { action: 'pause', reason: 'looking' },
    });
    expect(paused.status).toBe(200);
    await hub.hub.store
      .database()
      .query('two_hours_ago', 'update actor set updated_at = updated_at - 7200000 where address = $1', [address]);
    const { page } = await open('operator', '/board/payment?stuck=3600000');
    const row = page.getByRole('listitem').filter({ hasText: 'Stands Still' });
    await row.getByText('not moved for 2 h, stands still until somebody lets it go on').waitFor();
    await page.getByLabel('Not moved for').selectOption('1 day');
    await page.getByText('Nothing stands still that should move.').waitFor();
    expect(new URL(page.url()).search).toBe('?stuck=86400000');
    await page.getByLabel('Not moved for').selectOption('1 h');
    await row.getByRole('link').press('Enter');
    await page.waitForURL(new RegExp(`/${address}$`));
    await page.context().close();
  });

  test('[CHART-18] figures that cannot be had are said to be so, what is shown stays, and it can be tried again', async () => {
    const { page } = await open('clerk', '/board/client');
    await drawn(page);
    await state(page, 'Active, 1 client').waitFor();
    await page.route('**/figures*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: '{"code":"not_ready","detail":"The hub is not ready."}',
      }),
    );
    await scene.rest.create('client', { id: 'late', input: { name: 'Late', country: 'DE', email: 'l@late.example', kind: 'company' } });
    await page.getByText('The figures cannot be shown').waitFor();
    await page.getByText(/These figures are as of \d\d:\d\d:\d\d\./).waitFor();
    await state(page, 'Active, 1 client').waitFor();
    await page.unroute('**/figures*');
    await page.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByText('The figures cannot be shown').waitFor({ state: 'detached' });
    await page.goto(`${hub.url}/hq/board/none`);
    await page.getByText('There is no such machine.').waitFor();
    await page.context().close();
  });

  test('[CHART-18] where no worker can lay it out, the chart is told in words', async () => {
    const { page } = await open('clerk', '/payments');
    await page.route('**/elk-worker*', (route) => route.abort());
    await page.goto(`${hub.url}/hq/board/payment`);
    await page.getByText('The chart could not be drawn here; this is the same in words.').waitFor({ timeout: 20_000 });
    await page.locator('.chart-text').getByText('begins here').first().waitFor();
    await page.context().close();
  });

  test('[CHART-19] neither the drawing library nor the layout is fetched before a chart is to be drawn', async () => {
    const { page } = await open('clerk', '/');
    const fetched: string[] = [];
    page.on('request', (request) => fetched.push(request.url()));
    await page.reload();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.waitForTimeout(1_000);
    expect(fetched.filter((url) => /canvas-|elk-/.test(url))).toEqual([]);
    await page.goto(`${hub.url}/hq/board/payment`);
    await drawn(page);
    expect(fetched.some((url) => /elk-worker/.test(url))).toBe(true);
    // Laid out once: who comes back has it from this tab.
    fetched.length = 0;
    await page.reload();
    await drawn(page);
    expect(fetched.filter((url) => /elk-worker/.test(url))).toEqual([]);
    await page.context().close();
  });
});

describe('the look of the board', () => {
  beforeAll(() => scene.crowd());

  test.each(WIDTHS)(
    '[CHART-20] at %i pixels, dark: %s, there is no barrier, nothing runs out, and the policy has nothing to refuse',
    async (width, dark) => {
      const opened = await open('operator', '/board/payment', { width, dark });
      const { page } = opened;
      for (const type of [
        'payment',
        'client',
        'account',
        'limit',
        'dispute',
        'integration',
        'period',
        'import',
        'binding',
        'bill',
        'booking',
        'feed',
      ]) {
        await page.goto(`${hub.url}/hq/board/${type}`);
        await (width < 1000 ? page.locator('.chart-text').waitFor() : drawn(page));
        await page.waitForTimeout(600);
        await mustBeWell(opened, `board-${type}-${width}${dark ? '-dark' : ''}`);
        await takePicture(page, `board-${type}-${width}${dark ? '-dark' : ''}`);
      }
      await page.context().close();
    },
  );
});
