import { describe, expect, test } from 'vitest';
import { readDraft, toDraft } from '../core/schema.ts';
import { Problem } from '../core/problem.ts';
import { missingOf, placeSetupErrors, settingsOf, type Need } from './setup.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    mode: { type: 'string', enum: ['test', 'live'], default: 'test', title: 'Which side', description: 'Where calls go.' },
    wait_ms: { type: 'integer', minimum: 0, maximum: 100, default: 0 },
    sandboxed: { type: 'boolean', default: false },
    regions: { type: 'array', items: { type: 'string' } },
    bank: { type: 'object', properties: { iban: { type: 'string' } }, required: ['iban'] },
    currency: { type: 'string' },
    limit_minor: { type: 'integer', minimum: 0 },
    rules: { type: 'object', additionalProperties: {} },
    note: { type: 'string' },
  },
  required: ['regions'],
};
const fields = settingsOf({ schema: SCHEMA }, (standard) => `Else ${standard}.`);
const need = (name: string, required: boolean, set: boolean): Need => ({ name, required, set, title: name, about: '' });

describe('the settings of an integration', () => {
  test('[OFFICE-1] a form begins with what is set, and sends the same again where nothing was touched', () => {
    const config = {
      mode: 'live',
      wait_ms: 7,
      sandboxed: true,
      regions: ['eu', 'us'],
      bank: { iban: 'DE02' },
      currency: 'JPY',
      limit_minor: 1_500,
      rules: { a: [1] },
      note: 'kept',
    };
    expect(readDraft(fields, toDraft(fields, config, ''), '')).toEqual({ ok: true, value: config });
    const amounts = { ...config, currency: 'EUR', limit_minor: 123_456 };
    expect(toDraft(fields, amounts, '')['limit_minor']).toBe('1,234.56');
    expect(readDraft(fields, toDraft(fields, amounts, ''), '')).toEqual({ ok: true, value: amounts });
  });

  test('[OFFICE-1] what is not set is empty, and a setting that is emptied is left to its standard, which the form names', () => {
    const draft = toDraft(fields, { regions: ['eu'], mode: 'test' }, '');
    expect(draft).toMatchObject({ wait_ms: '', note: '', rules: '', sandboxed: false });
    expect(readDraft(fields, draft, '')).toEqual({ ok: true, value: { regions: ['eu'], mode: 'test', sandboxed: false } });
    expect(fields.find(({ name }) => name === 'wait_ms')?.hint).toBe('Else 0.');
    const [mode] = fields;
    expect(mode).toMatchObject({ label: 'Which side', required: true, hint: 'Where calls go.' });
  });

  test('[OFFICE-2] what the hub finds wrong is said at the field that it names; what no field can show stays with the problem', () => {
    const needs = [need('api_key', true, true)];
    const errors = [
      { where: 'config.wait_ms', what: 'Too long' },
      { where: 'config.bank.iban', what: 'No such bank' },
      { where: 'config.nothing', what: 'Not known' },
      { where: 'config', what: 'Too much' },
      { where: 'body.secrets.api_key', what: 'Too short' },
      { where: 'secrets.other', what: 'Not known' },
    ];
    const place = (problem: Problem) => placeSetupErrors(problem, { fields, needs, lookBelow: 'See below.' });
    const placed = place(new Problem(422, 'invalid', 'It is invalid.', { errors, more: 1 }));
    expect(placed.wrong).toEqual({
      config: { wait_ms: 'Too long', 'bank.iban': 'No such bank' },
      secrets: { api_key: 'Too short' },
    });
    expect(placed.problem).toMatchObject({ status: 422, code: 'invalid', message: 'It is invalid.' });
    expect(placed.problem.extra).toEqual({ more: 1, errors: [errors[2], errors[3], errors[5]] });
    expect(place(new Problem(422, 'invalid', 'config.wait_ms: Too long', { errors: errors.slice(0, 1) })).problem.message).toBe(
      'See below.',
    );
    const away = place(new Problem(503, 'retry', 'Later.'));
    expect([away.wrong, away.problem.message]).toEqual([{ config: {}, secrets: {} }, 'Later.']);
  });

  test('[OFFICE-3] a secret that is needed is missing only where it neither is set nor has been typed', () => {
    const needs = [need('a', true, true), need('b', true, false), need('c', false, false), need('d', true, false)];
    expect(missingOf(needs, { b: 'typed', d: '' }).map(({ name }) => name)).toEqual(['d']);
  });
});
