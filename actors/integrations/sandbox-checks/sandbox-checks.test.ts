import { describe, expect, test } from 'vitest';
import type { CheckRequest } from '../../../machines/gateway.ts';
import type { Call, CallResult, Surroundings } from '../integration.ts';
import { bankAccountFindings } from './bank-account.ts';
import { sandboxChecks } from './sandbox-checks.ts';
import { sanctionsFindings } from './sanctions.ts';

async function check(operation: string, input: Partial<CheckRequest>): Promise<CallResult> {
  const integration = await sandboxChecks.open({} as Surroundings);
  const whole = {
    integration: 'sandbox_checks',
    client: 'acme',
    name: 'Acme Ltd',
    country: 'GB',
    documents: ['passport.pdf'],
    bank_account: '',
    ...input,
  };
  const call: Call = { key: 'k', operation, input: whole, actor: 'client/acme', attempt: 1, signal: new AbortController().signal };
  return integration.perform(call);
}

describe('bank accounts', () => {
  // The examples of the IBAN registry (ISO 13616), and routing numbers of the Federal Reserve Banks.
  const good = [
    'DE89370400440532013000',
    'GB29 NWBK 6016 1331 9268 19',
    'fr14 2004 1010 0505 0001 3m02 606',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
    'NL91-ABNA-0417-1643-00',
    'CH9300762011623852957',
    '021000021:123456789',
    '011000015-1234',
    '121000358 12345678901234567',
  ];
  test.each(good)('[CHK-1] an account whose check digits are right passes: %s', (account) => {
    expect(bankAccountFindings(account)).toEqual([]);
  });

  test.each([
    ['DE89370400440532013001', 'iban_checksum_wrong'],
    ['DE98370400440532013000', 'iban_checksum_wrong'],
    ['DE8937040044053201300', 'iban_length_wrong'],
    ['ZZ89370400440532013000', 'iban_country_unknown'],
    ['021000022:123456789', 'routing_number_checksum_wrong'],
    ['000000000:123456789', 'routing_number_checksum_wrong'],
    ['12345678', 'bank_account_form_unknown'],
    ['', 'bank_account_form_unknown'],
  ])('[CHK-1] an account that cannot exist is found out: %s', (account, finding) => {
    expect(bankAccountFindings(account)).toEqual([finding]);
  });

  test('[CHK-1] no single wrong digit of an IBAN and no two swapped ones pass', () => {
    const iban = 'DE89370400440532013000';
    for (let i = 4; i < iban.length; i++) {
      for (let digit = 0; digit <= 9; digit++) {
        const other = iban.slice(0, i) + String(digit) + iban.slice(i + 1);
        if (other !== iban) expect(bankAccountFindings(other)).toEqual(['iban_checksum_wrong']);
      }
      const swapped = iban.slice(0, i) + (iban[i + 1] ?? '') + (iban[i] ?? '') + iban.slice(i + 2);
      if (swapped !== iban) expect(bankAccountFindings(swapped)).toEqual(['iban_checksum_wrong']);
    }
  });
});

describe('sanctions', () => {
  test.each([
    'Malvina Grubstake',
    'GRUBSTAKE, Málvina',
    'Dr. malvina  x. grubstake',
    'Ｍalvina Grubstake',
    'Кощеев Бессмертный Федор',
    'Jose Nandu Testigo',
    'Crimson-Anchor Shadow Shipping Ltd',
  ])('[CHK-2] a listed name is found however it is written: %s', (name) => expect(sanctionsFindings(name)).toHaveLength(1));

  test.each(['Acme Ltd', 'Globex', 'Malvina', 'Malvina Grubstakeson', '', '習近平', 'Anchor Shipping'])(
    '[CHK-2] other names are left alone: %s',
    (name) => {
      expect(sanctionsFindings(name)).toEqual([]);
    },
  );
});

describe('checks', () => {
  test('[CHK-3] identity needs a document, and none that has expired', async () => {
    expect(await check('identity', {})).toEqual({ kind: 'done', output: { passed: true, findings: [] } });
    expect(await check('identity', { documents: [] })).toEqual({ kind: 'done', output: { passed: false, findings: ['document_missing'] } });
    expect(await check('identity', { documents: ['id.png', 'Expired-passport.pdf'] })).toEqual({
      kind: 'done',
      output: { passed: false, findings: ['document_expired:Expired-passport.pdf'] },
    });
  });

  test('[CHK-3] the same client always gets the same answer', async () => {
    const asked = { bank_account: 'DE89370400440532013000', name: 'Malvina Grubstake' };
    expect(await check('bank_account', asked)).toEqual(await check('bank_account', asked));
    expect(await check('sanctions', asked)).toMatchObject({ output: { passed: false, findings: ['listed:Malvina Grubstake'] } });
  });

  test('[CHK-4] what is not a check, or not a client, fails and does not throw', async () => {
    expect(await check('horoscope', {})).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(await check('constructor', {})).toMatchObject({ kind: 'failed', code: 'invalid' });
    expect(await check('identity', { documents: 'passport' } as unknown as Partial<CheckRequest>)).toMatchObject({
      kind: 'failed',
      code: 'invalid',
    });
  });
});
