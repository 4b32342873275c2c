import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { machines } from '../../machines/machines.ts';
import { refuseTopics } from '../support/broken-connection.ts';
import { takePicture } from '../support/chart-scene.ts';
import { atDesk, mustBeWell } from '../support/desk.ts';
import { CLIENT, type Json } from '../support/rest.ts';
import { eventually } from '../support/socket-client.ts';

const DAY = 86_400_000;
const PATIENCE = { timeout: 20_000 };
/** One euro in dollars, as the test's rates have it, and what the house keeps of an exchange. */
const SPREAD = 25;
/** Narrow and wide, by day and by night. */
const LOOKS: readonly (readonly [width: number, dark: boolean])[] = [
  [360, false],
  [360, true],
  [1440, false],
  [1440, true],
];

/** The address of the payment that the first test makes, for those that follow. */
let paid: string;

/** One with this reference waits for its money so long, and not a day. */
const SHORT = { reference: 'SHORT', wait_ms: 1_500 };

/** The plan of looks, which takes days, within a second; behind its end as slow as it is. */
const hurried = machines.map((one) =>
  one.type === 'payment'
    ? {
        ...one,
        machine: (one.machine as AnyStateMachine).provide({
          delays: {
            lookup_wait: ({ context }: { context: { tries: number } }) => (context.tries < 10 ? 20 : DAY),
            funds_ttl: ({ context }: { context: { reference: string } }) => (context.reference === SHORT.reference ? SHORT.wait_ms : DAY),
          },
        }),
      }
    : one,
);

const desk = atDesk({ machines: hurried, spreadBasisPoints: SPREAD });

beforeAll(async () => {
  for (const name of ['sandbox', 'sandbox_checks', 'sandbox_rates'])
    await desk.rest.send(`integration/${name}`, { type: 'ENABLE' }, 'operator');
  await desk.rest.create('rates', { id: 'sandbox', input: { integration: 'sandbox_rates' } }, 'operator');
  await until('rates/sandbox', 'age.fresh');
  await desk.rest.create('client', { id: 'acme', input: CLIENT });
  await desk.rest.send('client/acme', { type: 'SUBMIT', documents: ['register'], bank_account: 'DE89370400440532013000' });
  await desk.rest.send('client/acme', { type: 'VERIFY' }, 'approver');
  await until('client/acme', '"state":["active"]');
  await desk.rest.create('account', { id: 'usd', input: { client: 'acme', name: 'Acme, dollars', currency: 'USD' } });
  await desk.rest.send('account/usd', { type: 'ACTIVATE' }, 'cfo');
  await until('account/usd', 'life.active');
  await desk.rest.send('account/usd', { type: 'DEPOSIT', deposit: 'd1', amount_minor: 500_000, reference: 'Statement 7' });
  await desk.rest.send('account/usd', { type: 'CONFIRM', deposit: 'd1' }, 'cfo');
});

const { open } = desk;
const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement.textContent');

async function contextOf(address: string): Promise<Json> {
  return (await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body['context'] as Json;
}

async function until(address: string, said: string, within_ms = 20_000): Promise<void> {
  await eventually(async () => JSON.stringify((await desk.rest.get(`/v1/actors/${address}`, 'clerk')).body).includes(said), within_ms);
}

/** Goes on with Tab until the control with this label has the focus. */
async function tabToField(page: Page, label: RegExp): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed++) {
    const named = await page.evaluate(
      '(document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent ?? "").trim()',
    );
    if (label.test(String(named))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`No control called ${label} is reached by Tab`);
}

function money(minor: number, currency: string): string {
  return `${(minor / 100).toLocaleString('en-US', { minimumFractionDigits: 2 })} ${currency}`;
}

test('[DESKPAY-1] by keys alone a clerk makes a payment from an account in another currency and another person approves it; to the cent the page says what it cost', async () => {
  const opened = await open('clerk', '/payments');
  const { page } = opened;
  await page.getByRole('button', { name: 'New payment' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  for (const [label, text] of [
    [/^Client/, 'acme'],
    [/^Payee/, 'Blue Water Ltd'],
    [/^Amount/, '1,250.00'],
    [/^Reference/, 'INV-2026-11'],
    [/^Account/, 'usd'],
  ] as const) {
    await tabToField(page, label);
    await page.keyboard.type(text);
  }
  expect(await dialog.locator('#known-accounts option').evaluateAll((all) => all.map((one) => one.getAttribute('value')))).toEqual(['usd']);
  await mustBeWell(opened, 'payment-new');
  await tabToField(page, /^Create payment$/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/hq\/payment\/[\w-]+$/);
  paid = new URL(page.url()).pathname.replace('/hq/', '');
  await page.getByRole('button', { name: 'Submit', exact: true }).press('Enter');
  await page.locator('.station[aria-current="step"]', { hasText: 'Needs approval' }).waitFor(PATIENCE);
  await page.getByText('another person has to').first().waitFor({ state: 'hidden' });

  const approver = await open('approver', `/${paid}`);
  await approver.page.getByRole('button', { name: 'Approve…' }).press('Enter');
  const asked = approver.page.getByRole('dialog');
  await asked.locator('[data-field="account"]', { hasText: 'usd' }).waitFor();
  await asked.getByRole('button', { name: 'Approve', exact: true }).press('Enter');
  await approver.page.locator('.station[aria-current="step"]', { hasText: 'Settled' }).waitFor(PATIENCE);
  await until(paid, '"charged_minor":1');
  const { conversion, charged_minor: charged } = await contextOf(paid);
  const { to, rate, spread_minor: spread } = conversion as { to: { amount_minor: number }; rate: string; spread_minor: number };
  expect(charged).toBe(to.amount_minor + spread);
  expect(spread).toBeGreaterThan(0);
  const sentence = await approver.page.locator('[data-field="conversion"] dd').innerText();
  expect(sentence).toMatch(
    new RegExp(
      `^1,250\\.00 EUR = ${money(to.amount_minor, 'USD')} at ${rate} \\(sandbox, [A-Z][a-z]{2} \\d\\d, \\d{4}\\), spread ${money(spread, 'USD')}, charged ${money(Number(charged), 'USD')}$`,
    ),
  );
  expect(await approver.page.locator('[data-field="charged_minor"] dd').innerText()).toBe(money(Number(charged), 'USD'));
  const attempts = approver.page.getByRole('list', { name: 'Attempts' }).first();
  const id = paid.split('/')[1] ?? '';
  expect(await attempts.getByRole('listitem').count()).toBe(2);
  await attempts.getByText(`${id}-authorize-1`).waitFor();
  await attempts.getByText(`${id}-capture-2`).waitFor();
  expect(await attempts.getByText('Done', { exact: true }).count()).toBe(2);
  await approver.page.context().close();
  await page.context().close();
});

test('[DESKPAY-2] from the payment to the books: its legs, the statement of the account, and the trial balance say the same to the cent', async () => {
  const { page } = await open('clerk', `/${paid}`);
  const charged = Number((await contextOf(paid))['charged_minor']);
  const legs = page.getByRole('table', { name: 'What this payment has posted' });
  await legs.getByRole('row', { name: new RegExp(`transit/payments ${money(charged, 'USD').replace('.', '\\.')}`) }).waitFor();
  await legs.getByRole('row', { name: /gateway\/sandbox 1,250\.00 EUR/ }).waitFor();
  const statement = page.getByRole('link', { name: 'Statement of usd' });
  await statement.press('Enter');
  await page.waitForURL(/\/hq\/ledger\/statement\?account=account%2Fusd&currency=USD$/);
  await page
    .getByRole('table', { name: 'Statement of account/usd in USD' })
    .getByText(money(charged, 'USD').replace(' USD', ''))
    .first()
    .waitFor();
  await page.goto(`${desk.hub.url}/hq/ledger`);
  const dollars = page.getByRole('table', { name: 'Accounts in USD' });
  await dollars
    .getByRole('row')
    .filter({ hasText: 'account/usd' })
    .getByText(`−${money(500_000 - charged, 'USD').replace(' USD', '')}`)
    .waitFor();
  await page
    .getByRole('table', { name: 'Accounts in EUR' })
    .getByRole('row')
    .filter({ hasText: 'gateway/sandbox' })
    .getByText('−1,250.00')
    .waitFor();
  expect(await page.getByText('The total is zero').count()).toBe(2);
  await page.context().close();
});

test('[DESKPAY-3] what a receipt says is a press away from a payment that was paid from an account', async () => {
  const { page } = await open('clerk', `/${paid}`);
  await page.evaluate('window.open = () => null');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Receipt/ }).press('Enter');
  const file = await saved;
  expect(file.suggestedFilename()).toMatch(/^receipt-.+\.pdf$/);
  const bytes = (await file.createReadStream()).setEncoding('latin1');
  for await (const chunk of bytes) {
    expect(String(chunk)).toMatch(/^%PDF-/);
    break;
  }
  await page.context().close();
});

test.each(LOOKS)(
  '[DESKPAY-4] a payment with an exchange at %i pixels (dark: %s) has no barrier and does not run out of the window',
  async (width, dark) => {
    const opened = await open('approver', `/${paid}`, { width, dark });
    await opened.page.locator('[data-field="conversion"]').waitFor();
    await opened.page.getByRole('table', { name: 'What this payment has posted' }).waitFor();
    const name = `payment-converted-${width}${dark ? '-dark' : ''}`;
    // Nothing of the sentence is cut off.
    const isWhole = (part: Element): boolean => part.scrollWidth <= part.clientWidth;
    expect(await opened.page.locator('[data-field="conversion"]').evaluate(isWhole)).toBe(true);
    await mustBeWell(opened, name);
    await opened.page.locator('[data-field="conversion"]').scrollIntoViewIfNeeded();
    await takePicture(opened.page, name);
    await opened.page.context().close();
  },
);

test('[DESKPAY-5] why a payment was rejected is said in a sentence', async () => {
  await desk.rest.create('payment', {
    id: 'nowhere',
    input: { client: 'acme', payee: 'Nobody Ltd', amount_minor: 1_000, currency: 'EUR', reference: 'N', account: 'none' },
  });
  await desk.rest.send('payment/nowhere', { type: 'SUBMIT' });
  const { page } = await open('clerk', '/payment/nowhere');
  await page.locator('[data-field="reason"]', { hasText: 'There is no such account.' }).waitFor(PATIENCE);
  await page.getByText('This is not possible in its present state.').waitFor();
  await page.context().close();
});

const UNSURE = 'payment/unsure';

test('[DESKPAY-6] of what the gateway never tells all that is known stands together; whoever proposes does not confirm, and without a reference nothing was done', async () => {
  for (const [operation, times] of [
    ['authorize', 1],
    ['lookup', 40],
  ] as const) {
    const body = { match: { payment: 'unsure', operation }, fault: 'http_502', times };
    expect((await desk.rest.call('POST', '/v1/sandbox/faults', { as: 'operator', body })).status).toBeLessThan(300);
  }
  await desk.rest.create('payment', {
    id: 'unsure',
    input: { client: 'acme', payee: 'Fenwick Fire Protection', amount_minor: 84_000, currency: 'EUR', reference: 'INV-9' },
  });
  await desk.rest.send(UNSURE, { type: 'SUBMIT' });
  await until(UNSURE, 'unknown.deciding', 90_000);
  const opened = await open('approver', `/${UNSURE}`);
  const { page } = opened;
  const card = page.getByRole('region', { name: 'What became of it is not known' });
  await card.getByText('Authorization of 840.00 EUR').waitFor(PATIENCE);
  await card.getByText('unsure-authorize-1').waitFor();
  await card.getByText('10 times without an answer').waitFor();
  await card.getByText('Looked up: no answer').first().waitFor();
  await card.getByText('Nobody has proposed what became of it yet.').waitFor();
  await page.getByText('There is no such proposal').waitFor();

  await page.getByRole('button', { name: /^Propose outcome/ }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Done', { exact: true }).first().waitFor();
  await dialog.getByRole('radio', { name: 'Done' }).focus();
  await page.keyboard.press('Space');
  await dialog.getByLabel(/^Evidence/).fill('Statement 4711, line 3');
  await mustBeWell(opened, 'payment-propose');
  await dialog.getByRole('button', { name: 'Propose outcome' }).press('Enter');
  await dialog.getByText('What was done has a reference of the gateway: enter it.').waitFor();
  await dialog.getByLabel(/^Gateway reference/).fill('sbx_4711');
  await dialog.getByRole('button', { name: 'Propose outcome' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await card.getByText('You proposed it: another person has to confirm it.').waitFor();
  await card.getByText('Statement 4711, line 3').waitFor();
  await page.getByText('Whoever made it or had a hand in it may not decide on it').waitFor();
  await page.getByText('Somebody has proposed something already').waitFor();
  await page.context().close();
});

test.each(LOOKS)(
  '[DESKPAY-7] what two people decide stands on one screen at %i pixels (dark: %s), without a barrier',
  async (width, dark) => {
    const opened = await open('cfo', `/${UNSURE}`, { width, dark });
    const { page } = opened;
    await page.getByText('Another person has to confirm it, or anybody drops it.').waitFor();
    const name = `payment-deciding-${width}${dark ? '-dark' : ''}`;
    await mustBeWell(opened, name);
    await takePicture(page, name);
    if (width > 1000) {
      // The evidence and the buttons that decide on it, without scrolling.
      const button = await page.getByRole('button', { name: /^Confirm outcome/ }).boundingBox();
      expect((button?.y ?? 9_999) + (button?.height ?? 0)).toBeLessThan(900);
    }
    await page.context().close();
  },
);

test('[DESKPAY-8] another person drops a proposal or confirms it, without typing its name, and the payment goes on', async () => {
  const { page } = await open('cfo', `/${UNSURE}`);
  await page.getByRole('button', { name: /^Drop outcome/ }).press('Enter');
  await page.getByRole('dialog').getByText('Statement 4711, line 3').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Drop outcome' }).press('Enter');
  await page.getByText('Nobody has proposed what became of it yet.').waitFor();
  await desk.rest.send(UNSURE, { type: 'PROPOSE_OUTCOME', outcome: 'failed', evidence: 'The provider wrote on Monday' });
  await page.getByRole('button', { name: /^Confirm outcome/ }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The provider wrote on Monday').waitFor();
  await dialog.getByText('unsure-authorize-1').waitFor();
  await tabToField(page, /^Confirm outcome$/);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.locator('[data-field="reason"]', { hasText: 'Two people decided that the gateway had not done it.' }).waitFor(PATIENCE);
  expect((await contextOf(UNSURE))['captured_minor']).toBe(0);
  expect(await focused(page)).not.toBe('');
  await page.context().close();
});

/** One of more than is on the account, or of so much, which is approved. */
async function approved(id: string, input: Json): Promise<string> {
  const address = `payment/${id}`;
  const whole = {
    client: 'acme',
    payee: 'Kestrel Window Care',
    amount_minor: 900_000,
    currency: 'EUR',
    reference: 'INV-31',
    account: 'usd',
  };
  expect((await desk.rest.create('payment', { id, input: { ...whole, ...input } })).status).toBe(201);
  await desk.rest.send(address, { type: 'SUBMIT' });
  await until(address, 'needs_approval');
  return address;
}

async function approve(address: string): Promise<void> {
  const { payload_hash: hash } = await contextOf(address);
  expect((await desk.rest.send(address, { type: 'APPROVE', hash }, 'approver')).status).toBe(200);
}

test('[DESKPAY-14] what a payment waits for is said in words, until when, why the last try has failed and when the next one is', async () => {
  const address = await approved('poor', {});
  await approve(address);
  const { page } = await open('cfo', `/${address}`);
  const card = page.getByRole('region', { name: 'It waits for its money' });
  await card.getByText('The account does not have that much.').first().waitFor(PATIENCE);
  const { conversion, funds_until: waits } = await contextOf(address);
  const { to, spread_minor: spread } = conversion as { to: { amount_minor: number }; spread_minor: number };
  await card.getByText(money(to.amount_minor + spread, 'USD')).waitFor();
  await card.locator(`time[datetime="${new Date(Number(waits)).toISOString()}"]`).waitFor();
  await card.getByText(/^[45] min/).waitFor();
  await page.getByText('Asks its account again').first().waitFor();
  await page.getByText('Stops waiting for its money').first().waitFor();
  expect(await card.getByRole('list').getByRole('listitem').count()).toBe(1);
  await page.getByRole('button', { name: 'Cancel…' }).waitFor();
  await page.context().close();
});

test.each(LOOKS)('[DESKPAY-14] a payment that waits for its money at %i pixels (dark: %s) has no barrier', async (width, dark) => {
  const opened = await open('clerk', '/payment/poor', { width, dark });
  await opened.page.getByRole('region', { name: 'It waits for its money' }).waitFor();
  await mustBeWell(opened, `payment-waiting-${width}${dark ? '-dark' : ''}`);
  await opened.page.context().close();
});

test('[DESKPAY-14] when it has waited long enough it says that it was for its money', async () => {
  const address = await approved('late', { reference: SHORT.reference });
  await approve(address);
  await until(address, '"expired"');
  const { page } = await open('clerk', `/${address}`);
  const card = page.getByRole('region', { name: 'It has ended without its money' });
  await card.getByText('It has waited as long as it may').waitFor();
  await card.getByText('The account does not have that much.').first().waitFor();
  await page.context().close();
});

test('[DESKPAY-15] while its account is asked it says so, and why it cannot be canceled', async () => {
  const address = await approved('asking', { amount_minor: 110_000 });
  const control = (action: string) =>
    desk.rest.call('POST', '/v1/actors/account/usd/control', { as: 'operator', body: { action, reason: 'For the test' } });
  expect((await control('pause')).status).toBe(200);
  await approve(address);
  const { page } = await open('clerk', `/${address}`);
  await page.getByRole('region', { name: 'It waits for its account' }).getByText('has not answered yet').waitFor(PATIENCE);
  const cancel = page.getByRole('button', { name: 'Cancel', exact: true });
  expect(await cancel.getAttribute('aria-disabled')).toBe('true');
  await page.getByText('Not while its account is asked to keep the money').waitFor();
  expect((await control('resume')).status).toBe(200);
  await page.context().close();
});

test('[DESKPAY-16] an approver sees beside the queue what it would take from its account, what is there and what the limits leave, and that is what it takes', async () => {
  const address = await approved('beside', { amount_minor: 120_000, payee: 'Tallow & Reed' });
  const opened = await open('approver', '/approvals');
  const { page } = opened;
  await page.getByRole('button', { name: /Tallow & Reed/ }).press('Enter');
  const decision = page.getByRole('region', { name: 'What you decide on now' });
  const fact = (label: string) => decision.locator('.decision-money > div', { hasText: label });
  await fact('Cost by the newest rate')
    .getByText(/^at [\d.]+ \(sandbox, .*, spread [\d.]+ USD of it$/)
    .waitFor();
  await fact('Limits').getByText('None are set for this client.').waitFor();
  const expected = await fact('Cost by the newest rate').locator('dd').innerText();
  const cost = Number(/^([\d,.]+) USD/.exec(expected)?.[1]?.replace(/[,.]/g, ''));
  const { available_minor: available } = await contextOf('account/usd');
  await fact('Available there')
    .getByText(money(Number(available), 'USD'))
    .waitFor();
  await fact('Left thereafter')
    .getByText(money(Number(available) - cost, 'USD'))
    .waitFor();
  // Limits that somebody sets meanwhile are there when it is looked at again.
  expect((await desk.rest.create('limit', { id: 'acme', input: { client: 'acme' } })).status).toBe(201);
  await page.reload();
  await page.getByRole('button', { name: /Tallow & Reed/ }).press('Enter');
  await fact('Limits').getByText('5,000,000.00 EUR').waitFor();
  await mustBeWell(opened, 'approvals-money');
  await approve(address);
  await until(address, '"charged_minor":1');
  expect((await contextOf(address))['charged_minor']).toBe(cost);
  await page.context().close();
});

test('[DESKPAY-16] where the account has too little for it the approver is told before he decides', async () => {
  await approved('short', { payee: 'Short Ltd' });
  for (const [width, dark] of LOOKS) {
    const opened = await open('cfo', '/approvals', { width, dark });
    await opened.page.getByRole('button', { name: /Short Ltd/ }).press('Enter');
    await opened.page.getByText('not enough: it would wait for its money').waitFor();
    await mustBeWell(opened, `approvals-short-${width}${dark ? '-dark' : ''}`);
    await opened.page.context().close();
  }
});

test('[DESKPAY-16] where the rates cannot be had it says that, and not that there are none, and asks for them again', async () => {
  const { page } = await open('cfo', '/approvals');
  const answerAgain = await refuseTopics(page, /"rates\/sandbox"/);
  await page.getByRole('button', { name: /Short Ltd/ }).press('Enter');
  const cost = page.locator('.decision-money > div', { hasText: 'Cost by the newest rate' });
  await cost.getByText('Something has failed inside the hub.').waitFor();
  expect(await page.getByText('no exchange rate').count()).toBe(0);
  answerAgain();
  await cost.getByRole('button', { name: 'Try again' }).press('Enter');
  await cost.getByText(/^at [\d.]+ \(sandbox, /).waitFor();
  await page.context().close();
});
