import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { breakConnection, PATIENCE_MS } from '../support/broken-connection.ts';
import { findBarriers } from '../support/browser.ts';
import { ChartScene } from '../support/chart-scene.ts';
import { atDesk } from '../support/desk.ts';

let scene: ChartScene;
const desk = atDesk();

beforeAll(async () => {
  scene = new ChartScene(desk.hub);
  await scene.open();
});

const { open: openAs } = desk;
const close = (page: Page) => page.context().close();

async function send(address: string, body: Record<string, unknown>, as = 'clerk'): Promise<void> {
  expect((await desk.rest.send(address, body, as)).status).toBe(200);
}

const contextOf = async (address: string) =>
  (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['context'] as Record<string, unknown>;

/** A payment of 900.00 EUR that has been captured. */
const settled = (payee: string): Promise<string> => scene.submitted({ payee, amount_minor: 90_000 }, 'settled');
const refundsOf = async (address: string) => (await contextOf(address))['refunds'] as readonly unknown[];
const isRefunded = async (address: string) => (await contextOf(address))['refunded_minor'];

test.each(['closed', 'loaded again'])(
  '[DESKSAFE-10] a refund that was not answered is tried again as the same one after its dialog was %s',
  async (how) => {
    const address = await settled(`Refund ${how}`);
    const { page, complaints } = await openAs('clerk', `/${address}`);
    await page.clock.install();
    const become = await breakConnection(page);
    const button = page.getByRole('button', { name: 'Refund…' });
    const dialog = page.getByRole('dialog');
    await button.press('Enter');
    await dialog.getByRole('textbox', { name: 'Amount' }).fill('100');
    become('unanswered');
    await dialog.getByRole('button', { name: 'Refund', exact: true }).press('Enter');
    await expect.poll(() => isRefunded(address)).toBe(10_000);
    if (how === 'closed') {
      await page.clock.fastForward(PATIENCE_MS);
      await dialog.getByText('Refund: the hub has not answered').waitFor();
      expect(await findBarriers(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Close' }).press('Enter');
    } else await page.reload();
    become('none');
    await button.press('Enter');
    await dialog.getByText('Refund: the hub has not answered').waitFor();
    expect(await dialog.getByRole('textbox', { name: 'Amount' }).inputValue()).toBe('100.00');
    expect(await dialog.getByRole('textbox', { name: 'Amount' }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByText('Refund: it had been done already.').waitFor({ state: 'attached' });
    await dialog.waitFor({ state: 'detached' });
    expect(await refundsOf(address)).toHaveLength(1);
    // The next one is another one.
    await button.press('Enter');
    await dialog.getByRole('textbox', { name: 'Amount' }).fill('50');
    await dialog.getByRole('button', { name: 'Refund', exact: true }).press('Enter');
    await expect.poll(() => isRefunded(address)).toBe(15_000);
    expect(complaints).toEqual([]);
    await close(page);
  },
);

test('[DESKSAFE-10] whoever means a different one says so, and is told that it comes on top', async () => {
  const address = await settled('Refund twice');
  const { page } = await openAs('clerk', `/${address}`);
  await page.clock.install();
  const become = await breakConnection(page);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Refund…' }).press('Enter');
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('100');
  become('unanswered');
  await dialog.getByRole('button', { name: 'Refund', exact: true }).press('Enter');
  await expect.poll(() => isRefunded(address)).toBe(10_000);
  await page.clock.fastForward(PATIENCE_MS);
  become('none');
  await dialog.getByText(/a different one comes on top/).waitFor();
  await dialog.getByRole('button', { name: 'Send a different one' }).press('Enter');
  expect(await dialog.locator('[data-field="refunded_minor"] dd').textContent()).toBe('100.00 EUR');
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('25');
  await dialog.getByRole('button', { name: 'Refund', exact: true }).press('Enter');
  await expect.poll(() => isRefunded(address)).toBe(12_500);
  await close(page);
});

test('[DESKSAFE-11] a creation that was not answered is made once, also when its dialog was closed meanwhile', async () => {
  const { page } = await openAs('clerk', '/payments?q=created');
  const open = page.getByRole('button', { name: 'New payment' });
  const dialog = page.getByRole('dialog');
  // The hub does it, and its answer is lost.
  await page.route('**/v1/actors/payment', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await open.press('Enter');
  await dialog.getByLabel('Client').fill('acme');
  await dialog.getByRole('textbox', { name: 'Payee' }).fill('Created Once Ltd');
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('70');
  await dialog.getByRole('textbox', { name: 'Reference' }).fill('C-1');
  await dialog.getByRole('button', { name: 'Create payment' }).press('Enter');
  await dialog.getByText(/Whether the payment was created is not known/).waitFor({ timeout: 30_000 });
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).press('Enter');
  await page.unroute('**/v1/actors/payment');
  await open.press('Enter');
  await dialog.getByText(/Whether the payment was created is not known/).waitFor();
  expect(await dialog.getByRole('textbox', { name: 'Payee' }).inputValue()).toBe('Created Once Ltd');
  await dialog.getByRole('button', { name: 'Try again' }).press('Enter');
  await page.waitForURL(/\/hq\/payment\//);
  const { body } = await desk.rest.get('/v1/actors/payment?q=created', 'clerk');
  expect(body['items']).toHaveLength(1);
  await page.getByRole('heading', { name: 'History' }).waitFor();
  await page.goBack();
  await open.press('Enter');
  expect(await dialog.getByRole('textbox', { name: 'Payee' }).inputValue()).toBe('');
  await close(page);
});

test('[DESKSAFE-12] each event has an id of its own: what was not answered stands in the way of no other one', async () => {
  const address = 'integration/sandbox_checks';
  await send(address, { type: 'DISABLE' }, 'operator');
  await send(address, { type: 'TRIP', reason: 'a test' }, 'operator');
  const { page, complaints } = await openAs('operator', `/${address}`);
  await page.clock.install();
  const become = await breakConnection(page);
  become('lost');
  await page.getByRole('button', { name: 'Enable' }).press('Enter');
  await page.clock.fastForward(PATIENCE_MS);
  await page.getByText('Enable: the hub has not answered').waitFor();
  become('none');
  await page.getByRole('button', { name: 'Reset' }).press('Enter');
  await page.getByText('Reset: done.').waitFor({ state: 'attached' });
  await page.getByText('Enable: the hub has not answered').waitFor();
  await page.getByRole('button', { name: 'Enable' }).press('Enter');
  await page.getByText('Enable: done.').waitFor({ state: 'attached' });
  expect(await page.getByText('the hub has not answered').count()).toBe(0);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESKSAFE-5] whoever decides on what has changed meanwhile is told, whatever he decides', async () => {
  const address = await settled('Refund by two');
  const { page } = await openAs('clerk', `/${address}`);
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Refund…' }).press('Enter');
  await dialog.getByRole('textbox', { name: 'Amount' }).fill('900');
  await send(address, { type: 'REFUND', refund: 'by_another', amount_minor: 10_000 }, 'cfo');
  await dialog.getByText('It has been changed since you opened this.').waitFor();
  await expect.poll(() => isRefunded(address)).toBe(10_000);
  await dialog.getByText(/^No longer as it stands above: Refunded/).waitFor();
  await dialog.getByRole('textbox', { name: 'Amount' }).press('Enter');
  expect(await dialog.locator('[data-field="refunded_minor"] dd').textContent()).toBe('0.00 EUR');
  expect(await refundsOf(address)).toHaveLength(1);
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Show what it is now' }).press('Enter');
  expect(await dialog.locator('[data-field="refunded_minor"] dd').textContent()).toBe('100.00 EUR');
  expect(await dialog.getByRole('textbox', { name: 'Amount' }).inputValue()).toBe('900');
  await close(page);
});

test('[DESKSAFE-22] a step that was not answered is not taken twice, whatever reason is given for it the second time', async () => {
  const address = await desk.rest.payment({ payee: 'Stepped Ltd' });
  const control = (action: string) =>
    desk.rest.call('POST', `/v1/actors/${address}/control`, { as: 'operator', body: { action, reason: 'a test' } });
  const noteOf = async () => [
    (await contextOf(address))['reference'],
    (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['version'],
  ];
  expect((await control('pause')).status).toBe(200);
  for (const reference of ['first', 'second', 'third']) await desk.rest.send(address, { type: 'AMEND', reference });
  const { page } = await openAs('operator', `/${address}`);
  const dialog = page.getByRole('dialog');
  const step = async (reason: string): Promise<void> => {
    await page.getByRole('button', { name: 'Step…' }).press('Enter');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill(reason);
    await dialog.getByRole('button', { name: 'Step', exact: true }).press('Enter');
  };
  await page.route('**/control', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    return route.abort();
  });
  await step('one event');
  await dialog.getByText('Whether it was done is not known').waitFor();
  await page.keyboard.press('Escape');
  await page.unroute('**/control');
  const once = await noteOf();
  expect(once[0]).toBe('first');
  await step('said otherwise');
  await dialog.getByText('The hub has received your last one').waitFor();
  await page.keyboard.press('Escape');
  expect(await noteOf()).toEqual(once);
  await step('the next event');
  await page.getByText('Step: done.').waitFor({ state: 'attached' });
  expect((await noteOf())[0]).toBe('second');
  await close(page);
});
