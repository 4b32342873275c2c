import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromiumPath } from './chromium.ts';

/** Starts the browser that the tests drive. */
export function launchBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  return chromium.launch({ executablePath: chromiumPath(), args });
}

/** `locale` is the reader's, as his browser tells it; American English unless said. */
export type WindowOptions = { readonly width?: number; readonly dark?: boolean; readonly locale?: string };

/** A new window that fails the test's patience early, and remembers what the page complained of. */
export async function openWindow(browser: Browser, options: WindowOptions = {}): Promise<{ page: Page; complaints: string[] }> {
  const { width = 1440, dark = false, locale = 'en-US' } = options;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch: width < 500,
    locale,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  await page.exposeFunction('onViolation', (what: string) => complaints.push(`refused by the content policy: ${what}`));
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', (event) => onViolation(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile))",
  );
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION/.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints };
}

const require = createRequire(import.meta.url);

/** What axe-core finds on the page that is serious or worse, one line each. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
  // What only names where something stands is left out: on a page with a large chart it takes longer than the looking.
  const script =
    'axe.run({ resultTypes: ["violations"], selectors: false, iframes: false }).then((found) => found.violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes.map((node) => node.html) })))';
  const found = (await page.evaluate(script)) as { id: string; impact: string; html: string[] }[];
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, html }) => `${id}: ${html[0]?.slice(0, 200)} (${html.length})`);
}

/** Whether the page is wider than the window, so that it would have to be pushed about. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}
