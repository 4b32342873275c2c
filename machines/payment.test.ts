import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { payment } from './payment.ts';
import * as scene from './payment-rehearsal.ts';
import { BILL, contextOf } from './payment-rehearsal.ts';
import { operationId } from './payment-rules.ts';
import { begin, seenOf, send } from './rehearsal.ts';
import type { Stage } from './rehearsal.ts';

const isTaken = (input: unknown) => payment.input.safeParse(input).success;

describe('what a payment is made of', () => {
  test('[PAY-2] capture is automatic and the gateway the sandbox, unless asked otherwise', () => {
    expect(payment.input.parse(BILL)).toEqual({ ...BILL, capture: 'automatic' });
    expect(contextOf(scene.draft())).toMatchObject({ gateway: 'sandbox' });
    expect(contextOf(scene.draft())).not.toHaveProperty('gateways');
    expect(isTaken({ ...BILL, capture: 'manual', gateway: 'bank_1' })).toBe(true);
    expect(isTaken({ ...BILL, capture: 'later' })).toBe(false);
  });

  test('[PAY-2] an amount is a positive whole number of minor units, up to 10^12', () => {
    for (const amount_minor of [1, 125_000, 1_000_000_000_000]) expect(isTaken({ ...BILL, amount_minor })).toBe(true);
    for (const amount_minor of [0, -1, 0.5, 1_000_000_000_001, 2 ** 53, Number.NaN, Infinity, '1', 1n, null, undefined, [1]]) {
      expect([amount_minor, isTaken({ ...BILL, amount_minor })]).toEqual([amount_minor, false]);
    }
  });

  test('[PAY-2] a currency is an active ISO 4217 code that has a minor unit', () => {
    for (const currency of ['EUR', 'JPY', 'KWD', 'CLF']) expect(isTaken({ ...BILL, currency })).toBe(true);
    for (const currency of [undefined, null, '', 'eur', 'EURO', 'DEM', 'XAU', 'XXX', 'ABC', 978]) {
      expect([currency, isTaken({ ...BILL, currency })]).toEqual([currency, false]);
    }
  });

  test('[PAY-2] payee and reference are a line of text of up to 140 characters, and no card number', () => {
    for (const field of ['payee', 'reference']) {
      expect(isTaken({ ...BILL, [field]: 'x'.repeat(140) })).toBe(true);
      for (const text of ['', 'x'.repeat(141), 'a\u0000', 'a\nb', '\uD800', '4242 4242 4242 4242', 7, null, undefined]) {
        expect([field, text, isTaken({ ...BILL, [field]: text })]).toEqual([field, text, false]);
      }
    }
  });

  test('[PAY-2] what is not asked for is refused, in the input and in every event', () => {
    expect(isTaken({ ...BILL, maker: 'somebody else' })).toBe(false);
    for (const [type, schema] of Object.entries(payment.events)) {
      expect([type, schema.safeParse({ reason: 'x', hash: 'x', amount_minor: 1, refund: 'r', extra: 1 }).success]).toEqual([type, false]);
    }
  });

  test('[PAY-2] events have the shape that was published, and no other', () => {
    const taken = (type: string, payload: object) => payment.events[type]?.safeParse(payload).success;
    expect([taken('APPROVE', {}), taken('APPROVE', { hash: 'x' }), taken('APPROVE', { hash: '' })]).toEqual([true, true, false]);
    expect([taken('DENY', {}), taken('DENY', { reason: 'no' }), taken('DENY', { reason: 'x'.repeat(501) })]).toEqual([false, true, false]);
    expect([taken('CAPTURE', {}), taken('CAPTURE', { amount_minor: 1 }), taken('CAPTURE', { amount_minor: 1.5 })]).toEqual([
      true,
      true,
      false,
    ]);
    expect([taken('REFUND', { amount_minor: 1 }), taken('REFUND', { refund: 'a.b', amount_minor: 1 })]).toEqual([false, false]);
    expect(taken('REFUND', { refund: 'r1', amount_minor: 0 })).toBe(false);
    expect([taken('AMEND', {}), taken('AMEND', { currency: 'USD' }), taken('AMEND', { amount_minor: -1 })]).toEqual([true, false, false]);
  });

  test('[PAY-2] every schema can be published as JSON Schema', () => {
    for (const schema of [
      payment.input,
      payment.settings,
      ...Object.values({ ...payment.events, ...payment.internal, ...payment.facts }),
    ]) {
      expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });
});

describe('who may do and see what', () => {
  test('[PAY-30] a clerk makes, submits and amends; approver and cfo approve and deny; another system makes and submits', () => {
    const of = (role: string) => Object.keys(payment.permissions).filter((type) => payment.permissions[type]?.some((may) => may === role));
    expect(of('clerk')).toEqual(['@create', 'SUBMIT', 'AMEND', 'CAPTURE', 'CANCEL', 'REFUND', 'PROPOSE_OUTCOME', 'DROP_OUTCOME']);
    const holding = ['CLEAR', 'HOLD', 'RELEASE', 'PROPOSE_OUTCOME', 'CONFIRM_OUTCOME', 'DROP_OUTCOME'];
    expect(of('approver')).toEqual(['APPROVE', 'DENY', 'CAPTURE', 'CANCEL', 'REFUND', ...holding]);
    expect([of('reviewer'), of('operator')]).toEqual([
      ['CLEAR', 'HOLD'],
      ['PROPOSE_OUTCOME', 'DROP_OUTCOME'],
    ]);
    expect(of('cfo')).toEqual(of('approver'));
    expect(of('system')).toEqual(['@create', 'SUBMIT']);
    for (const role of ['admin', 'auditor', 'developer', 'customer', 'agent']) expect(of(role)).toEqual([]);
  });

  test('[PAY-30] what gateways and other actors say is not for anybody to send', () => {
    const internal = [
      'GATEWAY_NOTIFIED',
      'RESERVED',
      'LIMIT_GRANTED',
      'BILL_CLAIMED',
      'DISPUTED',
      'DISPUTE_WON',
      'DISPUTE_LOST',
      'tell.refused',
    ];
    expect(Object.keys(payment.internal)).toEqual(internal);
    for (const type of internal) expect(payment.permissions[type]).toBeUndefined();
  });

  test('[PAY-31] a customer sees his own payments, and nothing of makers, approvals, reasons and the gateway', () => {
    const { customer, hq, agent } = payment.views;
    expect([customer?.rows, hq, agent]).toEqual(['client', { rows: 'all', fields: 'all' }, undefined]);
    const hidden = Object.keys(contextOf(scene.draft())).filter((field) => !customer?.fields.includes(field));
    for (const field of ['maker', 'amended_by', 'approvals', 'payload_hash', 'gateway', 'gateway_reference', 'reason', 'note', 'refunds']) {
      expect(hidden).toContain(field);
    }
    expect(payment.belongs(scene.draft().snapshot.context as Record<string, unknown>, 'pay_1')).toEqual({ client: 'acme' });
  });

  test('[PAY-31] title, summary and search are the same for everybody, so they hold only what a customer may see', () => {
    const secret = 'zebra';
    const stage = begin(payment, { ...BILL, gateway: secret }, { id: secret, by: secret });
    const context = {
      ...stage.snapshot.context,
      approvals: [{ by: secret }],
      gateway_reference: secret,
      note: secret,
      reason: secret,
    } as Record<string, unknown>;
    const shown = [payment.title(context, 'pay_1'), payment.summary(context), ...payment.search(context)];
    expect(shown).toEqual(['Blue Water Ltd · INV-7', '1250.00 EUR', 'acme', 'Blue Water Ltd', 'INV-7', 'EUR']);
  });

  test('[PAY-32] a person who asks what he may do now is told by the guards themselves', () => {
    const can = (stage: Stage, type: string, by: string) =>
      send(stage, { ...payment.samples[type]?.(contextOf(stage) as never), type, by }).refused ?? 'ok';
    const waiting = scene.needingApproval();
    expect(['approver', 'clerk'].map((by) => can(waiting, 'APPROVE', by))).toEqual(['ok', 'four_eyes']);
    expect(['DENY', 'AMEND', 'CANCEL', 'SUBMIT', 'REFUND'].map((type) => can(waiting, type, 'cfo'))).toEqual([
      'ok',
      'ok',
      'ok',
      'not_in_state',
      'not_in_state',
    ]);
    expect(can(scene.held(), 'CAPTURE', 'clerk')).toBe('ok');
    expect(can(scene.settled(), 'REFUND', 'clerk')).toBe('ok');
    const whole = send(scene.settled(), { type: 'REFUND', refund: 'r1', amount_minor: 125_000 });
    expect(can(whole, 'REFUND', 'clerk')).toBe('amount_exceeds_captured');
  });

  test('[PAY-32] samples have the shape of their events', () => {
    const context = contextOf(scene.settled()) as never;
    for (const [type, sample] of Object.entries(payment.samples)) {
      expect([type, payment.events[type]?.safeParse(sample(context)).error]).toEqual([type, undefined]);
    }
  });

  test('[PAY-33] another actor that asks for its standing is told its state and what has moved', () => {
    expect(payment.questions['standing']?.(seenOf(scene.settled()))).toEqual({
      state: 'settled',
      currency: 'EUR',
      captured_minor: 125_000,
      refunded_minor: 0,
    });
  });
});

describe('names of operations', () => {
  test('[PAY-27] with the longest id a name still fits, and no two payments share one however their ids are chosen', () => {
    const nameOf = (id: string, operation: 'authorize' | 'refund', attempt: number) =>
      operationId({ ...contextOf(scene.draft()), id, operation, attempt });
    expect(nameOf('x'.repeat(64), 'authorize', 999_999)).toMatch(/^[A-Za-z0-9_-]{1,160}$/);
    const ids = ['p', 'p-refund-1', 'p-refund', 'p-authorize-1', 'p-1', 'p-1-refund'];
    const names = ids.flatMap((id) => [1, 2, 11].flatMap((n) => [nameOf(id, 'authorize', n), nameOf(id, 'refund', n)]));
    expect(new Set(names).size).toBe(names.length);
  });
});
