import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemPorts } from '../actors/ports/system.ts';
import { Settings } from '../actors/store/settings.ts';
import { Integrations } from '../hub/integrations.ts';
import { Vault } from '../hub/keys.ts';
import { carrier } from './fixtures/carrier.ts';
import { ROOT } from './support/sources.ts';

test('[CONF-9] the example of the guide is the one that the conformance suite tries', async () => {
  const guide = await readFile(join(ROOT, 'docs/INTEGRATIONS.md'), 'utf8');
  const code = await readFile(join(ROOT, 'tests/fixtures/carrier.ts'), 'utf8');
  const shown = code.replaceAll("'../../actors/integrations/", "'../");
  expect(guide.includes(`\`\`\`ts\n${shown}\`\`\``)).toBe(true);
});

test('[CONF-9] the example is registered by its line, set up, and says what it can do', async () => {
  const rows = new Map<string, string>();
  const query = (name: string, _: string, [key, value]: readonly unknown[]): Promise<readonly Record<string, unknown>[]> => {
    if (name === 'setting_set' || (name === 'setting_keep' && !rows.has(String(key)))) rows.set(String(key), String(value));
    const kept = rows.get(String(key));
    return Promise.resolve(name === 'setting_get' && kept !== undefined ? [{ value: kept }] : []);
  };
  const ports = systemPorts({ debug() {}, info() {}, warn() {}, error() {} });
  const setups = new Integrations({
    ...{ database: { query }, reports: { query }, settings: new Settings({ query }), vault: new Vault('of the test'), ports },
    ...{ bus: { listen: () => undefined, publish: () => undefined } as never, url: () => '', kinds: [carrier], gate: undefined as never },
  });
  await setups.open();
  await expect(setups.configure('carrier', {}, {})).rejects.toMatchObject({ extra: { errors: [{ where: 'secrets.api_key' }] } });
  const setup = await setups.configure('carrier', {}, { api_key: 'ck_of_the_test' });
  expect(setup.can).toEqual({
    operations: ['parcels.ship'],
    reads: [],
    webhooks: false,
    probes: true,
    rotates: false,
    limits: { per_second: 5, burst: 10 },
  });
  expect(JSON.stringify([setup, [...rows.values()]])).not.toContain('ck_of_the_test');
  await setups.close();
});
