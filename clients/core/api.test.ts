import { expect, test } from 'vitest';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { Api } from './api.ts';
import { Session, type Tokens } from './session.ts';

const VIEW = { address: 'payment/p', version: 1, state: ['draft'], tags: [], context: {}, can: [], timers: [], updatedAt: 't' };

const jwt = (sub: string) => `h.${btoa(JSON.stringify({ sub, roles: [] })).replaceAll('=', '')}.s`;

/** An API whose hub answers as it is told; what was asked is kept. */
function makeApi(answers: (() => Response)[]) {
  const asked: { path: string; key: string | null; authorization: string | null }[] = [];
  const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const path = input as string;
    if (path === '/v1/auth/refresh') return Response.json({ accessToken: 'second', refreshToken: 'r2', expiresIn: 900 });
    const headers = new Headers(init?.headers);
    asked.push({ path, key: headers.get('idempotency-key'), authorization: headers.get('authorization') });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer();
  };
  const clock = fakeClock();
  let kept: Tokens | undefined = { accessToken: 'first', refreshToken: 'r1', expiresAt: 900_000 };
  const store = {
    load: () => kept,
    save: (tokens: Tokens | undefined) => void (kept = tokens),
    exclusively: <T>(task: () => Promise<T>) => task(),
  };
  const http = { fetch, base: '' };
  const session = new Session({ http, store, clock });
  const signIn = (username: string | undefined): void => {
    kept = username === undefined ? undefined : { accessToken: jwt(username), refreshToken: `r-${username}`, expiresAt: 900_000 };
    session.reload();
  };
  return { api: new Api(http, session, clock), clock, asked, session, signIn };
}

const busy = () => Response.json({ code: 'retry', detail: 'Later.' }, { status: 503, headers: { 'retry-after': '4' } });

test('[CLIENT-27] A hub that is away or busy is asked again, with the same key, no sooner than it wishes', async () => {
  const { api, clock, asked } = makeApi([busy, () => Response.json({ address: 'payment/p', version: 1, view: VIEW }, { status: 201 })]);
  const created = await clock.run(api.create('payment', { input: {} }, 'key_1'));
  expect(created).toEqual({ address: 'payment/p', version: 1, view: VIEW });
  expect(asked.map(({ key }) => key)).toEqual(['key_1', 'key_1']);
  expect(clock.now()).toBeGreaterThanOrEqual(4_000);
});

test('[CLIENT-27] A hub that stays away is given up, with a sentence that says so', async () => {
  const { api, clock, asked } = makeApi([]);
  await expect(clock.run(api.actor('payment/p'))).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  expect(asked).toHaveLength(5);
});

test('[CLIENT-27] A refusal is shown as the hub worded it, and not asked again', async () => {
  const refusal = () =>
    Response.json({ code: 'key_reused', detail: 'This id was used before.', errors: [{ where: 'body', what: 'x' }] }, { status: 422 });
  const { api, clock, asked } = makeApi([refusal]);
  const problem = clock.run(api.create('payment', { input: {} }, 'key_1'));
  await expect(problem).rejects.toMatchObject({
    code: 'key_reused',
    message: 'This id was used before.',
    extra: { errors: [{ where: 'body', what: 'x' }] },
  });
  expect(asked).toHaveLength(1);
});

test('[CLIENT-27] An answer that is not from the hub is said to be none', async () => {
  const page = () => new Response('<html>Bad gateway</html>', { status: 418 });
  const { api, clock } = makeApi([page]);
  await expect(clock.run(api.actor('payment/p'))).rejects.toMatchObject({ code: 'unreadable', status: 418 });
  const odd = makeApi([() => Response.json({ hello: 'world' })]);
  await expect(odd.clock.run(odd.api.actor('payment/p'))).rejects.toMatchObject({ code: 'unreadable' });
});

test('[CLIENT-27] A token that the hub no longer takes is renewed once, and the call made again', async () => {
  const { api, clock, asked } = makeApi([
    () => Response.json({ code: 'token_expired', detail: 'Old.' }, { status: 401 }),
    () => Response.json(VIEW),
  ]);
  expect(await clock.run(api.actor('payment/p', 3))).toEqual(VIEW);
  expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
    ['/v1/actors/payment/p?at=3', 'Bearer first'],
    ['/v1/actors/payment/p?at=3', 'Bearer second'],
  ]);
});

test('[SDK-26] What one person has asked for is not asked again as the next one, and the next one is not given its answer', async () => {
  const made = () => Response.json({ address: 'payment/p', version: 1, view: VIEW }, { status: 201 });
  for (const [answers, atOnce] of [
    [[busy, made], false],
    [[made], true],
  ] as const) {
    const { api, clock, asked, signIn } = makeApi([...answers]);
    signIn('ann');
    const created = api.create('payment', { input: {} }, 'key_1');
    if (atOnce) queueMicrotask(() => signIn('bob'));
    clock.after(100, () => signIn(undefined));
    clock.after(200, () => signIn('bob'));
    await expect(clock.run(created)).rejects.toMatchObject({ code: 'aborted' });
    await clock.run(new Promise<void>((done) => clock.after(60_000, done)));
    expect(asked.map(({ authorization }) => authorization)).toEqual([`Bearer ${jwt('ann')}`]);
  }
});
