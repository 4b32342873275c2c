import type { Browser, CDPSession, Page } from 'playwright-core';
import { median } from '../../bench/lifecycle.ts';
import { launchBrowser, openWindow } from '../support/browser.ts';
import { startTestHub } from '../support/hub.ts';
import type { TestHub } from '../support/hub.ts';
import { copyPayment } from '../support/many-payments.ts';
import { Rest } from '../support/rest.ts';
import type { Proof } from './prove.ts';

const MANY = 100_000;
const ROUNDS = 5;
const SCROLL_MS = 5_000;
/** A slow mobile network: bits a second, and milliseconds there and back. */
const SLOW = { bits: 1_600_000, round_trip_ms: 150 };
const MOST = { first_load_kb: 250, sign_in_ms: 2_000, first_rows_ms: 1_000, heap_mb: 150 };
/** A screen of 60 Hz that misses one frame in thirty is still taken for smooth. */
const LEAST_FPS = 58;

/** How light the console is: its first load, the sign-in form on a slow network, and a list of a hundred thousand payments. */
export async function screens(args: readonly string[], tell: (line: string) => void): Promise<Proof> {
  const many = Number(args[0] ?? MANY);
  const hub = await startTestHub({ console: true });
  const browser = await launchBrowser();
  try {
    const payment = await new Rest(hub).payment({ payee: 'Long List Ltd', reference: 'L' });
    await copyPayment(hub, payment, many);
    const load = await firstLoad(hub, browser);
    tell(JSON.stringify(load));
    const signIns: number[] = [];
    const rows: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      signIns.push(await signInOnASlowNetwork(hub, browser));
      rows.push(await firstRows(hub, browser));
      tell(`sign-in ${signIns.at(-1)} ms, first rows ${rows.at(-1)} ms`);
    }
    const scrolled = await scroll(hub, browser);
    tell(JSON.stringify(scrolled));
    const figures = {
      payments: many,
      ...load,
      sign_in_ms: median(signIns),
      slow: SLOW,
      first_rows_ms: median(rows),
      ...scrolled,
      most: MOST,
    };
    const held =
      load.first_load_kb <= MOST.first_load_kb &&
      figures.sign_in_ms < MOST.sign_in_ms &&
      figures.first_rows_ms < MOST.first_rows_ms &&
      scrolled.fps >= LEAST_FPS &&
      scrolled.heap_mb <= MOST.heap_mb;
    return { held, figures };
  } finally {
    await browser.close();
    await hub.stop();
  }
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('clerk');
  await page.getByLabel('Password').fill('green-lines');
  await page.keyboard.press('Enter');
  await page.getByText('Live', { exact: true }).waitFor();
}

/** What of the console comes over the wire until the sign-in form is there and all is quiet, and until the overview is; its data apart. */
async function firstLoad(hub: TestHub, browser: Browser): Promise<{ sign_in_kb: number; first_load_kb: number }> {
  const { page } = await openWindow(browser);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  let bytes = 0;
  const files = new Set<string>();
  cdp.on('Network.responseReceived', ({ requestId, response }) => {
    if (response.url.startsWith(`${hub.url}/hq/`)) files.add(requestId);
  });
  cdp.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
    if (files.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(`${hub.url}/hq/`, { waitUntil: 'networkidle' });
  const sign_in_kb = Math.round(bytes / 1024);
  await signIn(page);
  await page.waitForLoadState('networkidle');
  await page.context().close();
  return { sign_in_kb, first_load_kb: Math.round(bytes / 1024) };
}

/** From asking for the page with nothing in the cache until a name can be written into the form. */
async function signInOnASlowNetwork(hub: TestHub, browser: Browser): Promise<number> {
  const { page } = await openWindow(browser);
  const cdp = await page.context().newCDPSession(page);
  const bytes = SLOW.bits / 8;
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: SLOW.round_trip_ms,
    downloadThroughput: bytes,
    uploadThroughput: bytes,
  });
  const began = performance.now();
  await page.goto(`${hub.url}/hq/`, { waitUntil: 'commit' });
  await page.getByLabel('Name').fill('clerk');
  const took = Math.round(performance.now() - began);
  await page.context().close();
  return took;
}

/** From asking for the list until its first row is there, for somebody who is signed in already. */
async function firstRows(hub: TestHub, browser: Browser): Promise<number> {
  const { page } = await openWindow(browser);
  await page.goto(`${hub.url}/hq/`);
  await signIn(page);
  await page.waitForLoadState('networkidle');
  const link = page.getByRole('navigation').getByRole('link', { name: 'Payments' });
  await link.waitFor();
  const began = performance.now();
  await link.click();
  await page.locator('.row-link').first().waitFor();
  const took = Math.round(performance.now() - began);
  await page.context().close();
  return took;
}

type Scrolled = { readonly fps: number; readonly slowest_frame_ms: number; readonly heap_before_mb: number; readonly heap_mb: number };

/** Scrolls through the whole list and back, as fast as somebody turns a wheel, and looks at what stays in memory. */
async function scroll(hub: TestHub, browser: Browser): Promise<Scrolled> {
  const { page } = await openWindow(browser);
  await page.goto(`${hub.url}/hq/`);
  await signIn(page);
  await page.goto(`${hub.url}/hq/payments?sort=createdAt`);
  await page.locator('.row-link').first().waitFor();
  const cdp = await page.context().newCDPSession(page);
  const heap_before_mb = await heap(cdp);
  const body = page.locator('.table-body');
  const frames = await body.evaluate(
    (element, duration_ms) =>
      new Promise<number[]>((resolve) => {
        const taken: number[] = [];
        const began = performance.now();
        let last = began;
        const turn = (now: number): void => {
          taken.push(now - last);
          last = now;
          element.scrollTop += 60;
          if (now - began < duration_ms) requestAnimationFrame(turn);
          else resolve(taken.slice(2));
        };
        requestAnimationFrame(turn);
      }),
    SCROLL_MS,
  );
  for (const part of [0.2, 0.4, 0.6, 0.8, 1, 0.5, 0]) {
    await body.evaluate((element, share) => element.scrollTo(0, (element.scrollHeight - element.clientHeight) * share), part);
    await page.waitForTimeout(400);
  }
  const heap_mb = await heap(cdp);
  await page.context().close();
  const total = frames.reduce((sum, ms) => sum + ms, 0);
  return {
    fps: Math.round((frames.length / total) * 10_000) / 10,
    slowest_frame_ms: Math.round(Math.max(...frames)),
    heap_before_mb,
    heap_mb,
  };
}

async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.enable');
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return Math.round(usedSize / 1e6);
}
