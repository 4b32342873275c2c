import { pino } from 'pino';
import { expect, test } from 'vitest';
import { redact } from './redact.ts';

const CARD = '4242 4242 4242 4242';
const TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJjbGVyayIsImdlbiI6MX0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';
const CANARIES = [TOKEN, '4242424242424242', CARD, 'hunter2-canary', 'pg-canary-word'];

/** What one line says after it went through the log as the hub opens it. */
function logged(write: (log: pino.Logger) => void): string {
  const lines: string[] = [];
  const log = pino({ hooks: { streamWrite: redact } }, { write: (line: string) => void lines.push(line) });
  write(log);
  return lines.join('');
}

const SHAPES: Readonly<Record<string, (log: pino.Logger) => void>> = {
  'at the top': (log) => log.info({ token: TOKEN, card: '4242424242424242', password: 'hunter2-canary' }, 'x'),
  'nested deeper than any path': (log) =>
    log.info({ a: { b: { c: { d: { password: 'hunter2-canary', note: `card ${CARD}`, jwt: TOKEN } } } } }, 'x'),
  'in the message': (log) => log.info(`signed in with Bearer ${TOKEN} and paid by ${CARD} at postgres://hub:pg-canary-word@db/x`),
  'in the message of an error': (log) =>
    log.error({ err: new Error(`refused ${TOKEN} of postgres://hub:pg-canary-word@db:5432/x for ${CARD}`) }, 'x'),
  'in JSON that a message quotes': (log) => log.info(`body ${JSON.stringify({ user: 'clerk', password: 'hunter2-canary', next: 1 })}`),
  'in an array': (log) => log.info({ list: [{ secret: 'hunter2-canary' }, TOKEN, ['4242424242424242']] }, 'x'),
};

test.for(Object.entries(SHAPES))('[OBS-1] a secret does not reach the log %s', ([, write]) => {
  const line = logged(write);
  expect(line).not.toBe('');
  for (const canary of CANARIES) expect(line).not.toContain(canary);
});

test('[OBS-1] a member whose name says secret loses its value, whatever is in it', () => {
  for (const name of [
    'password',
    'currentPassword',
    'webhook_secret',
    'refreshToken',
    'Authorization',
    'set-cookie',
    'api_key',
    'apikey',
    'private_key',
    'x-api-key',
    'HUB_SECRET_KEY',
  ]) {
    expect(redact(JSON.stringify({ [name]: 'a "quoted" \\ value', next: 'stays' })), name).toBe(`{"${name}":"[secret]","next":"stays"}`);
  }
});

test('[OBS-1] a quoted body loses its secrets too, quotes and backslashes in them included', () => {
  const body = JSON.stringify({ password: 'a "quoted" \\ value', next: 'stays' });
  const line = redact(JSON.stringify({ msg: body }));
  expect(line).not.toMatch(/quoted|value/);
  expect(line).toContain('stays');
  expect(() => JSON.parse(line)).not.toThrow();
});

test('[OBS-1] what only looks like a secret stays readable: ids, hashes, times, amounts', () => {
  const line = JSON.stringify({
    time: '2026-11-22T00:40:25.590Z',
    actor: 'payment/pay_4242424242424242',
    hash: '0123456789abcdef'.repeat(4),
    amount_minor: 1234567890123,
    at: 1795308013123,
    request: '07a24db3-d0f7-49d9-a24b-4628e32ce70b',
    url: 'http://127.0.0.1:4000/v1/auth/one-time#m2x.abc',
    tokens: 3,
  });
  expect(redact(line)).toBe(line);
});

test('[OBS-1] a line of any shape is read in time that grows with its length alone', () => {
  for (const text of ['"password":"', 'bearer ', 'eyJ', '1 ', '1-', 'a://', 'password', '"', '\\', 'postgres://a:']) {
    expect(redact(text.repeat(20_000)).length).toBeGreaterThan(0);
  }
});
