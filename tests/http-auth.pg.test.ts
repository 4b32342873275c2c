import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, decodeJwt, exportJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../hub/http/routes.ts';
import { startTestHub } from './support/hub.ts';
import type { TestHub } from './support/hub.ts';
import { CLIENT, Rest } from './support/rest.ts';
import type { Json, Reply } from './support/rest.ts';

let hub: TestHub;
let rest: Rest;

beforeAll(async () => {
  hub = await startTestHub({ jwtSecret: 'a secret that only these tests know, long enough' });
  rest = new Rest(hub);
});

afterAll(() => hub.stop());

const signIn = (username: string, password = 'green-lines', at = rest): Promise<Reply> =>
  at.call('POST', '/v1/auth/token', { body: { username, password } });
const refresh = (refreshToken: unknown): Promise<Reply> => rest.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
const put = (username: string, body: Json, as = 'admin'): Promise<Reply> => rest.call('PUT', `/v1/people/${username}`, { as, body });
const look = (token: unknown, at = rest): Promise<Reply> => at.call('GET', '/v1/actors/payment?limit=1', { token: String(token) });

describe('signing in', () => {
  test('[AUTH-1] every demo person gets a token of 15 minutes with sub, roles and client', async () => {
    const { body } = await rest.get('/v1/demo');
    const people = body['people'] as { username: string; roles: string[] }[];
    expect(people.map(({ username }) => username).toSorted()).toEqual([
      'acme',
      'admin',
      'ann',
      'approver',
      'approver2',
      'auditor',
      'bob',
      'cfo',
      'clerk',
      'developer',
      'dispatcher',
      'globex',
      'operator',
      'reviewer',
    ]);
    for (const { username, roles } of people) {
      const reply = await signIn(username, String(body['password']));
      expect(reply.body['expiresIn']).toBe(900);
      const claims = decodeJwt(String(reply.body['accessToken']));
      expect([claims.sub, claims['roles'], claims['client']]).toEqual([username, roles, roles.includes('customer') ? username : undefined]);
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
    }
  });

  test('[AUTH-2] a wrong password and an unknown name get the same answer', async () => {
    const wrong = await signIn('clerk', 'guess');
    const unknown = await signIn('nobody', 'guess');
    expect(wrong.body).toMatchObject({ status: 401, code: 'bad_credentials' });
    expect({ ...unknown.body, instance: '' }).toEqual({ ...wrong.body, instance: '' });
    for (const username of ['hub', 'system', 'a:b', 'clerk/x', 'a\0b', "' or 1=1 --", 'CLERK'])
      expect((await signIn(username)).body['code']).toBe('bad_credentials');
  });

  test('[AUTH-10] after ten wrong passwords a name waits a minute at that address, also with the right one', async () => {
    await put('forgetful', { roles: ['clerk'], password: 'correct horse' });
    for (let n = 0; n < 10; n++) expect((await signIn('forgetful', 'wrong')).status).toBe(401);
    const refused = await signIn('forgetful', 'correct horse');
    expect(refused.body).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
    expect((await signIn('clerk')).status).toBe(200);
  });

  test('[AUTH-3] a refresh token is good once; using it twice ends the whole sign-in and no other', async () => {
    const first = (await signIn('reviewer')).body;
    const other = (await signIn('reviewer')).body;
    const second = (await refresh(first['refreshToken'])).body;
    expect((await look(second['accessToken'])).status).toBe(200);
    expect((await refresh(first['refreshToken'])).body).toMatchObject({ status: 401, code: 'token_reused' });
    expect((await refresh(second['refreshToken'])).status).toBe(401);
    expect((await refresh(other['refreshToken'])).status).toBe(200);
    expect((await refresh('made-up')).body['code']).toBe('unauthenticated');
  });

  test('[AUTH-3] of two who come with one refresh token at once only one gets a new pair', async () => {
    const { refreshToken } = (await signIn('dispatcher')).body;
    const replies = await Promise.all([refresh(refreshToken), refresh(refreshToken), refresh(refreshToken)]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
  });

  test('[AUTH-14] whoever names the next refresh token himself may ask again when the answer was lost, until he has used it', async () => {
    const ask = (refreshToken: unknown, next: unknown): Promise<Reply> =>
      rest.call('POST', '/v1/auth/refresh', { body: { refreshToken, next } });
    const { refreshToken } = (await signIn('reviewer')).body;
    const [next, other, third] = ['n', 'o', 't'].map((letter) => letter.repeat(43));
    const replies = await Promise.all([ask(refreshToken, next), ask(refreshToken, next)]);
    for (const { status, body } of [...replies, await ask(refreshToken, next)]) {
      expect([status, body['refreshToken']]).toEqual([200, next]);
      expect((await look(body['accessToken'])).status).toBe(200);
    }
    expect((await ask(next, third)).body['refreshToken']).toBe(third);
    // It has been used since, so somebody else has it.
    expect((await ask(refreshToken, next)).body['code']).toBe('token_reused');
    expect((await ask(third, other)).status).toBe(401);
    const again = (await signIn('reviewer')).body;
    expect((await ask(again['refreshToken'], next)).body['code']).toBe('token_reused');
    const fresh = (await signIn('reviewer')).body;
    expect((await ask(fresh['refreshToken'], other)).status).toBe(200);
    expect((await ask(fresh['refreshToken'], third)).body['code']).toBe('token_reused');
    for (const bad of ['', 'short', '+'.repeat(43), 'x'.repeat(44), 7, null])
      expect((await ask('made-up', bad)).body['code']).toBe('invalid');
    expect((await ask(other, other)).body['code']).toBe('invalid');
  });

  test('[AUTH-15] who changes a password puts out everybody who came in with the old one, also who was just coming in', async () => {
    await put('stolen', { roles: ['clerk'], password: 'correct horse' });
    const coming = Array.from({ length: 8 }, () => signIn('stolen', 'correct horse'));
    const [changed, ...replies] = await Promise.all([put('stolen', { roles: ['clerk'], password: 'battery staple' }), ...coming]);
    expect(changed.status).toBe(200);
    for (const { status, body } of replies) {
      expect([200, 401]).toContain(status);
      if (status === 200) expect((await refresh(body['refreshToken'])).status).toBe(401);
    }
    expect((await signIn('stolen', 'battery staple')).status).toBe(200);
  });

  test('[AUTH-15] a token that is traded again and again is put out like any other', async () => {
    for (let round = 0; round < 6; round++) {
      await put('looping', { roles: ['clerk'], password: `correct horse ${round}` });
      let { refreshToken, accessToken } = (await signIn('looping', `correct horse ${round}`)).body;
      let goesOn = true;
      const trading = (async () => {
        while (goesOn) {
          const { status, body } = await refresh(refreshToken);
          if (status !== 200) return;
          ({ refreshToken, accessToken } = body);
        }
      })();
      await put('looping', { roles: ['clerk'], password: 'another one' });
      goesOn = false;
      await trading;
      expect((await refresh(refreshToken)).status).toBe(401);
      expect((await look(accessToken)).status).toBe(401);
    }
  });

  test('[AUTH-3] signing out ends the sign-in, and signing out of nothing is no fault', async () => {
    const { refreshToken } = (await signIn('reviewer')).body;
    expect((await rest.call('POST', '/v1/auth/sign-out', { body: { refreshToken } })).status).toBe(204);
    expect((await refresh(refreshToken)).body['code']).toBe('unauthenticated');
    expect((await rest.call('POST', '/v1/auth/sign-out', { body: { refreshToken: 'none' } })).status).toBe(204);
  });
});

describe('rights', () => {
  test('[AUTH-4] somebody who is disabled is refused at once, with every token he has', async () => {
    await put('temp', { roles: ['clerk'], password: 'correct horse' });
    const tokens = (await signIn('temp', 'correct horse')).body;
    expect((await look(tokens['accessToken'])).status).toBe(200);
    expect((await put('temp', { roles: ['clerk'], disabled: true })).body).toMatchObject({
      username: 'temp',
      disabled: true,
      password: true,
    });
    expect((await look(tokens['accessToken'])).body).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect((await refresh(tokens['refreshToken'])).status).toBe(401);
    expect((await signIn('temp', 'correct horse')).body['code']).toBe('bad_credentials');
    await put('temp', { roles: ['clerk'] });
    expect((await look(tokens['accessToken'])).body['code']).toBe('token_expired');
    expect((await signIn('temp', 'correct horse')).status).toBe(200);
  });

  test('[AUTH-4] a role that changes needs a new token, which a refresh brings', async () => {
    await put('mover', { roles: ['clerk'], password: 'correct horse' });
    const tokens = (await signIn('mover', 'correct horse')).body;
    expect((await rest.call('GET', '/v1/nodes', { token: String(tokens['accessToken']) })).status).toBe(403);
    await put('mover', { roles: ['operator'] });
    expect((await look(tokens['accessToken'])).body['code']).toBe('token_expired');
    const renewed = (await refresh(tokens['refreshToken'])).body;
    expect((await rest.call('GET', '/v1/nodes', { token: String(renewed['accessToken']) })).status).toBe(200);
    await put('mover', { roles: ['operator'] });
    expect((await look(renewed['accessToken'])).status).toBe(200);
  });

  test('[AUTH-4] what another node has changed is noticed within seconds', async () => {
    await put('faraway', { roles: ['clerk'], password: 'correct horse' });
    const { accessToken } = (await signIn('faraway', 'correct horse')).body;
    expect((await look(accessToken)).status).toBe(200);
    await hub.hub.store
      .database()
      .query('test_disable', 'update person set disabled = true, generation = generation + 1 where username = $1', ['faraway']);
    await expect.poll(async () => (await look(accessToken)).status, { timeout: 5000 }).toBe(401);
  });

  test('[AUTH-4] people are shown without their passwords, to admin and auditor', async () => {
    await put('shown', { roles: ['customer'], client: 'acme', password: 'correct horse' });
    const { body } = await rest.get('/v1/people/shown', 'auditor');
    expect(body).toEqual({ username: 'shown', roles: ['customer'], client: 'acme', disabled: false, demo: false, password: true });
    const names: string[] = [];
    let cursor = '';
    do {
      const page = (await rest.get(`/v1/people?limit=5${cursor}`, 'admin')).body;
      names.push(...(page['items'] as Json[]).map(({ username }) => String(username)));
      cursor = page['next'] === null ? '' : `&cursor=${String(page['next'])}`;
    } while (cursor !== '');
    expect(names).toEqual([...new Set(names)].toSorted());
    expect(names).toEqual(expect.arrayContaining(['acme', 'shown']));
    expect((await rest.get('/v1/people/nobody', 'admin')).status).toBe(404);
  });

  test('[AUTH-4] nobody takes his own administration away, names an unknown role or a name that is none', async () => {
    expect((await put('admin', { roles: ['clerk'] })).body).toMatchObject({ status: 409, code: 'own_rights' });
    expect((await put('admin', { roles: ['admin'], disabled: true })).body['code']).toBe('own_rights');
    for (const body of [
      { roles: ['root'] },
      { roles: ['system'] },
      { roles: 'admin' },
      {},
      { roles: [], isAdmin: true },
      { roles: [], password: 'short' },
    ]) {
      expect((await put('somebody', body)).status).toBe(422);
    }
    for (const username of ['a%3Ab', 'hub', 'System', '%20', '.x', 'a%00b'])
      expect((await put(username, { roles: ['clerk'] })).status).toBe(422);
  });

  test('[AUTH-11] every route is closed without a token, and to everybody who has none of its roles', async () => {
    const people = ['admin', 'clerk', 'approver', 'cfo', 'operator', 'auditor', 'developer', 'reviewer', 'dispatcher', 'acme', 'ann'];
    const roleOf = (username: string): string => ({ acme: 'customer', ann: 'agent' })[username] ?? username;
    for (const { method, path, access } of routes.filter((route) => route.access !== 'public')) {
      const url = path.replaceAll(/:[a-z]+/g, 'x');
      expect((await rest.call(method, url, {})).body).toMatchObject({ status: 401, code: 'unauthenticated' });
      if (access === 'person' || access === 'node') continue;
      for (const as of people.filter((username) => !(access as readonly string[]).includes(roleOf(username)))) {
        expect((await rest.call(method, url, { as })).body, `${method} ${path} as ${as}`).toMatchObject({ status: 403, code: 'forbidden' });
      }
    }
  });

  test('[AUTH-11] who may send an event is the machine’s table, whoever asks', async () => {
    const created = await rest.create('client', { input: CLIENT }, 'approver');
    expect([created.status, created.body['code']]).toEqual([403, 'forbidden']);
    for (const as of ['acme', 'ann', 'auditor', 'admin']) expect((await rest.create('payment', { input: {} }, as)).status).not.toBe(201);
  });
});

describe('tokens that are none', () => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  const secret = Buffer.from('a secret that only these tests know, long enough');
  const sign = (header: object, claims: object, key: Buffer = secret): string => {
    const signed = `${part(header)}.${part(claims)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
  const header = { alg: 'HS256', typ: 'at+jwt' };
  const good = (): Json => {
    const seconds = Math.floor(Date.now() / 1000);
    return {
      sub: 'clerk',
      roles: ['clerk'],
      gen: 1,
      iss: 'green-lines-hub',
      aud: hub.hub.hub_id,
      iat: seconds,
      exp: seconds + 60,
      jti: randomUUID(),
    };
  };

  test('[AUTH-5] what the key signs in the right form is taken: so the refusals below are for the reason they name', async () => {
    expect((await look(sign(header, good()))).status).toBe(200);
  });

  test('[AUTH-5] a token without a signature, with another key, another algorithm or another type is refused', async () => {
    const bare = `${part({ alg: 'none', typ: 'at+jwt' })}.${part(good())}.`;
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const confused = sign(header, good(), Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })));
    const rsa = await new SignJWT(good()).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' }).sign(privateKey);
    const injected = sign(
      { ...header, jwk: await exportJWK(publicKey), kid: '../../dev/null', jku: 'http://127.0.0.1:1/' },
      good(),
      Buffer.alloc(32),
    );
    const [head, claims, signature] = sign(header, good()).split('.');
    const tampered = `${head}.${part({ ...good(), sub: 'admin', roles: ['admin'] })}.${signature}`;
    const forged = [
      bare,
      `${bare}x`,
      confused,
      rsa,
      injected,
      tampered,
      `${head}.${claims}.`,
      `${head}.${claims}`,
      sign({ alg: 'HS256', typ: 'JWT' }, good()),
      sign({ ...header, alg: 'HS512' }, good()),
      sign({ ...header, crit: ['x'] }, good()),
    ];
    for (const token of [...forged, 'x', '..', 'a.b.c', `${head}.${'A'.repeat(3000)}.x`]) {
      expect((await look(token)).body, token).toMatchObject({ status: 401, code: 'unauthenticated' });
    }
  });

  test('[AUTH-5] a token without one of its claims, of another hub or for nobody is refused; an old one says so', async () => {
    for (const name of ['sub', 'gen', 'iss', 'aud', 'iat', 'exp', 'jti']) {
      const { [name]: _, ...claims } = good();
      expect((await look(sign(header, claims))).body['code'], name).toBe('unauthenticated');
    }
    for (const other of [
      { iss: 'other' },
      { aud: 'hub_other' },
      { sub: 'nobody' },
      { sub: '' },
      { gen: 'x' },
      { nbf: Math.floor(Date.now() / 1000) + 600 },
    ]) {
      expect((await look(sign(header, { ...good(), ...other }))).body['code'], JSON.stringify(other)).toBe('unauthenticated');
    }
    expect((await look(sign(header, { ...good(), exp: Math.floor(Date.now() / 1000) - 1 }))).body['code']).toBe('token_expired');
    expect((await look(sign(header, { ...good(), gen: 2 }))).body['code']).toBe('token_expired');
    // What the token says of roles counts for nothing.
    expect((await rest.call('GET', '/v1/nodes', { token: sign(header, { ...good(), roles: ['operator', 'admin'] }) })).status).toBe(403);
  });
});

describe('who is there at the start', () => {
  test('[AUTH-7] a hub without people logs a link that makes one administrator once', async () => {
    const fresh = await startTestHub({ demo: false });
    try {
      const at = new Rest(fresh);
      expect((await at.get('/v1/demo')).status).toBe(404);
      expect((await signIn('admin', 'green-lines', at)).status).toBe(401);
      expect((await fetch(`${fresh.url}/v1/auth/one-time`)).headers.get('content-type')).toMatch(/html/);
      expect((await fetch(`${fresh.url}/v1/auth/one-time.js`)).headers.get('content-type')).toMatch(/javascript/);
      const redeem = (token: string, password = 'chosen by myself'): Promise<Reply> =>
        at.call('POST', '/v1/auth/one-time', { body: { token, password } });
      const until = (Date.now() + 60_000).toString(36);
      expect((await redeem(`${until}.guessed`)).body['code']).toBe('unauthenticated');
      const { makeOneTimeLink } = await import('../hub/auth/seed.ts');
      const old = (await makeOneTimeLink(fresh.hub)).split('#')[1] ?? '';
      const link = (await makeOneTimeLink(fresh.hub)).split('#')[1] ?? '';
      expect((await redeem(old)).status).toBe(401);
      expect((await redeem(link, 'short')).status).toBe(422);
      const made = await redeem(link);
      expect(made.status).toBe(200);
      expect((await redeem(link)).status).toBe(401);
      expect((await signIn('admin', 'chosen by myself', at)).status).toBe(200);
      expect((await at.call('GET', '/v1/people', { token: String(made.body['accessToken']) })).body['items']).toMatchObject([
        { username: 'admin', demo: false },
      ]);
    } finally {
      await fresh.stop();
    }
  });

  test('[AUTH-6, AUTH-8] without the demo its people are refused, and HUB_ADMIN_PASSWORD makes admin', async () => {
    const { url, close } = await (await import('./support/postgres.ts')).testDatabase();
    try {
      const secretKey = 'k'.repeat(32);
      await expect(startTestHub({ databaseUrl: url, secretKey }).then((first) => first.stop())).resolves.toBeUndefined();
      await expect(startTestHub({ databaseUrl: url, secretKey: 'other'.repeat(8) })).rejects.toThrow(/sealed with another key/);
      const demo = await startTestHub({ databaseUrl: url, secretKey });
      const { refreshToken } = await demo.signIn('clerk');
      await demo.stop();
      const real = await startTestHub({ databaseUrl: url, secretKey, demo: false, adminPassword: 'a real password' });
      const at = new Rest(real);
      for (const username of ['clerk', 'cfo', 'admin']) expect((await signIn(username, 'green-lines', at)).status).toBe(401);
      expect((await at.call('POST', '/v1/auth/refresh', { body: { refreshToken } })).status).toBe(401);
      expect((await signIn('admin', 'a real password', at)).status).toBe(200);
      await real.stop();
    } finally {
      await close();
    }
  });
});

describe('an identity provider', () => {
  test('[AUTH-9] its tokens sign people in with the roles that it names, unless the hub’s own table says otherwise', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
    const server = createServer((request, response) => {
      const document = request.url?.endsWith('/jwks') === true ? keys : { issuer, jwks_uri: `${issuer}/jwks` };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trusting = await startTestHub({ oidc: { issuer, audience: 'green-lines' } });
    try {
      const at = new Rest(trusting);
      const token = (claims: Json, audience = 'green-lines', alg = 'ES256') =>
        new SignJWT(claims)
          .setProtectedHeader({ alg, kid: 'k1' })
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(privateKey);
      const status = async (claims: Json, path = '/v1/nodes') => (await at.call('GET', path, { token: await token(claims) })).status;
      expect(await status({ sub: 'olga', roles: ['operator', 'emperor', 'system'] })).toBe(200);
      expect(await status({ sub: 'olga', roles: ['clerk'] })).toBe(403);
      expect(await status({ sub: 'auth0|5f7c', roles: ['operator'] })).toBe(200);
      expect(await status({ sub: 'guest' }, '/v1/actors/payment')).toBe(404);
      expect((await look(await token({ sub: 'olga', roles: ['clerk'] }, 'somebody else'), at)).status).toBe(401);
      const admin = await trusting.token('admin');
      await at.call('PUT', '/v1/people/olga', { token: admin, body: { roles: ['clerk'] } });
      expect(await status({ sub: 'olga', roles: ['operator'] })).toBe(403);
      await at.call('PUT', '/v1/people/olga', { token: admin, body: { roles: ['clerk'], disabled: true } });
      expect(await status({ sub: 'olga', roles: ['operator'] })).toBe(401);
    } finally {
      await trusting.stop();
      server.close();
    }
  });
});
