import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/browser.ts';
import { breakConnection } from '../support/broken-connection.ts';
import { atDesk } from '../support/desk.ts';

const desk = atDesk();

/** Each test begins with an empty queue. */
afterEach(async () => {
  const { body } = await desk.rest.get('/v1/actors/payment?state=needs_approval', 'clerk');
  for (const { address } of body['items'] as { address: string }[]) await send(address, { type: 'CANCEL' });
});

const { open: openAs } = desk;
const close = (page: Page) => page.context().close();

async function submitted(payee: string, amount_minor: number): Promise<string> {
  const address = await desk.rest.payment({ payee, amount_minor });
  expect((await desk.rest.send(address, { type: 'SUBMIT' })).status).toBe(200);
  return address;
}

async function send(address: string, body: Record<string, unknown>, as = 'clerk'): Promise<void> {
  expect((await desk.rest.send(address, body, as)).status).toBe(200);
}

const contextOf = async (address: string) =>
  (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['context'] as Record<string, unknown>;
const stateOf = async (address: string) => String((await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['state']);

describe('approvals while others decide, too', () => {
  const shown = (page: Page) => page.locator('.decision [data-field="payee"] dd').textContent();
  const queued = (page: Page) => page.locator('.queue-title').allTextContents();

  test('[DESKSAFE-1] while something is asked about a payment nothing takes its place: the dialog says that it has left, and keeps what is typed', async () => {
    const first = await submitted('Asked Ltd', 500_000);
    const second = await submitted('Behind Ltd', 700_000);
    const { page, complaints } = await openAs('approver', '/approvals');
    await expect.poll(() => shown(page)).toBe('Asked Ltd');
    await page.keyboard.press('d');
    const dialog = page.getByRole('dialog');
    const reason = dialog.getByRole('textbox', { name: 'Reason' });
    await reason.waitFor();
    await page.keyboard.type('Not ordered ');
    await send(first, { type: 'DENY', reason: 'Nobody knows them' }, 'cfo');
    await dialog.getByText('It has left your queue.').waitFor();
    await expect.poll(async () => (await queued(page)).some((title) => title.includes('Asked'))).toBe(false);
    await page.keyboard.type('and a day late');
    await page.keyboard.press('Control+Enter');
    expect(await reason.inputValue()).toBe('Not ordered and a day late');
    expect(await shown(page)).toBe('Asked Ltd');
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => shown(page)).toBe('Behind Ltd');
    expect([await stateOf(second), (await contextOf(second))['approvals']]).toEqual(['needs_approval', []]);
    expect(complaints).toEqual([]);
    await close(page);
  });

  test('[DESKSAFE-2] a key pressed in the moment in which another payment takes the place is not meant for that one', async () => {
    const first = await submitted('Gone Ltd', 500_000);
    await submitted('Comes Ltd', 700_000);
    const { page } = await openAs('approver', '/approvals');
    await expect.poll(() => shown(page)).toBe('Gone Ltd');
    // As quick as nobody is: with the very frame in which the other one stands there.
    await page.evaluate(`new MutationObserver((_, watch) => {
      if (document.querySelector('.decision [data-field="payee"] dd')?.textContent !== 'Comes Ltd') return;
      watch.disconnect();
      setTimeout(() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true, cancelable: true })), 100);
    }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
    await send(first, { type: 'CANCEL' });
    await expect.poll(() => shown(page)).toBe('Comes Ltd');
    await page.waitForTimeout(1_000);
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('a');
    await page.getByRole('dialog').getByText('7,000.00 EUR').waitFor();
    await page.keyboard.press('Escape');
    await close(page);
  });

  test('[DESKSAFE-1] nor does another one take its place when the rights of whoever has the dialog open change', async () => {
    const roles = (...names: string[]) =>
      desk.rest.call('PUT', '/v1/people/deputy', { as: 'admin', body: { roles: names, password: 'green-lines' } });
    expect((await roles('approver')).status).toBe(200);
    await submitted('Before Ltd', 500_000);
    await submitted('Meant Ltd', 700_000);
    const { page } = await openAs('deputy', '/approvals');
    await page.locator('.queue-item', { hasText: 'Meant Ltd' }).press('Enter');
    await expect.poll(() => shown(page)).toBe('Meant Ltd');
    await page.locator('.decision').press('d');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Reason' }).waitFor();
    expect((await desk.rest.call('PUT', '/v1/people/deputy', { as: 'admin', body: { roles: ['approver', 'auditor'] } })).status).toBe(200);
    await page.getByText('approver, auditor').waitFor();
    await expect.poll(() => shown(page)).toBe('Meant Ltd');
    await page.getByRole('dialog').getByText('Meant Ltd').waitFor();
    await close(page);
  });

  test('[DESKSAFE-3] an approval that is refused because somebody was faster says so, also when its payment has left the queue', async () => {
    const first = await submitted('Faster Ltd', 500_000);
    const second = await submitted('Later Ltd', 700_000);
    const { page } = await openAs('approver', '/approvals');
    const become = await breakConnection(page);
    await expect.poll(() => shown(page)).toBe('Faster Ltd');
    await page.keyboard.press('a');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('5,000.00 EUR').waitFor();
    become('late');
    await page.keyboard.press('Enter');
    await dialog.getByText('Approve…').waitFor();
    await send(first, { type: 'CANCEL' });
    await expect.poll(async () => (await queued(page)).some((title) => title.includes('Faster'))).toBe(false);
    become('none');
    await dialog.getByText('Approve was refused').waitFor();
    await dialog.getByText('It has left your queue.').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await expect.poll(() => shown(page)).toBe('Later Ltd');
    expect((await contextOf(second))['approvals']).toEqual([]);
    await close(page);
  });
});

test('[DESKSAFE-6] of many that are approved, each stands there as it is, and one that was changed since it was picked is left out until it is ticked', async () => {
  const grown = await submitted('Bulk Grown Ltd', 100_000);
  const same = await submitted('Bulk Same Ltd', 200_000);
  const { page, complaints } = await openAs('approver', '/payments?q=bulk&sort=title');
  await page.getByText('2 payments', { exact: true }).waitFor();
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await page.getByText('2 selected').first().waitFor();
  await send(grown, { type: 'AMEND', amount_minor: 100_000_000 });
  await page.locator('.table-row', { hasText: '1,000,000.00 EUR' }).waitFor();
  await page.getByRole('button', { name: 'Act on them…' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Approve…' }).press('Enter');
  const row = dialog.getByRole('listitem').filter({ hasText: 'Bulk Grown Ltd' });
  await row.getByText('1,000,000.00 EUR').waitFor();
  await row.getByText(/It was Bulk Grown Ltd .*, 1,000\.00 EUR/).waitFor();
  expect(await dialog.locator('.totals').textContent()).toBe('2,000.00 EUR');
  await dialog.getByRole('button', { name: 'Approve (1)' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await row.getByRole('checkbox').press('Space');
  expect(await dialog.locator('.totals').textContent()).toBe('1,002,000.00 EUR');
  await row.getByRole('checkbox').press('Space');
  await dialog.getByRole('button', { name: 'Approve (1)' }).press('Enter');
  await dialog.getByText('All 1 done.').waitFor();
  await row.getByText('Changed since you picked it, and left out').waitFor();
  expect([(await contextOf(grown))['approvals'], (await contextOf(same))['approvals']]).toEqual([[], [expect.anything()]]);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESKSAFE-13] what answers more slowly than it is asked again is waited for, and a failure is told', async () => {
  const { page } = await openAs('operator', '/');
  let isFailing = false;
  // The page asks every two seconds.
  await page.route('**/v1/nodes', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    if (isFailing)
      await route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal","detail":"Broken."}' });
    else await route.continue();
  });
  await page.getByRole('link', { name: 'Nodes' }).press('Enter');
  await page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor();
  await page.getByText(desk.hub.url).first().waitFor();
  isFailing = true;
  await page.getByText('Broken.').waitFor();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await close(page);
});

test('[DESKSAFE-14] compared with a newer version, what changed is told from the older one to the newer, and the newer one is shown', async () => {
  const address = await desk.rest.payment({ payee: 'Compared Ltd', reference: 'first' });
  for (const reference of ['second', 'third']) await send(address, { type: 'AMEND', reference });
  const { page } = await openAs('clerk', `/${address}?at=1`);
  await page.getByRole('link', { name: 'Compare version 3 with what is shown' }).press('Enter');
  await page.getByRole('heading', { name: 'What changed from version 1 to 3' }).waitFor();
  expect(new URL(page.url()).search).toBe('?at=3&from=1');
  await page.goto(`${desk.hub.url}/hq/${address}?at=1&from=3`);
  await page.getByRole('heading', { name: 'What changed from version 1 to 3' }).waitFor();
  await page.getByText('Version 3, the newest').waitFor();
  await close(page);
});

test('[DESKSAFE-16] what is seen as somebody else stands under the name of what was asked for, and a late answer does not replace it', async () => {
  const [slow, quick] = [await desk.rest.payment({ payee: 'Slow Ltd' }), await desk.rest.payment({ payee: 'Quick Ltd' })];
  const { page } = await openAs('auditor', '/people');
  await page.route('**/v1/see-as', async (route) => {
    if (route.request().postData()?.includes(slow.slice(8)) === true) await new Promise((resolve) => setTimeout(resolve, 2_000));
    await route.continue();
  });
  const card = page.locator('.card', { has: page.getByRole('heading', { name: 'See it as somebody else' }) });
  await card.getByRole('textbox', { name: 'Reason' }).fill('a test');
  for (const address of [slow, quick]) {
    await card.getByRole('textbox', { name: 'What' }).fill(address);
    await card.getByRole('button', { name: 'Look' }).press('Enter');
  }
  const seen = card.locator('.seen');
  await seen.getByText(quick, { exact: true }).waitFor();
  await page.waitForTimeout(2_500);
  expect(await seen.textContent()).toContain('Quick Ltd');
  await close(page);
});

/** What a browser keeps of a sign-in, put there as another tab does that signs somebody else in. */
async function signInElsewhere(page: Page, who: string): Promise<void> {
  const { accessToken, refreshToken, expiresIn } = await desk.hub.signIn(who);
  const tokens = JSON.stringify({ accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1_000 });
  const tab = await page.context().newPage();
  await tab.goto(`${desk.hub.url}/healthz`);
  await tab.evaluate(`localStorage.setItem('green-lines.tokens', ${JSON.stringify(tokens)})`);
  await tab.close();
}

test('[DESKSAFE-17] what one person has picked and typed is gone when another one is signed in, also without a sign-out in between', async () => {
  await desk.rest.payment({ payee: 'Picked Ltd' });
  const { page } = await openAs('clerk', '/payments?q=picked');
  await page.locator('.row-link').first().waitFor();
  for (const key of ['j', 'x']) await page.keyboard.press(key);
  await page.getByText('1 selected').first().waitFor();
  await page.getByRole('button', { name: 'New payment' }).press('Enter');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Payee' }).fill('Secret Ltd');
  await signInElsewhere(page, 'approver');
  await page.getByRole('button', { name: /approver/ }).waitFor();
  await page.locator('.row-link').first().waitFor();
  expect([await page.getByRole('dialog').count(), await page.getByText('1 selected').count()]).toEqual([0, 0]);
  await close(page);
});

test('[DESKSAFE-17] the inspector in another tab shows nothing any more when its person signs out in the console', async () => {
  const address = await desk.rest.payment({ payee: 'Watched Ltd' });
  const { page } = await openAs('developer', '/');
  const inspector = await page.context().newPage();
  await inspector.goto(`${desk.hub.url}/inspect/?target=${address}`);
  await inspector.locator('.pane-steps .step').first().waitFor();
  await page.getByRole('button', { name: /account menu/ }).press('Enter');
  await page.getByRole('menuitem', { name: 'Sign out' }).press('Enter');
  await inspector.getByLabel('Password').waitFor();
  expect(await inspector.locator('.step').count()).toBe(0);
  await inspector.reload();
  await inspector.getByLabel('Password').waitFor();
  expect(await inspector.evaluate("sessionStorage.getItem('green-lines.inspect')")).toBeNull();
  await close(page);
});

describe('whoever goes by ear or by keys', () => {
  test('[DESKSAFE-18] what is said while a dialog is open is heard: the dialog silences all of the page but that', async () => {
    const { page } = await openAs('clerk', '/payments');
    const isSilenced = () =>
      page.evaluate("document.querySelector('[data-live-announcer]')?.closest('[inert], [aria-hidden=true]') !== null");
    await page.getByRole('button', { name: 'New payment' }).press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await isSilenced()).toBe(false);
    expect(await page.evaluate("document.querySelector('main').closest('[inert]') !== null")).toBe(true);
    await close(page);
  });

  test('[DESKSAFE-19] the focus stays among the actions while one is under way, and when the one that was pressed goes away by it', async () => {
    const address = await desk.rest.payment({ payee: 'Focused Ltd', amount_minor: 500_000 });
    const { page } = await openAs('clerk', `/${address}`);
    const become = await breakConnection(page);
    const focused = () => page.evaluate("document.activeElement.className + ' ' + document.activeElement.textContent");
    await page.getByRole('button', { name: 'Submit' }).focus();
    become('late');
    await page.keyboard.press('Enter');
    await page.locator('.actions .button[data-busy]').first().waitFor();
    expect(await focused()).toMatch(/^button Submit/);
    become('none');
    await page.getByText('Submit: done.').waitFor({ state: 'attached' });
    await expect.poll(focused).toMatch(/^actions /);
    // A dialog that ends by itself leads to where its button was.
    await page.getByRole('button', { name: 'Cancel…' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).press('Enter');
    await page.getByText('Cancel: done.').waitFor({ state: 'attached' });
    await expect.poll(focused).toMatch(/^actions /);
    await close(page);
  });

  test('[DESKSAFE-20] keys of a single letter can be switched off; arrows and keys with Ctrl go on working', async () => {
    for (const payee of ['Upper Ltd', 'Lower Ltd']) await submitted(payee, 300_000);
    const { page, complaints } = await openAs('approver', '/approvals');
    const payee = page.locator('.decision [data-field="payee"] dd');
    await payee.getByText('Upper Ltd').waitFor();
    await page.keyboard.press('?');
    const letters = page.getByRole('dialog').getByRole('checkbox', { name: 'Keys of a single letter or sign' });
    await letters.press('Space');
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    for (const key of ['j', 'a', 'd', '?', 'g', 'p']) await page.keyboard.press(key);
    await page.waitForTimeout(500);
    expect([await page.getByRole('dialog').count(), await payee.textContent(), new URL(page.url()).pathname]).toEqual([
      0,
      'Upper Ltd',
      '/hq/approvals',
    ]);
    await page.keyboard.press('ArrowDown');
    await payee.getByText('Lower Ltd').waitFor();
    expect(await page.locator('.decision kbd').count()).toBe(0);
    await page.reload();
    await payee.getByText('Upper Ltd').waitFor();
    await page.keyboard.press('j');
    await page.getByRole('button', { name: /account menu/ }).press('Enter');
    await page.getByRole('menuitem', { name: 'Keys' }).press('Enter');
    expect(await letters.isChecked()).toBe(false);
    await letters.press('Space');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('j');
    await payee.getByText('Lower Ltd').waitFor();
    expect(complaints).toEqual([]);
    await close(page);
  });
});

test('[DESKSAFE-21] whose rights have changed has nothing picked any more of what was shown to him before', async () => {
  const person = { roles: ['clerk'], password: 'green-lines' };
  expect((await desk.rest.call('PUT', '/v1/people/shift', { as: 'admin', body: person })).status).toBe(200);
  await desk.rest.payment({ payee: 'Shifted Ltd' });
  const { page } = await openAs('shift', '/payments?q=shifted');
  await page.locator('.row-link').first().waitFor();
  for (const key of ['j', 'x']) await page.keyboard.press(key);
  await page.getByText('1 selected').first().waitFor();
  expect((await desk.rest.call('PUT', '/v1/people/shift', { as: 'admin', body: { roles: ['auditor'] } })).status).toBe(200);
  await expect.poll(() => page.locator('.selection-bar').count()).toBe(0);
  await page.locator('.row-link').first().waitFor();
  await close(page);
});
