import { expect, test } from 'vitest';
import { atDesk, mustBeWell, WIDTHS } from '../support/desk.ts';
import type { Json } from '../support/rest.ts';

const desk = atDesk();

const { open } = desk;
const control = (address: string, body: Json, as = 'operator') =>
  desk.rest.call('POST', `/v1/actors/${address}/control`, { as, body: { reason: 'For the test', ...body } });

test('[OFFICE-12] where nobody has done anything the screen says so, also when it is asked for what was never done', async () => {
  const { page } = await open('auditor', '/operations');
  await page.getByText('Nobody has done anything of this kind yet.').waitFor();
  await page.getByText('No forced state waits for anybody.').waitFor();
  await page.getByRole('textbox', { name: 'Person' }).fill('nobody');
  await page.keyboard.press('Enter');
  await page.waitForURL(/by=nobody/);
  await page.getByText('Nothing was done that fits.').waitFor();
  expect(await page.getByRole('textbox', { name: 'Person' }).inputValue()).toBe('nobody');
  await page.context().close();
});

test('[OFFICE-13] four eyes by keys: what one operator proposes another finds among the approvals, looks at and confirms, and the list names both', async () => {
  const address = await desk.rest.payment({ payee: 'Two People Ltd' });
  await control(address, { action: 'force', state: 'failed', reason: 'It never left the gateway' });
  const opened = await open('admin', '/');
  const { page } = opened;
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  const waiting = page.getByRole('region', { name: 'States that wait for a second person' });
  await waiting.getByText('operator proposes Failed').waitFor();
  await waiting.getByText('It never left the gateway').waitFor();
  await mustBeWell(opened, 'approvals-of-states');
  await waiting.getByRole('link', { name: `Look and decide: ${address}` }).press('Enter');
  await page.waitForURL(`**/hq/${address}`);
  await page.getByRole('button', { name: 'Confirm…' }).press('Enter');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Reason' }).fill('The gateway knows nothing of it');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await page.waitForURL(/\/hq\/operations$/);
  const table = page.getByRole('table', { name: 'Operators’ actions' });
  await table.getByRole('row').filter({ hasText: 'It never left the gateway' }).getByText('Confirmed by admin').waitFor();
  const confirmed = table.getByRole('row').filter({ hasText: 'The gateway knows nothing of it' });
  await confirmed.getByText('Done. Proposed by operator').waitFor();
  await page.getByText('No forced state waits for anybody.').waitFor();
  await confirmed.getByRole('link', { name: 'Version 3' }).press('Enter');
  await page.waitForURL(/at=3/);
  await page.context().close();
});

test('[OFFICE-13] an operator does not decide on his own proposal, and whoever has proposed is told who has to', async () => {
  const address = await desk.rest.payment({ payee: 'Own Proposal Ltd' });
  await control(address, { action: 'force', state: 'failed' });
  const { page } = await open('operator', '/approvals');
  await page.getByText('You proposed it: somebody else has to confirm.').waitFor();
  await page.getByRole('link', { name: `Open its page: ${address}` }).waitFor();
  expect(await page.getByRole('link', { name: /^Look and decide/ }).count()).toBe(0);
  await control(address, { action: 'force', state: 'failed', confirm: 2 }, 'admin');
  await page.getByText('No forced state waits for anybody.').waitFor();
  await page.context().close();
});

test('[OFFICE-14] by keys: what was done is filtered by kind and by person under an address that can be shared, and older actions come on demand', async () => {
  const address = await desk.rest.payment({ payee: 'Often Ltd' });
  for (let i = 0; i < 26; i++) {
    await control(address, { action: 'pause', reason: `Pause ${i}` });
    await control(address, { action: 'resume', reason: `Resume ${i}` }, 'admin');
  }
  const { page } = await open('auditor', `/operations?target=${encodeURIComponent(address)}`);
  const table = page.getByRole('table', { name: 'Operators’ actions' });
  const rows = () => table.getByRole('row').count();
  await page.getByText('The newest 50 actions').waitFor();
  expect(await table.getByText('Pause 0', { exact: true }).count()).toBe(0);
  await page.getByRole('button', { name: 'Show older ones' }).press('Enter');
  await table.getByText('Pause 0', { exact: true }).waitFor();
  await page.getByText('52 actions', { exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Show older ones' }).count()).toBe(0);
  await page.getByLabel('What was done').selectOption('Let go on');
  await page.getByRole('textbox', { name: 'Person' }).fill('admin');
  await page.keyboard.press('Enter');
  await page.waitForURL(/by=admin&action=resume/);
  await page.getByText('26 actions', { exact: true }).waitFor();
  expect(await rows()).toBe(27);
  await control(address, { action: 'pause' });
  await control(address, { action: 'resume', reason: 'While somebody looks' }, 'admin');
  await table.getByText('While somebody looks').waitFor();
  await page.goBack();
  await page.getByText('The newest 50 actions').waitFor();
  expect(await page.getByRole('textbox', { name: 'Person' }).inputValue()).toBe('');
  await page.context().close();
});

test('[OFFICE-15] what is shown stays when the hub does not answer, and says so, until it answers again', async () => {
  const { page } = await open('operator', '/operations');
  const table = page.getByRole('table', { name: 'Operators’ actions' });
  await table.waitFor();
  await page.context().setOffline(true);
  await page.getByText('Operators’ actions cannot be shown').waitFor({ timeout: 20_000 });
  expect(await table.getByRole('row').count()).toBeGreaterThan(1);
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).first().press('Enter');
  await page.getByText('Operators’ actions cannot be shown').waitFor({ state: 'detached', timeout: 20_000 });
  await page.context().close();
});

test.each(WIDTHS)(
  '[OFFICE-16] the operators’ actions at %i pixels have no barrier and do not run out of the window',
  async (width, dark) => {
    const address = await desk.rest.payment({ payee: `Wide ${width}` });
    await control(address, { action: 'force', state: 'failed', reason: 'a-reason-in-one-word-'.repeat(12) });
    await control(address, { action: 'force', state: 'nowhere' }, 'admin');
    const opened = await open('operator', '/operations', { width, dark });
    await opened.page
      .getByText(/^Waits for a second person: /)
      .first()
      .waitFor();
    await opened.page
      .getByText(/^Refused/)
      .first()
      .waitFor();
    await mustBeWell(opened, `operations-${width}${dark ? '-dark' : ''}`);
    await opened.page.context().close();
  },
);
