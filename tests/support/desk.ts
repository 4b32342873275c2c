import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { must } from '../../machines/must.ts';
import { findBarriers, launchBrowser, openWindow, overflows, type WindowOptions } from './browser.ts';
import { startTestHub, type TestHub, type TestHubOptions } from './hub.ts';
import { Rest } from './rest.ts';

/** Where to put pictures of what the tests see, for somebody to look at; none are taken without it. */
const LOOK = process.env['DESK_LOOK'];

export type Window = { readonly page: Page; readonly complaints: string[] };

/** The console as somebody sees it who has just signed in by keys. */
export async function openDesk(hub: TestHub, browser: Browser, who: string, path: string, options: WindowOptions = {}): Promise<Window> {
  const opened = await openWindow(browser, options);
  await signIn(hub, opened.page, who, path);
  return opened;
}

export async function signIn(hub: TestHub, page: Page, who: string, path: string): Promise<void> {
  await page.goto(`${hub.url}/hq${path}`);
  await page.getByLabel('Name').fill(who);
  await page.getByLabel('Password').fill('green-lines');
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
}

export const WIDTHS: readonly (readonly [width: number, dark: boolean])[] = [
  [360, true],
  [768, false],
  [1280, true],
  [1280, false],
  [2560, false],
];

/** No serious barrier, nothing that runs out of the window, nothing that the page complained of. */
export async function mustBeWell({ page, complaints }: Window, name: string): Promise<void> {
  // What is shown first may still be on its way in.
  await page.waitForTimeout(300);
  expect({ name, barriers: await findBarriers(page), overflows: await overflows(page), complaints }).toEqual({
    name,
    barriers: [],
    overflows: false,
    complaints: [],
  });
  if (LOOK !== undefined) await page.screenshot({ path: `${LOOK}/${name}.png` });
}

/** What the tests of a file about the console have in common: a hub with the console, calls to it as its people make them, and a browser. */
export type Desk = {
  readonly hub: TestHub;
  readonly rest: Rest;
  readonly browser: Browser;
  readonly open: (who: string, path: string, options?: WindowOptions) => Promise<Window>;
};

/** Starts all of it before the first test of the file and stops it behind the last one; until then nothing of it is there. */
export function atDesk(options: TestHubOptions = {}): Desk {
  let hub: TestHub | undefined;
  let browser: Browser | undefined;
  let rest: Rest | undefined;
  beforeAll(async () => {
    hub = await startTestHub({ console: true, ...options });
    rest = new Rest(hub);
    browser = await launchBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await hub?.stop();
  });
  const desk = {
    get hub() {
      return must(hub, 'the hub of these tests');
    },
    get rest() {
      return must(rest, 'the hub of these tests');
    },
    get browser() {
      return must(browser, 'the browser of these tests');
    },
    open: (who: string, path: string, how?: WindowOptions) => openDesk(desk.hub, desk.browser, who, path, how),
  };
  return desk;
}
