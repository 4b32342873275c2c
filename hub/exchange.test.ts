import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineIntegration } from '../actors/integrations/integration.ts';
import type { Database, Integration, Probed } from '../actors/integrations/integration.ts';
import { systemPorts } from '../actors/ports/system.ts';
import { Settings } from '../actors/store/settings.ts';
import { Integrations } from './integrations.ts';
import { Vault } from './keys.ts';

/** A provider that knows which tokens are good, and makes and forgets them as it is asked. */
class Provider {
  readonly good = new Set(['first']);
  readonly tried: string[] = [];
  made = 0;
  isThere = true;

  readonly kind = defineIntegration({
    name: 'shop',
    title: 'Shop',
    provides: 'shop',
    honours_keys: true,
    concurrency: 1,
    timeout_ms: 1_000,
    operations: {},
    config: z.strictObject({}),
    secrets: { token: { title: 'Token', about: 'Made in the settings of the shop.', required: true } },
    open: ({ secrets }) => Promise.resolve(this.#open(secrets['token'] ?? 'first')),
  });

  #open(token: string): Integration {
    return {
      perform: () => Promise.resolve({ kind: 'done', output: token }),
      probe: (): Promise<Probed> => {
        this.tried.push(token);
        if (!this.isThere) return Promise.resolve({ kind: 'retry', code: 'no_answer' });
        return Promise.resolve(this.good.has(token) ? { ok: true, expires_at: 9_000 } : { kind: 'failed', code: 'unauthorized' });
      },
      rotate: () => {
        const made = `made${++this.made}`;
        this.good.add(made);
        return Promise.resolve({ ok: true, secrets: { token: made } });
      },
      revoke: () => Promise.resolve(void this.good.delete(token)),
      close: () => Promise.resolve(),
    };
  }
}

/** What the hub keeps about itself, as the database does it. */
class Kept implements Database {
  readonly rows = new Map<string, string>();

  query(name: string, _: string, [key, value]: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    const row = String(key);
    if (name === 'setting_set' || (name === 'setting_keep' && !this.rows.has(row))) this.rows.set(row, String(value));
    const kept = this.rows.get(row);
    return Promise.resolve(name === 'setting_get' && kept !== undefined ? [{ value: kept }] : []);
  }
}

const opened: Integrations[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function opening(provider: Provider, kept = new Kept()): Promise<Integrations> {
  const ports = systemPorts({ debug() {}, info() {}, warn() {}, error() {} });
  const bus = { listen: () => () => undefined, publish: () => undefined } as never;
  const vault = new Vault('a key of the test');
  const setups = new Integrations({
    ...{ database: kept, reports: kept, settings: new Settings(kept), vault, ports, bus },
    ...{ url: () => '', kinds: [provider.kind], gate: undefined as never },
  });
  opened.push(setups);
  await setups.open();
  return setups;
}

const exchange = () => ({ key: 'k', signal: new AbortController().signal });
async function inUse(setups: Integrations): Promise<unknown> {
  const call = { key: 'k', operation: 'x', input: {}, actor: 'a/b', attempt: 1, signal: new AbortController().signal };
  const result = await setups.opened.get('shop')?.integration.perform(call);
  return result?.kind === 'done' ? result.output : undefined;
}

describe('credentials that are exchanged', () => {
  test('[INTEG-13] new ones are made, seen to work and taken into use; then the old ones are revoked', async () => {
    const provider = new Provider();
    const setups = await opening(provider);
    expect(await setups.opened.get('shop')?.rotate?.(exchange())).toEqual({ kind: 'done', output: { expires_at: 9_000 } });
    expect([await inUse(setups), [...provider.good], provider.tried]).toEqual(['made1', ['made1'], ['made1']]);
  });

  test('[INTEG-13] where nobody answers the old ones stay, and the ones that were made are tried again, not made again', async () => {
    const provider = new Provider();
    const kept = new Kept();
    const setups = await opening(provider, kept);
    provider.isThere = false;
    expect(await setups.exchange('shop', exchange())).toEqual({ kind: 'failed', code: 'not_verified_no_answer' });
    expect([await inUse(setups), provider.good.has('first')]).toEqual(['first', true]);
    provider.isThere = true;
    // Another process: what was made is kept.
    const next = await opening(provider, kept);
    expect((await next.exchange('shop', exchange())).kind).toBe('done');
    expect([await inUse(next), provider.made]).toEqual(['made1', 1]);
  });

  test('[INTEG-14] one that a person types is tried before it replaces the old one, and is kept nowhere in plain text', async () => {
    const provider = new Provider();
    const kept = new Kept();
    const setups = await opening(provider, kept);
    await expect(setups.replaceSecrets('shop', { token: 'wrong-token' })).rejects.toMatchObject({
      code: 'invalid',
      extra: { errors: [{ where: 'secrets.token' }] },
    });
    expect(await inUse(setups)).toBe('first');
    await expect(setups.replaceSecrets('shop', { other: 'x' })).rejects.toMatchObject({ extra: { errors: [{ where: 'secrets.other' }] } });
    provider.good.add('typed-token');
    const setup = await setups.replaceSecrets('shop', { token: 'typed-token' });
    expect([await inUse(setups), setup.can]).toMatchObject(['typed-token', { probes: true, rotates: true, webhooks: false }]);
    expect(JSON.stringify([setup, ...kept.rows.values()])).not.toMatch(/typed-token|wrong-token/);
  });
});
