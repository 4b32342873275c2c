import { expect, test } from 'vitest';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { memoryTokens, Session } from '../core/session.ts';
import { Office } from './office.ts';

const jwt = (sub: string) => `h.${btoa(JSON.stringify({ sub, roles: [] })).replaceAll('=', '')}.s`;

/** An office whose hub does something before it answers, and who asked it. */
function makeOffice(answer: (signIn: (username: string) => void) => Response) {
  const askers: (string | null)[] = [];
  const tokens = memoryTokens();
  const http = {
    base: '',
    fetch: async (_: unknown, init?: RequestInit): Promise<Response> => {
      askers.push(new Headers(init?.headers).get('authorization'));
      return answer(signIn);
    },
  };
  const session = new Session({ http, store: tokens, clock: fakeClock() });
  function signIn(username: string): void {
    tokens.save({ accessToken: jwt(username), refreshToken: username, expiresAt: 900_000 });
    session.reload();
  }
  signIn('ann');
  return { office: new Office(http, session), askers };
}

test('[SDK-26] What one person asks the office for is not given to the next one, nor asked again as him', async () => {
  const given = makeOffice((signIn) => (signIn('bob'), Response.json({ items: [] })));
  await expect(given.office.savedViews()).rejects.toMatchObject({ code: 'aborted' });
  const refused = makeOffice((signIn) => (signIn('bob'), Response.json({ code: 'token_expired' }, { status: 401 })));
  await expect(refused.office.post('/v1/x', {})).rejects.toMatchObject({ code: 'aborted' });
  expect([given.askers, refused.askers]).toEqual([[`Bearer ${jwt('ann')}`], [`Bearer ${jwt('ann')}`]]);
});

test('[SDK-26] A file that one person asked for is not saved when the next one has signed in before its end', async () => {
  const twoParts = (between: () => void) => {
    const parts = ['one', 'two'];
    return new ReadableStream({
      pull: (controller) => {
        const part = parts.shift();
        if (part === undefined) return controller.close();
        if (part === 'two') between();
        controller.enqueue(new TextEncoder().encode(part));
      },
    });
  };
  const { office } = makeOffice((signIn) => new Response(twoParts(() => signIn('bob'))));
  await expect(office.file('/v1/lists/payment/csv', () => undefined)).rejects.toMatchObject({ code: 'aborted' });
  const whole = makeOffice(() => new Response(twoParts(() => undefined)));
  expect(await (await whole.office.file('/v1/lists/payment/csv', () => undefined)).text()).toBe('onetwo');
});
