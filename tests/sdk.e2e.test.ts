import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { Rest } from './support/rest.ts';
import { startLinkedHub } from './support/sdk-stage.ts';
import type { LinkedHub } from './support/sdk-stage.ts';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

let folder: string;
let server: Server;
let origin: string;
let stage: LinkedHub;
let rest: Rest;
let browser: Browser;
let context: BrowserContext;
let complaints: string[] = [];

/** The page as a bundler makes it, served with the policy that the hub's own console has to live with. */
async function servePage(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'sdk-page-'));
  const entry = join(import.meta.dirname, 'fixtures', 'sdk-page.ts');
  await build({
    configFile: false,
    logLevel: 'warn',
    root: join(import.meta.dirname, '..'),
    build: {
      outDir: folder,
      emptyOutDir: true,
      manifest: true,
      target: 'es2023',
      rolldownOptions: { input: entry },
      modulePreload: { polyfill: false },
    },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const manifest = await readManifest();
  const main = Object.values(manifest).find(({ isEntry }) => isEntry)?.file ?? '';
  await writeFile(
    join(folder, 'index.html'),
    `<!doctype html><title>Page</title><div id="root"></div><script type="module" src="/${main}"></script>`,
  );
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    const file = pathname === '/' ? 'index.html' : pathname.slice(1);
    const policy = `default-src 'self'; connect-src 'self' ${stage.url} ${stage.url.replace('http', 'ws')}`;
    readFile(join(folder, file)).then(
      (content) =>
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain', 'content-security-policy': policy }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Manifest = Readonly<
  Record<string, { readonly file: string; readonly isEntry?: boolean; readonly imports?: string[]; readonly dynamicImports?: string[] }>
>;

async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, '.vite', 'manifest.json'), 'utf8')) as Manifest;
}

beforeAll(async () => {
  await servePage();
  stage = await startLinkedHub({ origins: [origin] });
  rest = new Rest(stage.hub);
  browser = await launchBrowser();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
  await stage?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  stage.link.become('up');
  await context?.close();
  expect(complaints.splice(0)).toEqual([]);
});

/** A page of the browser that all tabs of a test share. */
async function openTab(payment: string, prepare = ''): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (
      message.type() === 'error' &&
      !/ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load resource|WebSocket connection/.test(message.text())
    )
      complaints.push(message.text());
  });
  if (prepare !== '') await page.addInitScript(prepare);
  await page.goto(`${origin}/?hub=${encodeURIComponent(stage.url)}&payment=${payment}`);
  return page;
}

async function openBrowser(): Promise<void> {
  context = await browser.newContext();
  context.setDefaultTimeout(15_000);
}

async function signIn(page: Page): Promise<void> {
  await page.evaluate(`hub.signIn('clerk', 'green-lines')`);
  await shows(page, 'phase', 'online');
}

/** Waits for what becomes true on a machine that may be busy. */
const until = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 15_000 });

const shows = (page: Page, id: string, text: string): Promise<void> => page.locator(`#${id}`).getByText(text, { exact: true }).waitFor();

async function newPayment(): Promise<string> {
  return (await rest.payment({ amount_minor: 500_000 })).slice('payment/'.length);
}

/** The events of its journal that the clerk has sent, oldest first. */
async function journal(payment: string): Promise<string[]> {
  const { body } = await rest.get(`/v1/actors/payment/${payment}/history`, 'auditor');
  return (body['items'] as { event: { type: string } }[]).map(({ event }) => event.type).reverse();
}

describe('React', () => {
  test('[SDK-19] components show an actor, what may be done, what is left of a timer and a list, and keep in step', async () => {
    await openBrowser();
    const payment = await newPayment();
    const page = await openTab(payment, `{ const now = Date.now; Date.now = () => now() - 5 * 3_600_000; }`);
    await shows(page, 'phase', 'offline');
    await signIn(page);
    await shows(page, 'state', 'draft');
    await page.getByRole('button', { name: 'Submit' }).click();
    await shows(page, 'state', 'needs_approval');
    await shows(page, 'predicted', '0');
    expect(await page.getByRole('button', { name: 'Submit' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Submit' }).getAttribute('title')).toContain('state');
    const left = async (): Promise<number> => Number(await page.locator('#left').textContent());
    await until(left).toBeGreaterThan(0);
    const first = await left();
    // The device’s clock is five hours behind.
    expect(Math.abs(first - 3 * 86_400)).toBeLessThan(60);
    await until(left).toBeLessThan(first);
    await rest.send(`payment/${payment}`, { type: 'CANCEL' }, 'approver');
    await shows(page, 'state', 'canceled');
    await until(() => page.locator('#canceled').textContent()).not.toBe('0');
  });
});

describe('tabs', () => {
  test('[OFF-26] what one tab keeps the other sees and sends; it outlives reloads and closed tabs, is foreseen in both, and takes effect once', async () => {
    await openBrowser();
    const payment = await newPayment();
    const one = await openTab(payment);
    await signIn(one);
    const other = await openTab(payment);
    await shows(other, 'state', 'draft');
    await until(() => one.evaluate('hub.outbox.leads')).toBe(true);
    expect(await other.evaluate('hub.outbox.leads')).toBe(false);
    // Both have the machine at hand before the link goes.
    for (const page of [one, other])
      await page.evaluate(`payment.send({ type: 'AMEND', reference: document.hidden + crypto.randomUUID() }, { optimistic: true })`);
    for (const page of [one, other]) await until(() => page.evaluate('payment.confirmed.version')).toBe(3);
    stage.link.become('cut');
    for (const page of [one, other]) await shows(page, 'phase', 'connecting');
    await other.getByRole('button', { name: 'Submit' }).click();
    for (const page of [one, other]) {
      await shows(page, 'waiting', '1');
      await shows(page, 'state', 'needs_approval');
      await shows(page, 'predicted', '1');
    }
    await one.reload();
    await shows(one, 'waiting', '1');
    await until(() => other.evaluate('hub.outbox.leads')).toBe(true);
    await other.getByRole('button', { name: 'Cancel' }).click();
    await shows(one, 'waiting', '2');
    await other.close();
    await until(() => one.evaluate('hub.outbox.leads')).toBe(true);
    stage.link.become('up');
    await shows(one, 'waiting', '0');
    await shows(one, 'state', 'canceled');
    expect(await journal(payment)).toEqual(['@create', 'AMEND', 'AMEND', 'SUBMIT', 'CANCEL']);
  });

  test('[OFF-26] a device that was switched off sends what it had kept when it is on again; what others have made impossible is in the tray', async () => {
    await openBrowser();
    const payment = await newPayment();
    const before = await openTab(payment);
    await signIn(before);
    await shows(before, 'state', 'draft');
    stage.link.become('cut');
    await shows(before, 'phase', 'connecting');
    await before.getByRole('button', { name: 'Submit' }).click();
    await shows(before, 'waiting', '1');
    await before.close({ runBeforeUnload: false });
    await rest.send(`payment/${payment}`, { type: 'CANCEL' }, 'approver');
    stage.link.become('up');
    const after = await openTab(payment);
    await after.locator('#tray li').getByText('SUBMIT not_in_state canceled CANCEL approver').waitFor();
    await shows(after, 'waiting', '0');
    await after.evaluate('hub.outbox.discard(hub.tray[0].id)');
    await until(() => after.locator('#tray li').count()).toBe(0);
  });

  test('[OFF-27] where there are no locks one tab leads all the same, and another follows it', async () => {
    await openBrowser();
    const payment = await newPayment();
    const lockless = `Object.defineProperty(navigator, 'locks', { value: undefined })`;
    const one = await openTab(payment, lockless);
    await signIn(one);
    await until(() => one.evaluate('hub.outbox.leads')).toBe(true);
    const other = await openTab(payment, lockless);
    await shows(other, 'state', 'draft');
    await other.getByRole('button', { name: 'Submit' }).click();
    await shows(other, 'state', 'needs_approval');
    await shows(other, 'waiting', '0');
    expect(await other.evaluate('hub.outbox.leads')).toBe(false);
    await one.close();
    await until(() => other.evaluate('hub.outbox.leads')).toBe(true);
    expect(await journal(payment)).toEqual(['@create', 'SUBMIT']);
  });
});

test('[SDK-20] the first load carries neither the machines nor what foresees and keeps: those come when they are needed', async () => {
  const manifest = await readManifest();
  const entry = Object.entries(manifest).find(([, { isEntry }]) => isEntry);
  const first = new Set<string>();
  const visit = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    for (const next of manifest[name]?.imports ?? []) visit(next);
  };
  visit(entry?.[0] ?? '');
  const files = [...first].map((name) => manifest[name]?.file ?? '');
  const text = (await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))).join('');
  for (const late of ['xstate.init', 'needs_approval', 'ZodError', 'autoIncrement']) expect(text.includes(late), late).toBe(false);
  const later = Object.values(manifest).filter(({ file }) => !files.includes(file));
  const rested = (await Promise.all(later.map(({ file }) => readFile(join(folder, file), 'utf8')))).join('');
  for (const late of ['xstate.init', 'needs_approval', 'ZodError', 'autoIncrement']) expect(rested.includes(late), late).toBe(true);
});
