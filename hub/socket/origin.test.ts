import { expect, test } from 'vitest';
import { mayConnectFrom } from './origin.ts';

const own = { host: 'hub.example:4000', url: 'https://hub.example', more: ['https://hq.example:8443', 'not an origin'] };

test.each(['http://hub.example:4000', 'https://hub.example', 'https://hq.example:8443', undefined])(
  '[SYNC-32] a socket is opened to our own pages and to programs: %j',
  (origin) => {
    expect(mayConnectFrom(origin, own)).toBe(true);
  },
);

test.each([
  'https://evil.example',
  'http://hub.example',
  'https://hub.example.evil.example',
  'https://evil.example/https://hub.example',
  'https://hq.example',
  'null',
  '',
  'file://',
  'chrome-extension://abc',
  'hub.example:4000',
])('[SYNC-32] a socket is not opened to the origin %j', (origin) => {
  expect(mayConnectFrom(origin, own)).toBe(false);
});
