import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBarriers, launchBrowser, openWindow, overflows } from '../support/browser.ts';
import { startTestHub } from '../support/hub.ts';
import type { TestHub } from '../support/hub.ts';
import { askTicket } from '../support/inspector.ts';
import { CLIENT, Rest } from '../support/rest.ts';
import { shelf } from '../support/shelf.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let hub: TestHub;
let rest: Rest;
let browser: Browser;

beforeAll(async () => {
  hub = await startTestHub({ console: true, inspectStately: true, machines: [shelf] });
  rest = new Rest(hub);
  await rest.create('client', { id: 'acme', input: CLIENT });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

async function ticketPage(target: string): Promise<string> {
  const { body } = await askTicket(hub, { target });
  return String(body['url']);
}

/** A busy machine takes a while to lay a chart out. */
const poll = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 15_000 });
const live = (page: Page) => page.getByText('Live', { exact: true }).waitFor();
const steps = (page: Page) => page.locator('.pane-steps .step');
const chosen = (page: Page) => page.locator('.pane-steps .step[aria-current="true"]');
/** The states that the drawn chart says the actor is in. */
const lit = (page: Page): Promise<string> =>
  page
    .locator('.pane-chart .react-flow__node', { hasText: 'Now in:' })
    .allTextContents()
    .then((texts) => texts.join());
const details = (page: Page) => page.locator('.pane-step');

test('[INSP-40] A developer signs in, says what to look at, and sees a payment go through its states, as it happens and step by step', async () => {
  const { page, complaints } = await openWindow(browser);
  const address = await rest.payment({ amount_minor: 500_000, payee: 'Seen Ltd' });
  await page.goto(`${hub.url}/inspect/`);
  await page.getByRole('button', { name: 'developer' }).click();
  await page.getByLabel('Address of the actor').fill('payment');
  await page.getByRole('button', { name: 'Inspect' }).click();
  await page.getByText('Enter an address such as').waitFor();
  await page.getByLabel('Address of the actor').fill(address);
  await page.keyboard.press('Enter');
  await live(page);
  expect(new URL(page.url()).search).toBe(`?target=${address}`);
  await rest.send(address, { type: 'SUBMIT' });
  await poll(() => chosen(page).textContent()).toContain('Draft → Needs approval');
  await poll(() => lit(page)).toMatch(/^[^,]*Needs approval/);
  await poll(() => details(page).textContent()).toContain('needs_somebody');
  await rest.send(address, { type: 'DENY', reason: 'not ordered' }, 'approver');
  await poll(() => chosen(page).textContent()).toContain('Declined');
  expect(await chosen(page).textContent()).toContain('by approver');
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await poll(() => details(page).getByRole('heading').textContent()).toBe('Version 1');
  await poll(() => lit(page)).toMatch(/^[^,]*Draft/);
  await page.keyboard.press('c');
  await page.keyboard.press('G');
  await page.getByText('Compared with version 1').waitFor();
  expect(await details(page).textContent()).toContain('not ordered');
  await page.getByRole('tab', { name: 'What changed' }).press('ArrowRight');
  await poll(() => page.getByRole('tabpanel').textContent()).toContain('"payee": "Seen Ltd"');
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('[INSP-41] The page is held while it is paused, filters, follows again, and tells its keys', async () => {
  const { body } = await rest.create('shelf', { id: 'pausing', input: { client: 'acme', label: 'red', secret: 'SECRET-1' } });
  const address = String(body['address']);
  const { page, complaints } = await openWindow(browser);
  await page.goto(await ticketPage('shelf'));
  await live(page);
  await steps(page).first().waitFor();
  await page.keyboard.press('p');
  for (let n = 0; n < 3; n++) await rest.send(address, { type: 'LABEL', label: `l${n}` });
  await page.getByText('Paused, 3 new').waitFor();
  expect(await steps(page).count()).toBe(1);
  await page.keyboard.press('p');
  await poll(() => steps(page).count()).toBe(4);
  await rest.send(address, { type: 'WORK' });
  await page.keyboard.press('/');
  await page.keyboard.type('busy pausing');
  await poll(() => steps(page).count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await poll(() => page.locator('.pane-steps h2').textContent()).toBe(address);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('[INSP-42] Loaded again it goes on with the ticket that the tab was given, and after a lost connection by itself', async () => {
  const address = await rest.payment();
  const proxy = await TcpProxy.open(Number(new URL(hub.url).port));
  const { page, complaints } = await openWindow(browser);
  await page.goto((await ticketPage(address)).replace(new URL(hub.url).host, `127.0.0.1:${proxy.port}`));
  await live(page);
  expect(page.url()).not.toContain('ticket');
  await page.reload();
  await live(page);
  await poll(() => steps(page).count()).toBe(1);
  proxy.become('cut');
  await page.getByText('Reconnecting', { exact: true }).waitFor();
  proxy.become('up');
  await rest.send(address, { type: 'SUBMIT' });
  await live(page);
  await poll(() => steps(page).count()).toBeGreaterThan(1);
  expect(complaints).toEqual([]);
  await page.context().close();
  await proxy.close();
});

test('[INSP-43] Whose role is withdrawn is told so, and whoever has it not cannot open the page’s door', async () => {
  const put = (roles: readonly string[]) =>
    rest.call('PUT', '/v1/people/page', { as: 'admin', body: { roles, password: 'green-lines-2' } });
  await put(['developer']);
  const { accessToken: token } = await hub.signIn('page', 'green-lines-2');
  const { body } = await rest.call('POST', '/v1/inspect/tickets', { token, body: { target: '*' } });
  const { page } = await openWindow(browser);
  await page.goto(String(body['url']));
  await live(page);
  await put(['auditor']);
  await page.getByText('your rights have changed').waitFor();
  await page.getByRole('button', { name: 'Open it again' }).click();
  await page.getByRole('button', { name: 'clerk' }).click();
  await page.getByText('for people with the role developer').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.context().close();
});

test.for([
  ['light', { width: 1440 }],
  ['dark', { width: 1440, dark: true }],
  ['narrow', { width: 360 }],
  ['narrow and dark', { width: 360, dark: true }],
  ['very wide', { width: 2560 }],
] as const)('[INSP-44] The page has no barrier and fits the screen: %s', async ([, options]) => {
  await rest.create('integration', { id: 'desk', input: {} }, 'operator');
  const address = await rest.payment({ amount_minor: 500_000 });
  await rest.send(address, { type: 'SUBMIT' });
  const { page, complaints } = await openWindow(browser, options);
  await page.goto(await ticketPage('*'));
  await live(page);
  await steps(page).first().waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  if (options.width < 1000) {
    for (const pane of ['Actors', 'Chart', 'Details']) {
      await page.getByRole('navigation').getByRole('button', { name: pane }).click();
      expect(await findBarriers(page), pane).toEqual([]);
      expect(await overflows(page), pane).toBe(false);
    }
  }
  expect(complaints).toEqual([]);
  await page.context().close();
});

const policyOf = async (path: string): Promise<string | null> => (await fetch(hub.url + path)).headers.get('content-security-policy');

test('[INSP-45] The page has the console’s policy, and the one of the Stately inspector that frame more and nothing else', async () => {
  const strict = await policyOf('/hq/');
  expect(strict).not.toContain('frame-src');
  expect(await policyOf('/inspect/')).toBe(strict);
  expect(await policyOf('/inspect/stately')).toBe(`${strict};frame-src https://stately.ai`);
});

/** What stands for the page of stately.ai: it says that it is there when it is told to, and keeps what it is handed. */
const FAR = `<!doctype html><title>far</title><script>
  window.got = [];
  addEventListener('message', (event) => window.got.push([event.origin, event.data]));
  window.connect = () => parent.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

test('[INSP-46] The Stately inspector is loaded when somebody wants it, and handed frames alone, at its own origin, once it is there', async () => {
  const address = await rest.payment({ payee: 'Far Ltd' });
  const { page, complaints } = await openWindow(browser);
  const asked: string[] = [];
  await page.route('https://stately.ai/**', (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: 'text/html', body: FAR });
  });
  await page.goto(await ticketPage(address));
  await live(page);
  await page.getByRole('link', { name: 'Stately inspector' }).click();
  await page.getByText('a page of somebody else').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  expect(asked).toEqual([]);
  await page.getByRole('button', { name: 'Hand what I look at to stately.ai' }).click();
  await page.getByText('Waiting for the page of stately.ai').waitFor();
  await poll(() => asked).toEqual(['https://stately.ai/inspect']);
  const far = await (await page.locator('iframe').elementHandle())?.contentFrame();
  if (!far) throw new Error('There is no frame');
  const got = () => far.evaluate('window.got') as Promise<[origin: string, frame: { type: string; sessionId: string; _version: string }][]>;
  // Not from the frame: it counts for nothing.
  await page.evaluate("postMessage({ type: '@statelyai.connected' }, '*')");
  await rest.send(address, { type: 'SUBMIT' });
  await page.waitForTimeout(300);
  expect(await got()).toEqual([]);
  await far.evaluate('window.connect()');
  await live(page);
  await poll(async () => (await got()).length).toBeGreaterThan(4);
  const frames = await got();
  expect(new Set(frames.map(([origin]) => origin))).toEqual(new Set([hub.url]));
  expect(frames[0]?.[1]).toMatchObject({ type: '@xstate.actor', sessionId: address, _version: '0.7.2' });
  expect(frames.every(([, { type }]) => type.startsWith('@xstate.'))).toBe(true);
  expect(JSON.stringify(frames)).not.toContain('resume');
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('[INSP-47] Without the setting there is no such page, and nothing leads to it', async () => {
  const plain = await startTestHub({ console: true });
  try {
    expect((await fetch(`${plain.url}/inspect/stately`)).status).toBe(404);
    expect((await fetch(`${plain.url}/inspect/`)).status).toBe(200);
    const { body } = await askTicket(plain, { target: '*' });
    const { page } = await openWindow(browser);
    await page.goto(String(body['url']));
    await live(page);
    expect(await page.getByRole('link', { name: 'Stately inspector' }).count()).toBe(0);
    await page.context().close();
  } finally {
    await plain.stop();
  }
});
