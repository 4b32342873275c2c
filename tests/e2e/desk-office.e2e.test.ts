import { describe, expect, test } from 'vitest';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import type { Json } from '../support/rest.ts';

const desk = atDesk();

const { open } = desk;
const stateOf = async (address: string) => (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['state'];
const control = (address: string, action: string) =>
  desk.rest.call('POST', `/v1/actors/${address}/control`, { as: 'operator', body: { action, reason: 'For the test' } });

/** A payment that stands still, with an event that is kept for it. */
async function letter(payee: string): Promise<string> {
  const address = await desk.rest.payment({ payee, amount_minor: 500_000 });
  expect((await control(address, 'pause')).status).toBe(200);
  await desk.rest.send(address, { type: 'SUBMIT' });
  return address;
}

describe('dead letters', () => {
  test('[DESK-25] by keys: one letter is discarded, all of a cause are sent again, and their actors go on', async () => {
    const [first, second, third] = [await letter('Letter One'), await letter('Letter Two'), await letter('Letter Three')];
    const opened = await open('operator', '/dead-letters');
    const { page } = opened;
    const table = page.getByRole('table', { name: 'Letters' });
    await table.getByText(third).waitFor();
    const row = (address: string) => table.getByRole('row').filter({ hasText: address });
    await row(third).getByRole('button', { name: 'Discard…' }).press('Enter');
    await page.getByRole('textbox', { name: 'Reason' }).fill('Sent by mistake');
    await page.keyboard.press('Control+Enter');
    await row(third).waitFor({ state: 'detached' });
    expect((await control(first, 'resume')).status).toBe(200);
    expect((await control(second, 'resume')).status).toBe(200);
    await page.getByRole('button', { name: 'Send all again…' }).press('Enter');
    await page.getByRole('textbox', { name: 'Reason' }).fill('They go on');
    await mustBeWell(opened, 'letters-dialog');
    await page.keyboard.press('Control+Enter');
    await page.getByText('No letter waits.').first().waitFor();
    for (const address of [first, second]) await expect.poll(() => stateOf(address)).toEqual(['needs_approval']);
    expect(await stateOf(third)).toEqual(['draft']);
    await page.context().close();
  });

  test('[DESK-25] what is sent in place of a letter must be an event and is the operator’s own act; an auditor can look but not act', async () => {
    const address = await letter('Letter Four');
    const { page } = await open('operator', '/dead-letters');
    const row = page.getByRole('table', { name: 'Letters' }).getByRole('row').filter({ hasText: address });
    await row.getByRole('button', { name: 'Edit and send…' }).press('Enter');
    await page.getByRole('textbox', { name: 'Event, as JSON' }).fill('{"no": "type"}');
    await page.getByRole('textbox', { name: 'Reason' }).fill('Another one');
    await page.keyboard.press('Control+Enter');
    await page.getByText('This is not a JSON object with a type.').waitFor();
    const auditor = await open('auditor', '/dead-letters');
    await auditor.page.getByText(address).waitFor();
    expect(await auditor.page.getByRole('button', { name: 'Discard…' }).count()).toBe(0);
    expect((await control(address, 'resume')).status).toBe(200);
    // An operator may not submit for a clerk: what he sends is his own act, and it is refused as such.
    await page.getByRole('textbox', { name: 'Event, as JSON' }).fill('{"type": "SUBMIT"}');
    await page.getByRole('textbox', { name: 'Reason' }).press('Control+Enter');
    await page.getByText('It was not done').waitFor();
    expect(await stateOf(address)).toEqual(['draft']);
    await Promise.all([page.context().close(), auditor.page.context().close()]);
  });
});

test('[DESK-26] every partition has an owner on the map, and the node is named', async () => {
  const { page } = await open('operator', '/nodes');
  await page.getByText('1 node', { exact: true }).waitFor();
  await page.getByText('Every partition has an owner.').waitFor();
  expect(await page.locator('.partition').count()).toBe(32);
  await page.context().close();
});

test('[DESK-27] an operator switches an integration by keys and sets it up; a secret is not shown again', async () => {
  const { page } = await open('operator', '/integrations');
  const card = page.getByRole('region', { name: 'Sandbox payment gateway' });
  await card.getByRole('button', { name: 'Enable', exact: true }).press('Enter');
  await card.getByText('Circuit closed').waitFor();
  await card.getByRole('button', { name: 'Disable…' }).press('Enter');
  await page.getByRole('dialog').getByRole('textbox').first().fill('Maintenance');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await card.getByText('Disabled', { exact: true }).waitFor();
  await card.getByRole('button', { name: 'Configure…' }).press('Enter');
  await page.getByRole('textbox', { name: 'Time to answer (ms)' }).fill('7');
  await page.getByLabel('Signing secret of webhooks').fill('a-secret-of-the-test');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await card.locator('.row', { hasText: 'Time to answer (ms)' }).getByText('7', { exact: true }).waitFor();
  await card.getByRole('button', { name: 'Configure…' }).press('Enter');
  expect(await page.getByLabel('Signing secret of webhooks').inputValue()).toBe('');
  expect(await page.content()).not.toContain('a-secret-of-the-test');
  await page.context().close();
});

test('[OFFICE-6] by keys: what is wrong with a setting is said at it, by the form or by the hub, and the focus goes there', async () => {
  const opened = await open('operator', '/integrations');
  const { page } = opened;
  await page.getByRole('region', { name: 'Sandbox payment gateway' }).getByRole('button', { name: 'Configure…' }).press('Enter');
  const wait = page.getByRole('textbox', { name: 'Time to answer (ms)' });
  const secret = page.getByLabel('Signing secret of webhooks');
  const send = page.getByRole('button', { name: 'Use it at once' });
  const says = (sentence: RegExp) => ({ has: page.getByText(sentence), hasNot: page.getByRole('radio') });
  await wait.fill('60001');
  await send.press('Enter');
  await page
    .locator('.field')
    .filter(says(/^At most 60/))
    .filter({ has: wait })
    .waitFor();
  expect(await wait.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
  await wait.fill('60000');
  await secret.fill('s'.repeat(9_000));
  await send.press('Enter');
  await page.getByRole('alert').getByText('What is wrong stands at the fields below.').waitFor();
  await page.locator('.field').filter(says(/8192/)).filter({ has: secret }).waitFor();
  expect(await secret.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
  await mustBeWell(opened, 'integration-dialog');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await page.getByText('60,000').count()).toBe(0);
  await page.context().close();
});

describe('audit', () => {
  test('[DESK-21] by keys: the journal is searched, the search can be shared as a link, and a row leads to the actor as it was', async () => {
    const address = await desk.rest.payment({ payee: 'Audit Ltd', amount_minor: 500_000 });
    await desk.rest.send(address, { type: 'SUBMIT' });
    const { page } = await open('auditor', '/audit');
    await page.getByRole('textbox', { name: 'Actor' }).fill(address);
    await page.keyboard.press('Enter');
    await page.waitForURL(/actor=payment/);
    await page.getByText('2 rows found').waitFor();
    await page.getByRole('link', { name: `${address}@1` }).press('Enter');
    await page.getByText('As it was at version 1').waitFor();
    await page.context().close();
  });

  test('[DESK-22] the chains are checked with a word on how it goes, and what is wrong is named', async () => {
    const { page } = await open('auditor', '/audit');
    await page.getByRole('button', { name: 'Check', exact: true }).press('Enter');
    await page.getByText('everything is as it was written').waitFor();
    const address = await desk.rest.payment({ payee: 'Bad Row' });
    const database = desk.hub.hub.store.database();
    await database.query('harm', `update journal set caller = 'mallory' where actor = $1`, [address]);
    await page.getByRole('button', { name: 'Check', exact: true }).press('Enter');
    await page.getByText(/^1 finding in/).waitFor();
    await page.getByText(`${address}@1`).waitFor();
    await database.query('heal', `update journal set caller = 'clerk' where actor = $1`, [address]);
    await page.context().close();
  });
});

describe('people', () => {
  test('[DESK-24] an admin makes somebody, gives him roles, and switches him off; it is so at once', async () => {
    const { page } = await open('admin', '/people');
    await page.getByRole('button', { name: 'New person' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('newcomer');
    await dialog.getByRole('checkbox', { name: 'clerk' }).check();
    await dialog.getByLabel('New password').fill('long enough');
    await page.keyboard.press('Enter');
    await page.getByRole('row').filter({ hasText: 'newcomer' }).waitFor();
    expect((await desk.hub.signIn('newcomer', 'long enough')).accessToken).not.toBe('');
    await page.getByRole('button', { name: 'Change… newcomer' }).press('Enter');
    await page.getByRole('checkbox', { name: /Switched off/ }).check();
    await page.getByRole('button', { name: 'Take effect at once' }).press('Enter');
    await page.getByRole('row').filter({ hasText: 'newcomer' }).getByText('Switched off').waitFor();
    await expect(desk.hub.signIn('newcomer', 'long enough')).rejects.toThrow();
    await page.context().close();
  });

  test('[DESK-23] an auditor sees an actor as a customer would, and as somebody who may not see it at all', async () => {
    const address = await desk.rest.payment({ client: 'acme', payee: 'As Another' });
    const { page } = await open('auditor', '/people');
    const card = page.getByRole('region', { name: 'See it as somebody else' });
    await card.getByLabel('A person', { exact: true }).selectOption('acme');
    await card.getByRole('textbox', { name: /^What/ }).fill(address);
    await card.getByRole('textbox', { name: 'Reason' }).fill('The customer asks');
    await page.keyboard.press('Enter');
    await card.getByText('As acme (customer) would see it').waitFor();
    expect(await card.locator('.seen').textContent()).not.toContain('Maker');
    await card.getByLabel('A person', { exact: true }).selectOption('globex');
    await card.getByRole('button', { name: 'Look' }).press('Enter');
    await card.getByText('globex would not see this, nor that it is there.').waitFor();
    const log = (await desk.rest.get('/v1/operations', 'auditor')).body['items'] as Json[];
    expect(log.filter(({ action }) => action === 'see_as')).toHaveLength(2);
    await page.context().close();
  });
});

describe.each([
  ['dead-letters', 'operator', 'Letters'],
  ['nodes', 'operator', 'Partitions'],
  ['integrations', 'operator', 'What you may do'],
  ['audit', 'auditor', 'rows found'],
  ['people', 'admin', 'See it as somebody else'],
])('%s', (screen, who, sign) => {
  test.each(WIDTHS)(`[DESK-28] ${screen} at %i pixels has no barrier and does not run out of the window`, async (width, dark) => {
    if (screen === 'dead-letters') await letter(`Width ${width}`);
    const opened = await open(who, `/${screen}`, { width, dark });
    await opened.page
      .getByText(sign)
      .or(opened.page.getByRole('table', { name: sign }))
      .first()
      .waitFor({ state: 'attached' });
    await mustBeWell(opened, `${screen}-${width}${dark ? '-dark' : ''}`);
    await opened.page.context().close();
  });
});
