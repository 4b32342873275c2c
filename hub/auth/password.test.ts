import { expect, test } from 'vitest';
import { Passwords } from './password.ts';

const passwords = new Passwords();

test('[AUTH-2] a password is kept as argon2id with a salt of its own, and compared whatever form its letters have', async () => {
  const [one, other] = await Promise.all([passwords.hash('Grüße und Küsse'), passwords.hash('Grüße und Küsse')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(other);
  expect(await passwords.matches('Grüße und Küsse', one, 'a')).toBe(true);
  expect(await passwords.matches('Grüße und Küsse'.normalize('NFD'), one, 'a')).toBe(true);
  expect(await passwords.matches('grüße und küsse', one, 'a')).toBe(false);
});

test('[AUTH-2] nobody’s password matches nothing, and neither does anything a hash that cannot be read', async () => {
  for (const encoded of [undefined, '', 'plain', '$argon2id$v=19$m=1,t=1,p=1$x']) {
    for (const password of ['', 'plain', 'A'.repeat(43), '\0', '\uD800'])
      expect(await passwords.matches(password, encoded, 'a')).toBe(false);
  }
});

test('[AUTH-10] sign-ins wait for each other within bounds, and one address cannot fill the queue', async () => {
  const tries = Array.from({ length: 70 }, () => passwords.matches('x', undefined, 'flooder'));
  const other = passwords.matches('x', undefined, 'other');
  const settled = await Promise.allSettled(tries);
  const refused = settled.filter((each) => each.status === 'rejected');
  expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(Array.from({ length: 6 }, () => 'overloaded'));
  expect(await other).toBe(false);
});
