import { describe, expect, test } from 'vitest';
import { Fault } from '../../machines/fault.ts';
import { Limits } from './limits.ts';

async function codesOf(tries: readonly Promise<unknown>[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const settled of await Promise.allSettled(tries)) {
    const code = settled.status === 'fulfilled' ? 'taken' : settled.reason instanceof Fault ? settled.reason.code : String(settled.reason);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}

describe('limits', () => {
  test('[API-22] one person gets fifteen hundred requests a second, and nobody else pays for his', async () => {
    const limits = new Limits();
    const counts = await codesOf(Array.from({ length: 2500 }, () => limits.person('flooder')));
    expect([counts.get('taken'), counts.get('rate_limited')]).toEqual([1500, 1000]);
    await expect(limits.person('other')).resolves.toBeUndefined();
    const addresses = await codesOf(Array.from({ length: 600 }, () => limits.address('203.0.113.9')));
    expect([addresses.get('taken'), addresses.get('rate_limited')]).toEqual([500, 100]);
  });

  test('[API-22] one person has at most 512 requests under way, and a place is free again when one ends, also by failing', async () => {
    const limits = new Limits();
    const { promise, resolve } = Promise.withResolvers<void>();
    const underWay = Array.from({ length: 512 }, (_, n) =>
      limits.work({ username: 'busy' }, () => promise.then(() => (n % 2 === 0 ? undefined : Promise.reject(new Fault('retry'))))),
    );
    await expect(limits.work({ username: 'busy' }, () => Promise.resolve())).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(limits.work({ username: 'other' }, () => Promise.resolve(1))).resolves.toBe(1);
    await expect(limits.work({ address: 'busy' }, () => Promise.resolve(2))).resolves.toBe(2);
    resolve();
    expect((await codesOf(underWay)).get('retry')).toBe(256);
    await expect(limits.work({ username: 'busy' }, () => Promise.resolve(3))).resolves.toBe(3);
  });

  test('[AUTH-10] only wrong passwords count, for their name and address alone', async () => {
    const limits = new Limits();
    const wrong = (): Promise<never> => Promise.reject(new Fault('bad_credentials'));
    for (let n = 0; n < 20; n++) await limits.password('clerk', 'a', () => Promise.resolve());
    for (let n = 0; n < 20; n++)
      await expect(limits.password('clerk', 'a', () => Promise.reject(new Fault('overloaded')))).rejects.toMatchObject({
        code: 'overloaded',
      });
    const counts = await codesOf(Array.from({ length: 10 }, () => limits.password('clerk', 'a', wrong)));
    expect(counts.get('bad_credentials')).toBe(10);
    await expect(limits.password('clerk', 'a', () => Promise.resolve())).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(limits.password('clerk', 'b', () => Promise.resolve('in'))).resolves.toBe('in');
    await expect(limits.password('cfo', 'a', () => Promise.resolve('in'))).resolves.toBe('in');
  });
});
