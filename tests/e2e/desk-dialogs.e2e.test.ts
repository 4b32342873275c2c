import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findBarriers } from '../support/browser.ts';
import { atDesk, mustBeWell } from '../support/desk.ts';
import { CLIENT } from '../support/rest.ts';

const desk = atDesk();

const { open: openAs } = desk;
const close = (page: Page) => page.context().close();
const control = (address: string, action: string) =>
  desk.rest.call('POST', `/v1/actors/${address}/control`, { as: 'operator', body: { action, reason: 'For the test' } });
/** What the focus is on, as it is called. */
const focused = (page: Page) =>
  page.evaluate('(document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent ?? "").trim()');

/** Parts of an element that stand out of it at its sides. */
function stickingOut(page: Page, outer: string, inner: string): Promise<string[]> {
  const script = `(() => {
    const { left, right } = document.querySelector(${JSON.stringify(outer)}).getBoundingClientRect();
    return [...document.querySelectorAll(${JSON.stringify(inner)})]
      .filter((one) => one.offsetParent !== null && (one.getBoundingClientRect().left < left - 1 || one.getBoundingClientRect().right > right + 1))
      .map((one) => one.outerHTML.slice(0, 120));
  })()`;
  return page.evaluate(script);
}

test.each([
  [360, true],
  [768, false],
  [1440, true],
])(
  '[DESK-31] a dialog about many stays within a window of %i pixels however long their names are, and shows them whole',
  async (width, dark) => {
    const name = `wide${width} ${'W'.repeat(130)}`;
    await desk.rest.payment({ payee: name, reference: 'Q'.repeat(139) });
    const kept = await desk.rest.payment({ payee: `wide${width} Kept Ltd` });
    const opened = await openAs('clerk', `/payments?q=wide${width}`, { width, dark });
    const { page } = opened;
    await page.getByText('2 payments', { exact: true }).waitFor();
    for (const box of await page.locator('.table-body .box').all()) await box.press('Space');
    await page.getByRole('button', { name: 'Act on them…' }).press('Enter');
    await page.getByRole('button', { name: 'Submit…' }).press('Enter');
    const send = page.getByRole('button', { name: 'Submit (2)' });
    await send.waitFor();
    expect(await stickingOut(page, 'html', '.modal, .modal *')).toEqual([]);
    expect(await stickingOut(page, '.modal', '.modal *')).toEqual([]);
    expect(await page.evaluate('[...document.querySelectorAll(".bulk-title")].every((one) => one.scrollWidth <= one.clientWidth)')).toBe(
      true,
    );
    expect((await control(kept, 'pause')).status).toBe(200);
    await send.press('Enter');
    await page.getByText('1 done, 1 kept by the hub.').waitFor();
    await mustBeWell(opened, `bulk-long-${width}`);
    await close(page);
  },
);

test('[DESK-32] whoever fills a new payment in wrongly is led to what is wrong, also where the hub found it', async () => {
  const { page, complaints } = await openAs('clerk', '/payments', { width: 360 });
  await page.getByRole('button', { name: 'New payment' }).press('Enter');
  const dialog = page.getByRole('dialog');
  const field = (name: string) => dialog.getByRole('textbox', { name });
  const create = dialog.getByRole('button', { name: 'Create payment' });
  await dialog.getByLabel('Client').fill('acme');
  await field('Amount').fill('12,34.567');
  await create.press('Enter');
  await expect.poll(() => focused(page)).toBe('Payee');
  await field('Payee').fill('Aurora Freight');
  await create.press('Enter');
  await expect.poll(() => focused(page)).toBe('Amount');
  await field('Amount').fill('12.34');
  await field('Reference').fill('card 4111 1111 1111 1111');
  await create.press('Enter');
  await dialog.getByText('What is wrong stands at the fields below.').waitFor();
  await expect.poll(() => focused(page)).toBe('Reference');
  const said = await page.evaluate(
    'document.getElementById(document.activeElement.getAttribute("aria-describedby").split(" ")[0]).textContent',
  );
  expect(said).toMatch(/card number/);
  expect(await dialog.getByText('reference', { exact: true }).count()).toBe(0);
  expect(await findBarriers(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-36] whoever makes a client of no country is led to the field, which says what is expected, and nothing is made', async () => {
  const { page, complaints } = await openAs('clerk', '/clients', { width: 360 });
  await page.getByRole('button', { name: 'New client' }).press('Enter');
  const dialog = page.getByRole('dialog');
  const field = (name: string) => dialog.getByRole('textbox', { name });
  await field('Name').fill('Nowhere Ltd');
  await field('Email').fill('office@nowhere.example');
  for (const country of ['ZZ', 'XK', 'Germany']) {
    await field('Country').fill(country);
    await dialog.getByRole('button', { name: 'Create client' }).press('Enter');
    await dialog.getByText('Enter a country by its two letters, like DE for Germany.').waitFor();
    await expect.poll(() => focused(page)).toMatch(/^Country/);
    await field('Name').focus();
  }
  expect(await findBarriers(page)).toEqual([]);
  await field('Country').fill('DE');
  await dialog.getByText('Germany', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Create client' }).press('Enter');
  await page.waitForURL(/\/hq\/client\//);
  expect(complaints).toEqual([]);
  await close(page);
});

test('[DESK-32] an operator is led to the event that is none, and then to the reason that is missing', async () => {
  const address = await desk.rest.payment({ payee: 'Led Ltd', amount_minor: 500_000 });
  expect((await control(address, 'pause')).status).toBe(200);
  await desk.rest.send(address, { type: 'SUBMIT' });
  const { page } = await openAs('operator', '/dead-letters');
  const row = page.getByRole('table', { name: 'Letters' }).getByRole('row').filter({ hasText: address });
  await row.getByRole('button', { name: 'Edit and send…' }).press('Enter');
  await expect.poll(() => focused(page)).toBe('Event, as JSON');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Say why, in a few words.').waitFor();
  await expect.poll(() => focused(page)).toBe('Reason');
  await page.keyboard.type('Another one');
  await page.getByRole('textbox', { name: 'Event, as JSON' }).fill('{"no": "type"}');
  await page.keyboard.press('Control+Enter');
  await page.getByText('This is not a JSON object with a type.').waitFor();
  await expect.poll(() => focused(page)).toBe('Event, as JSON');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => focused(page)).toBe('Edit and send…');
  await close(page);
});

test.each([[721], [768], [840], [841]])('[DESK-33] no column of a list is cut off at %i pixels', async (width) => {
  await desk.rest.payment({ payee: 'Column Ltd' });
  await desk.rest.create('client', { input: CLIENT });
  await desk.rest.create('account', { input: { client: 'acme', name: 'Column account', currency: 'EUR' } });
  for (const path of ['/payments', '/clients', '/accounts']) {
    const { page } = await openAs('clerk', path, { width });
    await page.locator('.table-body [data-column]').first().waitFor();
    expect(await stickingOut(page, '.table', '.table-body [data-column]'), path).toEqual([]);
    await close(page);
  }
});

test('[DESK-34] on a narrow window the menu shows the screen that somebody is on', async () => {
  const { page } = await openAs('operator', '/dead-letters', { width: 360 });
  await expect.poll(() => stickingOut(page, 'html', '.nav-link[aria-current]')).toEqual([]);
  await close(page);
});
