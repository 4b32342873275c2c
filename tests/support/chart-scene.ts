import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { TestHub } from './hub.ts';
import { CLIENT, Rest } from './rest.ts';
import { eventually } from './socket-client.ts';

/** Where pictures of the screens for the documents are written; none are taken without it. */
const PICTURES = process.env['SCREENS'];

/** A hub with a client in good standing and a working sandbox, so that payments go all their way. */
export class ChartScene {
  readonly rest: Rest;

  constructor(hub: TestHub) {
    this.rest = new Rest(hub);
  }

  async open(): Promise<void> {
    for (const name of ['sandbox', 'sandbox_checks']) await this.#must(`integration/${name}`, { type: 'ENABLE' }, 'operator');
    await this.rest.create('client', { id: 'acme', input: CLIENT });
    await this.#must('client/acme', { type: 'INVITE' });
    await this.#must('client/acme', { type: 'SUBMIT', documents: ['trade register extract'], bank_account: 'DE89370400440532013000' });
    await this.#must('client/acme', { type: 'VERIFY' }, 'approver');
    await this.until('client/acme', 'active');
  }

  /** A payment that has been submitted, and where it then is. */
  async submitted(input: { payee: string; amount_minor?: number; reference?: string }, state: string): Promise<string> {
    const address = await this.rest.payment(input);
    await this.#must(address, { type: 'SUBMIT' });
    await this.until(address, state);
    return address;
  }

  /** Enough payments for a picture; none when no pictures are taken. */
  async crowd(): Promise<void> {
    for (let n = 0; PICTURES !== undefined && n < 60; n++) {
      const state = n % 9 === 8 ? 'declined' : n % 4 === 3 ? 'needs_approval' : 'settled';
      const reference = `INV-2026-${7000 + n}${state === 'declined' ? ' sandbox:decline' : ''}`;
      const address = await this.submitted(
        { payee: `Client ${n}`, amount_minor: state === 'needs_approval' ? 250_000 : 9_900 + n, reference },
        state,
      );
      if (n % 8 === 7) await this.approve(address);
    }
  }

  async approve(address: string): Promise<void> {
    const { body } = await this.rest.get(`/v1/actors/${address}`, 'approver');
    await this.#must(address, { type: 'APPROVE', hash: (body['context'] as Record<string, unknown>)['payload_hash'] }, 'approver');
  }

  async until(address: string, state: string): Promise<void> {
    await eventually(async () => {
      const { body } = await this.rest.get(`/v1/actors/${address}`, 'clerk');
      return String((body['state'] as string[])[0]).split('.')[0] === state;
    });
  }

  async #must(address: string, event: Record<string, unknown>, as = 'clerk'): Promise<void> {
    expect(await this.rest.send(address, event, as)).toMatchObject({ status: 200 });
  }
}

/** Goes on with Tab until what has the focus is called so, as somebody without a mouse does. */
export async function tabTo(page: Page, name: RegExp, most = 120): Promise<void> {
  for (let pressed = 0; pressed < most; pressed++) {
    await page.keyboard.press('Tab');
    const called = await page.evaluate(
      '(({ ariaLabel, textContent }) => ariaLabel ?? (textContent ?? "").trim())(document.activeElement ?? document.body)',
    );
    if (name.test(String(called))) return;
  }
  throw new Error(`Nothing called ${name} is reached by ${most} times Tab`);
}

/** Those that docs/screens keeps, by what is on them. */
const PICTURED = new Map([
  ['board-payment-1280', 'board-light'],
  ['board-payment-1280-dark', 'board-dark'],
  ['board-integration-1280', 'board-integrations-light'],
  ['actor-now-1280', 'actor-light'],
  ['actor-past-1280-dark', 'actor-past-dark'],
  ['actor-past-360-dark', 'actor-narrow-dark'],
  ['payment-converted-1440', 'payment-exchange-light'],
  ['payment-deciding-1440-dark', 'payment-deciding-dark'],
]);

export async function takePicture(page: Page, name: string): Promise<void> {
  const kept = PICTURED.get(name);
  if (PICTURES !== undefined && kept !== undefined) await page.screenshot({ path: `${PICTURES}/${kept}.png` });
}
