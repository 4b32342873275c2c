import { expect, test, vi } from 'vitest';
import { fakeClock } from '../../tests/support/fake-clock.ts';
import { Problem } from './problem.ts';
import { readWho, Session, type Tokens, type TokenStore } from './session.ts';

const jwt = (sub: string, turn: number) => `h.${btoa(JSON.stringify({ sub, roles: ['clerk'], turn })).replaceAll('=', '')}.s`;

/** A hub's sign-in that rotates refresh tokens and ends the family of one that comes twice. */
function makeHub() {
  let turn = 0;
  let good = '';
  let ended = false;
  const calls: string[] = [];
  let down = false;
  const issue = () => {
    turn++;
    good = `refresh${turn}`;
    return Response.json({ accessToken: jwt('clerk', turn), refreshToken: good, expiresIn: 900 });
  };
  const fault = (code: string) => Response.json({ code, detail: `refused: ${code}` }, { status: 401 });
  const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    await Promise.resolve();
    if (down) throw new TypeError('fetch failed');
    const path = input as string;
    const body = JSON.parse(init?.body as string) as { password?: string; refreshToken?: string };
    calls.push(path);
    if (path === '/v1/auth/token') return body.password === 'right' ? issue() : fault('bad_credentials');
    if (path === '/v1/auth/sign-out') return new Response(null, { status: 204 });
    if (ended || body.refreshToken !== good) {
      ended = true;
      return fault('token_reused');
    }
    return issue();
  };
  return { http: { fetch, base: '' }, calls, setDown: (now: boolean) => void (down = now) };
}

/** One browser's storage, shared by the sessions of its tabs. */
function makeStore(): TokenStore {
  let kept: Tokens | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    load: () => kept,
    save: (tokens) => void (kept = tokens),
    exclusively: (task) => {
      const mine = last.then(task, task);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

test('[CLIENT-21] Who is signed in is read from the token, in whatever script the name is written', () => {
  const payload = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify({ sub: 'zoë', roles: ['cfo'], client: 'acme' }))));
  expect(readWho(`h.${payload}.s`)).toEqual({ username: 'zoë', roles: ['cfo'], client: 'acme' });
  expect(readWho('nonsense')).toBeUndefined();
  expect(readWho('a.b.c')).toBeUndefined();
});

test('[CLIENT-21] A wrong password changes nothing and says so', async () => {
  const { http } = makeHub();
  const session = new Session({ http, store: makeStore(), clock: fakeClock() });
  await expect(session.signIn('clerk', 'wrong')).rejects.toMatchObject({ code: 'bad_credentials', message: 'refused: bad_credentials' });
  expect(session.who).toBeUndefined();
});

test('[CLIENT-22] A token is renewed before it dies, once for all who ask, and the refresh token with it', async () => {
  const { http, calls } = makeHub();
  const clock = fakeClock();
  const session = new Session({ http, store: makeStore(), clock });
  await session.signIn('clerk', 'right');
  expect(await session.token()).toBe(jwt('clerk', 1));
  clock.advance(850_000);
  expect(await Promise.all([session.token(), session.token(), session.token()])).toEqual(Array(3).fill(jwt('clerk', 2)));
  expect(calls.filter((path) => path.endsWith('refresh'))).toHaveLength(1);
});

test('[CLIENT-22] Two tabs that renew at once do not use one refresh token twice', async () => {
  const { http, calls } = makeHub();
  const clock = fakeClock();
  const store = makeStore();
  const first = new Session({ http, store, clock });
  await first.signIn('clerk', 'right');
  const second = new Session({ http, store, clock });
  clock.advance(850_000);
  expect(await Promise.all([first.token(), second.token()])).toEqual([jwt('clerk', 2), jwt('clerk', 2)]);
  expect(calls.filter((path) => path.endsWith('refresh'))).toHaveLength(1);
});

test('[CLIENT-22] A hub that does not answer ends no session; one that refuses the refresh token does, and says why', async () => {
  const { http, setDown } = makeHub();
  const clock = fakeClock();
  const store = makeStore();
  const session = new Session({ http, store, clock });
  await session.signIn('clerk', 'right');
  clock.advance(850_000);
  setDown(true);
  await expect(session.token()).rejects.toMatchObject({ code: 'unreachable' });
  expect(session.who?.username).toBe('clerk');
  setDown(false);
  store.save({ accessToken: jwt('clerk', 1), refreshToken: 'stolen', expiresAt: 0 });
  session.reload();
  await expect(session.token()).rejects.toBeInstanceOf(Problem);
  expect(session.who).toBeUndefined();
  expect(session.ended).toBe('refused: token_reused');
  expect(store.load()).toBeUndefined();
});

test('[CLIENT-23] Who signs out while a renewal is on its way stays signed out', async () => {
  const { http } = makeHub();
  const clock = fakeClock();
  const store = makeStore();
  const session = new Session({ http, store, clock });
  await session.signIn('clerk', 'right');
  clock.advance(850_000);
  const renewal = session.token();
  renewal.catch(() => undefined);
  session.signOut();
  await expect(renewal).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(session.who).toBeUndefined();
  expect(store.load()).toBeUndefined();
});

/** A hub whose renewals are answered when the test says so. */
function makeSlowHub() {
  const answers: ((response: Response) => void)[] = [];
  let signIns = 0;
  const issue = (username: string, turn: number) =>
    Response.json({ accessToken: jwt(username, turn), refreshToken: `${username}${turn}`, expiresIn: 900 });
  const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const body = JSON.parse(init?.body as string) as { username: string };
    if (input === '/v1/auth/token') return issue(body.username, 100 + ++signIns);
    if (input === '/v1/auth/refresh') return new Promise((answer) => answers.push(answer));
    return new Response(null, { status: 204 });
  };
  const refusal = () => Response.json({ code: 'token_reused', detail: 'Used before.' }, { status: 401 });
  return { http: { fetch, base: '' }, answers, issue, refusal };
}

/** A session whose renewal for Ann is on its way. */
async function renewing() {
  const hub = makeSlowHub();
  const clock = fakeClock();
  const store = makeStore();
  const session = new Session({ http: hub.http, store, clock });
  await session.signIn('ann', 'right');
  clock.advance(850_000);
  const renewal = session.token().then(
    (token) => token,
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  );
  await vi.waitFor(() => expect(hub.answers).toHaveLength(1));
  return { ...hub, session, store, clock, renewal };
}

test('[SDK-28] A renewal that is answered after somebody else has signed in changes nothing for him, whatever the answer is', async () => {
  for (const answer of ['granted', 'refused'] as const) {
    const { session, store, answers, issue, refusal, renewal } = await renewing();
    session.signOut();
    await session.signIn('bob', 'right');
    answers[0]?.(answer === 'granted' ? issue('ann', 2) : refusal());
    expect(await renewal).toBe('aborted');
    expect([session.who?.username, session.ended, store.load()?.refreshToken]).toEqual(['bob', undefined, 'bob102']);
    expect(await session.token()).toBe(jwt('bob', 102));
  }
});

test('[SDK-28] After a wanted sign-out a late renewal gives no reason why the session ended', async () => {
  for (const answer of ['granted', 'refused'] as const) {
    const { session, store, answers, issue, refusal, renewal } = await renewing();
    session.signOut();
    answers[0]?.(answer === 'granted' ? issue('ann', 2) : refusal());
    expect(await renewal).toBe('unauthenticated');
    expect([session.who, session.ended, store.load()]).toEqual([undefined, undefined, undefined]);
  }
});

test('[SDK-28] Who signs in again during his own renewal goes on with what he was given last', async () => {
  const { session, answers, issue, renewal, clock } = await renewing();
  session.signOut();
  await session.signIn('ann', 'right');
  answers[0]?.(issue('ann', 7));
  expect(await renewal).toBe(jwt('ann', 102));
  clock.advance(850_000);
  const next = session.token();
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(issue('ann', 8));
  expect(await next).toBe(jwt('ann', 8));
});

test('[SDK-28] The next person does not wait for the renewal of the one before, nor share its fate', async () => {
  const { session, answers, issue, renewal } = await renewing();
  session.signOut();
  await session.signIn('bob', 'right');
  const own = session.renew();
  answers[0]?.(issue('ann', 2));
  expect(await renewal).toBe('aborted');
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(issue('bob', 2));
  expect(await own).toBe(jwt('bob', 2));
});

test('[SDK-37] A renewal whose answer was lost is asked for again with the same next token, also after the page was loaded anew', async () => {
  const asked: { refreshToken: string; next: string }[] = [];
  let given: string | undefined;
  let lost = true;
  const fetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const body = JSON.parse(init?.body as string) as { refreshToken: string; next: string };
    if (input === '/v1/auth/token') return Response.json({ accessToken: jwt('ann', 1), refreshToken: 'r1', expiresIn: 900 });
    asked.push(body);
    // Good once, but for whoever knows what it was traded for.
    if (given !== undefined && body.next !== given) return Response.json({ code: 'token_reused', detail: 'Used before.' }, { status: 401 });
    given = body.next;
    if (lost) throw new TypeError('fetch failed');
    return Response.json({ accessToken: jwt('ann', 2), refreshToken: given, expiresIn: 900 });
  };
  const clock = fakeClock();
  const store = makeStore();
  const options = { http: { fetch, base: '' }, store, clock };
  const session = new Session(options);
  await session.signIn('ann', 'right');
  clock.advance(850_000);
  await expect(session.token()).rejects.toMatchObject({ code: 'unreachable' });
  await expect(session.token()).rejects.toMatchObject({ code: 'unreachable' });
  lost = false;
  const reloaded = new Session(options);
  expect(await reloaded.token()).toBe(jwt('ann', 2));
  expect(new Set(asked.map(({ refreshToken, next }) => `${refreshToken} ${next}`)).size).toBe(1);
  expect(given).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(store.load()).toEqual({ accessToken: jwt('ann', 2), refreshToken: given, expiresAt: expect.any(Number) });
  session.reload();
  expect(await session.token()).toBe(jwt('ann', 2));
});
