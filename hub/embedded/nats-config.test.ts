import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compareVersions } from './nats-binary.ts';
import { natsAccounts, natsConfig } from './nats-config.ts';

test('[EMB-10] production gives publishers the same rights as the embedded server gives strangers', () => {
  const production = readFileSync(new URL('nats.conf', import.meta.url), 'utf8');
  expect(production).toContain(
    natsAccounts({
      hub: '{ user: hub, password: $NATS_HUB_PASSWORD }',
      outside: '{ user: publisher, password: $NATS_PUBLISHER_PASSWORD }',
    }),
  );
});

test('[EMB-10] the embedded server listens on loopback alone and opens no other door', () => {
  const config = natsConfig({ dir: '/d', port: 4222, hubPassword: 'secret', serverName: 'hub-x', syncsAlways: true });
  expect(config).toContain('listen: "127.0.0.1:4222"');
  expect(config).not.toMatch(/websocket|mqtt|leafnodes|cluster|http/);
});

test('[EMB-8] versions are compared as numbers', () => {
  expect(compareVersions('2.10.0', '2.9.10')).toBeGreaterThan(0);
  expect(compareVersions('2.9.9', '2.9.10')).toBeLessThan(0);
  expect(compareVersions('2.9.10', '2.9.10')).toBe(0);
});
