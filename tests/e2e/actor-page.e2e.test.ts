import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, openWindow } from '../support/browser.ts';
import { ChartScene, tabTo, takePicture } from '../support/chart-scene.ts';
import { mustBeWell, openDesk, signIn, WIDTHS } from '../support/desk.ts';
import { startTestHub, type TestHub } from '../support/hub.ts';

let hub: TestHub;
let scene: ChartScene;
let browser: Browser;
/** A payment that was approved and has settled, and its newest version. */
let settled: string;
let newest: number;
let waiting: string;

beforeAll(async () => {
  hub = await startTestHub({ console: true });
  scene = new ChartScene(hub);
  browser = await launchBrowser();
  await scene.open();
  settled = await scene.submitted({ payee: 'Fenwick Fire Protection', amount_minor: 250_000, reference: 'INV-2026-7' }, 'needs_approval');
  await scene.approve(settled);
  await scene.until(settled, 'settled');
  newest = Number((await scene.rest.get(`/v1/actors/${settled}`, 'clerk')).body['version']);
  waiting = await scene.submitted({ payee: 'Hollis & Sons', amount_minor: 350_000 }, 'needs_approval');
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

const open = (who: string, path: string, options?: { width?: number; dark?: boolean }) => openDesk(hub, browser, who, path, options);
const PATIENCE = { timeout: 20_000 };
const here = (page: Page) => page.locator('.station[aria-current="step"]');
const lit = (page: Page) => page.locator('.chart-state[data-lit]');
const search = (page: Page): string => new URL(page.url()).search;

describe('the chart of an actor', () => {
  test('[CHART-21] where it stands is lit, together with the way that it came last, and follows it', async () => {
    const address = await scene.submitted({ payee: 'Followed', amount_minor: 450_000 }, 'needs_approval');
    const { page, complaints } = await open('clerk', `/${address}`);
    await expect.poll(() => lit(page).textContent(), PATIENCE).toContain('Needs approval');
    await page.locator('.chart-line[data-taken]', { hasText: 'Submit' }).first().waitFor({ state: 'attached' });
    await scene.approve(address);
    await expect.poll(() => lit(page).textContent(), PATIENCE).toContain('Settled');
    await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Settled');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('[CHART-21] a past version lights where it stood then', async () => {
    const { page } = await open('auditor', `/${settled}?at=2`);
    await expect.poll(() => lit(page).textContent(), PATIENCE).toContain('Needs approval');
    expect(await page.locator('.chart-line[data-taken]').count()).toBe(1);
    await page.context().close();
  });
});

describe('the time slider', () => {
  const thumb = (page: Page) => page.getByRole('slider', { name: 'Version that is shown' });

  test('[CHART-22] by keys: one back, to the beginning, to the end; the address says which version it is, and n goes back to now', async () => {
    const { page, complaints } = await open('auditor', `/${settled}`);
    await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Settled');
    await tabTo(page, /^Version that is shown$/);
    expect(await thumb(page).getAttribute('aria-valuetext')).toBe(String(newest));
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => search(page), PATIENCE).toBe(`?at=${newest - 1}`);
    await page.getByText(`As it was at version ${newest - 1}`).waitFor();
    await page.keyboard.press('Home');
    await expect.poll(() => search(page), PATIENCE).toBe('?at=1');
    await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Draft');
    expect(await page.getByRole('heading', { name: 'What you can do' }).count()).toBe(0);
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Needs approval');
    await page.keyboard.press('End');
    await expect.poll(() => search(page), PATIENCE).toBe('');
    await page.getByRole('heading', { name: 'What you can do' }).waitFor();
    await page.keyboard.press('[');
    await expect.poll(() => search(page), PATIENCE).toBe(`?at=${newest - 1}`);
    await page.keyboard.press('n');
    await expect.poll(() => search(page), PATIENCE).toBe('');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('[CHART-22] by the mouse: dragging goes through time, a press in the history goes to a version', async () => {
    const { page } = await open('auditor', `/${settled}`);
    const track = page.locator('.time-track');
    const box = await track.boundingBox();
    if (box === null) throw new Error('no track');
    await page.mouse.move(box.x + box.width, box.y + 16);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 16, { steps: 12 });
    await page.mouse.move(box.x, box.y + 16, { steps: 12 });
    await page.mouse.up();
    await expect.poll(() => search(page), PATIENCE).toBe('?at=1');
    await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Draft');
    await page.getByRole('link', { name: 'Version 3, as it was' }).click();
    await expect.poll(() => search(page), PATIENCE).toBe('?at=3');
    await page.getByText('As it was at version 3').waitFor();
    await page.context().close();
  });

  test('[CHART-23] a version shows what it changed; two that are picked show what lies between, in an address that can be shared', async () => {
    const { page } = await open('auditor', `/${settled}?at=3`);
    const changes = page.getByRole('region', { name: /^What / });
    await page.getByRole('heading', { name: 'What version 3 changed' }).waitFor();
    await changes.getByRole('row', { name: /^State Needs approval/ }).waitFor();
    await changes.getByRole('row', { name: /^Approvals › 1/ }).waitFor();
    await page.goto(`${hub.url}/hq/${settled}?from=1&at=${newest}`);
    await page.getByRole('heading', { name: `What changed from version 1 to ${newest}` }).waitFor();
    await changes.getByRole('row', { name: /^State Draft Settled/ }).waitFor();
    await changes.getByRole('row', { name: /^Captured 0\.00 EUR 2,500\.00 EUR$/ }).waitFor();
    const from = page.getByRole('slider', { name: 'Version to compare with' });
    await from.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => search(page), PATIENCE).toContain('from=2');
    await page.getByRole('button', { name: 'Stop comparing' }).press('Enter');
    await expect.poll(() => search(page), PATIENCE).not.toContain('from');
    await page.getByRole('link', { name: 'Compare version 2 with what is shown' }).press('Enter');
    await expect.poll(() => search(page), PATIENCE).toContain('from=2');
    await page.context().close();
  });

  test('[CHART-23] a version that never was, and what may not be seen, are said to be so', async () => {
    const { page } = await open('clerk', `/${settled}?at=999`);
    await page.getByText('This payment cannot be shown').waitFor();
    await page.getByRole('link', { name: 'Back to now' }).press('Enter');
    await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Settled');
    await page.context().close();
  });
});

describe('what is known of an actor', () => {
  test('[CHART-24] its history says who and why, because of what, and what was asked for', async () => {
    const { page } = await open('auditor', `/${settled}`);
    const row = (version: number) =>
      page.locator('.history-row').filter({ has: page.getByRole('link', { name: `Version ${version}, as it was` }) });
    await row(2).getByText('clerk').waitFor();
    await row(2)
      .getByText(/sets timer first reminder.*makes known payment\.submitted/)
      .waitFor();
    await row(3).getByText('→ asks standing · makes known payment.approved').waitFor();
    await row(4).getByRole('link', { name: 'version 3' }).press('Enter');
    await expect.poll(() => search(page), PATIENCE).toBe('?at=3');
    await page.context().close();
  });

  test('[CHART-25] who it names and who names it are shown as they stand now, and lead on', async () => {
    const { page } = await open('clerk', `/${waiting}`);
    const related = page.getByRole('region', { name: 'Related' });
    await related.getByRole('link', { name: 'Acme GmbH' }).waitFor();
    await related.getByRole('link', { name: 'Sandbox payment gateway' }).waitFor();
    await related.getByRole('link', { name: 'Acme GmbH' }).press('Enter');
    await page.waitForURL(/client\/acme$/);
    await page
      .getByRole('region', { name: 'Related' })
      .getByRole('link', { name: /Hollis & Sons/ })
      .waitFor();
    await page.context().close();
  });

  test.each([5, -5])('[CHART-26] timers count down by the hub’s clock, also on a device whose clock is %i hours off', async (hours) => {
    const { page } = await openWithClock(hours, `/${waiting}`);
    const timer = page.getByRole('listitem').filter({ hasText: 'Approval runs out' });
    await timer.getByText('2 d 23 h').waitFor();
    await page.context().close();
  });

  test.each([5, -5])(
    '[DESKTIME-2] how long ago it was is told by the hub’s clock, on a device whose clock is %i hours off',
    async (hours) => {
      const address = await scene.rest.payment({ payee: `Timely ${hours}` });
      const { page, complaints } = await openWithClock(hours, `/${address}`);
      const fresh = /^(just now|\d+ s ago|[1-5] min ago)$/;
      const told = page.locator('main time');
      await expect.poll(() => told.count(), PATIENCE).toBeGreaterThan(2);
      for (const text of await page.locator('.figure time, .station time').allTextContents()) expect(text).toMatch(fresh);
      await page.getByRole('link', { name: 'payments', exact: true }).first().press('Enter');
      const row = (payee: string) => page.locator('.table-row', { hasText: payee });
      await row(`Timely ${hours}`).waitFor();
      expect(await row(`Timely ${hours}`).locator('time').textContent()).toMatch(fresh);
      // Only what has come a moment ago is lit.
      await scene.rest.payment({ payee: `Newcomer ${hours}` });
      await row(`Newcomer ${hours}`).locator('.changed').waitFor({ state: 'attached' });
      expect(await row('Fenwick').locator('.changed').count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );
});

/** Signed in as a clerk, on a device whose clock is so many hours ahead, or behind. */
async function openWithClock(hours: number, path: string) {
  const opened = await openWindow(browser);
  const { page } = opened;
  await page.addInitScript(`{ const { now } = Date; Date.now = () => now() + ${hours} * 3_600_000; }`);
  await signIn(hub, page, 'clerk', path);
  return opened;
}

describe('the ways on from an actor’s page', () => {
  test('[DESKLIST-1] all payments of a client are the list narrowed to him, and not a search for his name', async () => {
    await scene.rest.payment({ client: 'globex', payee: 'Sold to acme', reference: 'acme' });
    const { page } = await open('clerk', '/client/acme');
    await page.getByRole('link', { name: /^All \d+ payments$/ }).press('Enter');
    await page.waitForURL(/\/payments\?client=acme$/);
    await page.getByRole('button', { name: 'Client acme ×' }).waitFor();
    await page.locator('.row-link').first().waitFor();
    expect(await page.getByText('Sold to acme').count()).toBe(0);
    await page.context().close();
  });

  test('[RECEIPT-16] by keys: a settled payment’s receipt opens in a new tab, of the version that is in sight', async () => {
    const opened = await open('auditor', `/${settled}`);
    const { page } = opened;
    const asked = page.waitForResponse(/\/receipt\?version=/);
    const tab = page.waitForEvent('popup');
    // Asked for by the tab: a browser without a viewer of PDFs leaves its address as it was.
    const shown = page.context().waitForEvent('request', (request) => request.url().startsWith('blob:'));
    await page.getByRole('button', { name: 'Receipt of this version, as PDF in a new tab' }).press('Enter');
    const answer = await asked;
    expect(new URL(answer.url()).search).toBe(`?version=${newest}`);
    expect(answer.headers()['content-type']).toBe('application/pdf');
    await tab;
    expect((await shown).isNavigationRequest()).toBe(true);
    await page.getByText('The receipt has been opened in a new tab').waitFor({ state: 'attached' });
    await mustBeWell(opened, 'receipt-button');
    await page.context().close();
  });

  test('[RECEIPT-16] where no tab may be opened the receipt is saved as a file, and a refusal is shown with its sentence', async () => {
    const { page } = await open('clerk', `/${settled}`);
    await page.evaluate('window.open = () => null');
    const saved = page.waitForEvent('download');
    const button = page.getByRole('button', { name: /^Receipt/ });
    await button.press('Enter');
    expect((await saved).suggestedFilename()).toBe(`receipt-${settled.split('/')[1]}-${newest}.pdf`);
    await page.context().route('**/receipt?*', (route) => route.abort());
    await button.press('Enter');
    await page.getByText('The receipt cannot be shown').waitFor();
    await page.context().unroute('**/receipt?*');
    await page.context().close();
  });

  test('[RECEIPT-16] there is no receipt of a payment that waits, nor of a version from before it was settled', async () => {
    const { page } = await open('clerk', `/${waiting}`);
    await page.getByRole('heading', { name: 'What you can do' }).waitFor();
    expect(await page.getByRole('button', { name: /^Receipt/ }).count()).toBe(0);
    await page.goto(`${hub.url}/hq/${settled}?at=2`);
    // The course names that state too, before the version is here.
    await expect.poll(() => page.getByRole('button', { name: /^Receipt/ }).count()).toBe(0);
    await page.context().close();
  });

  test('[DESKLINK-1] a developer goes from an actor, and from a board, to the inspector that shows it', async () => {
    const { page, complaints } = await open('developer', `/${settled}`);
    const link = page.getByRole('link', { name: 'Inspect', exact: true });
    expect(await link.getAttribute('href')).toBe(`/inspect/?target=${settled}`);
    await page.goto(`${hub.url}/hq/board/payment`);
    await link.press('Enter');
    await page.waitForURL(/\/inspect\/\?target=payment$/);
    await page.locator('.inspect[data-phase="online"]').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('[DESKLINK-1] nobody else is led there', async () => {
    for (const who of ['clerk', 'auditor', 'operator']) {
      const { page } = await open(who, `/${settled}`);
      await page.getByRole('heading', { name: 'History' }).waitFor();
      await page.waitForTimeout(500);
      expect(await page.getByText('Inspect').count(), who).toBe(0);
      await page.context().close();
    }
  });
});

describe('operators', () => {
  test('[CHART-27] by keys: pausing keeps what comes, which is shown with what may be done about it; stepping takes one', async () => {
    const address = await scene.rest.payment({ payee: 'Paused' });
    const opened = await open('operator', `/${address}`);
    const { page } = opened;
    await page.getByRole('button', { name: 'Pause…' }).press('Enter');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Say why, in a few words.').waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('The bank has called');
    await mustBeWell(opened, 'actor-pause');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Because: The bank has called').waitFor();
    await scene.rest.send(address, { type: 'SUBMIT' });
    const letters = page.getByRole('region', { name: 'Dead letters' });
    await letters.getByText('Submit').waitFor({ timeout: 20_000 });
    await page.getByRole('button', { name: 'Step…' }).press('Enter');
    await page.getByRole('textbox', { name: 'Reason' }).fill('One by one');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => here(page).textContent(), PATIENCE).not.toContain('Draft');
    await page.getByRole('button', { name: 'Resume…' }).press('Enter');
    await page.getByRole('textbox', { name: 'Reason' }).fill('All is well');
    await page.keyboard.press('Control+Enter');
    await page.getByText('It takes events as they come.').waitFor();
    await page.locator('.history-row', { hasText: 'Hub: pause' }).getByText('The bank has called').waitFor();
    await page.context().close();
  });

  test('[CHART-27] a state is forced by two: whoever proposed it cannot confirm, somebody else can', async () => {
    const address = await scene.rest.payment({ payee: 'Forced' });
    const first = await open('operator', `/${address}`);
    await first.page.getByRole('button', { name: 'Force a state…' }).press('Enter');
    await first.page.getByRole('textbox', { name: 'Reason' }).fill('It was paid by hand');
    await first.page.keyboard.press('Control+Enter');
    await first.page.getByText('Choose the state that it shall be in.').waitFor();
    await first.page.getByRole('dialog').getByLabel('State', { exact: true }).selectOption('Canceled');
    await mustBeWell(first, 'actor-force');
    await first.page.getByRole('textbox', { name: 'Reason' }).press('Control+Enter');
    await first.page.getByText('operator proposes to force it into Canceled').waitFor();
    const own = first.page.getByRole('button', { name: 'Confirm…' });
    expect(await own.getAttribute('aria-disabled')).toBe('true');
    await first.page.getByText('Somebody else than who proposed it has to confirm.').waitFor();
    const second = await open('admin', `/${address}`);
    await second.page.getByRole('button', { name: 'Confirm…' }).press('Enter');
    await second.page.getByText('operator proposed this: It was paid by hand').waitFor();
    await second.page.getByRole('textbox', { name: 'Reason' }).fill('I have seen the receipt');
    await second.page.keyboard.press('Control+Enter');
    for (const { page } of [first, second]) await expect.poll(() => here(page).textContent(), PATIENCE).toContain('Canceled');
    await Promise.all([first.page.context().close(), second.page.context().close()]);
  });

  test('[CHART-27] who is no operator is not offered any of it, and an auditor sees how it stands', async () => {
    const clerk = await open('clerk', `/${waiting}`);
    await clerk.page.getByRole('heading', { name: 'History' }).waitFor();
    expect(await clerk.page.getByRole('heading', { name: 'Operator controls' }).count()).toBe(0);
    const auditor = await open('auditor', `/${waiting}`);
    await auditor.page.getByText('It takes events as they come.').waitFor();
    expect(await auditor.page.getByRole('button', { name: 'Pause…' }).count()).toBe(0);
    await Promise.all([clerk.page.context().close(), auditor.page.context().close()]);
  });
});

describe('the look of an actor’s page', () => {
  test.each(WIDTHS)(
    '[CHART-28] at %i pixels, dark: %s, now and as it was, there is no barrier and nothing runs out',
    async (width, dark) => {
      const opened = await open('operator', `/${waiting}`, { width, dark });
      const { page } = opened;
      for (const [name, path] of [
        ['now', waiting],
        ['past', `${settled}?from=2&at=5`],
        ['client', 'client/acme'],
        ['integration', 'integration/sandbox'],
      ] as const) {
        await page.goto(`${hub.url}/hq/${path}`);
        await page.getByRole('heading', { name: 'History' }).waitFor();
        await (width < 980 ? page.getByText('Statechart') : page.locator('.chart-state').first()).waitFor();
        await page.waitForTimeout(600);
        await mustBeWell(opened, `actor-${name}-${width}${dark ? '-dark' : ''}`);
        await takePicture(page, `actor-${name}-${width}${dark ? '-dark' : ''}`);
      }
      await page.context().close();
    },
  );
});
