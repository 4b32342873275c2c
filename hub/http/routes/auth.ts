import { z } from 'zod';
import { redeemOneTime } from '../../auth/seed.ts';
import { definePublicRoute } from '../route.ts';
import type { Route } from '../route.ts';

const tokens = z.strictObject({
  accessToken: z.string().describe('A JWT with sub, roles and client, for Authorization: Bearer'),
  refreshToken: z.string(),
  expiresIn: z.int().describe('Seconds until the access token expires'),
});
const username = z.string().min(1).max(64);
const refreshToken = z.string().min(1).max(256);
const nextToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/, '32 bytes as base64url');

const signIn = definePublicRoute({
  method: 'POST',
  path: '/v1/auth/token',
  summary: 'Sign in',
  body: z.strictObject({ username, password: z.string().min(1).max(1024) }),
  answers: { 200: tokens },
  handler: async ({ people, body, address, limits }) => {
    const { username, password } = body;
    return { body: await limits.password(username, address, () => people.signIn(username, password, address)) };
  },
});

const refresh = definePublicRoute({
  method: 'POST',
  path: '/v1/auth/refresh',
  summary: 'Trade a refresh token for a new pair',
  description:
    'A refresh token is good once. Using one twice ends the whole sign-in. A client that may lose the answer names the next refresh token itself (256 bits of chance) and asks again with the same two.',
  body: z
    .strictObject({ refreshToken, next: nextToken.optional() })
    .refine((asked) => asked.next !== asked.refreshToken, { path: ['next'], message: 'is the one to be traded' }),
  answers: { 200: tokens },
  handler: async ({ people, body }) => ({ body: await people.refresh(body.refreshToken, body.next) }),
});

const signOut = definePublicRoute({
  method: 'POST',
  path: '/v1/auth/sign-out',
  summary: 'Sign out',
  description: 'Ends the sign-in that the refresh token belongs to. Access tokens that were given out last until they expire.',
  body: z.strictObject({ refreshToken }),
  answers: { 204: z.undefined() },
  handler: async ({ people, body }) => {
    await people.signOut(body.refreshToken);
    return {};
  },
});

const redeem = definePublicRoute({
  method: 'POST',
  path: '/v1/auth/one-time',
  summary: 'Make the first administrator',
  description:
    'With the token of the link that a hub without people writes to its log at the start; `admin` gets this password and is signed in.',
  body: z.strictObject({ token: z.string().min(1).max(128), password: z.string().min(8).max(1024) }),
  answers: { 200: tokens },
  handler: async ({ hub, people, body }) => ({ body: await redeemOneTime(hub, people, body.token, body.password) }),
});

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const SCRIPT = { 'content-type': 'text/javascript; charset=utf-8' };

const page = definePublicRoute({
  method: 'GET',
  path: '/v1/auth/one-time',
  summary: 'The page behind the one-time link',
  answers: { 200: z.string() },
  handler: async () => ({ headers: HTML, body: PAGE }),
});

const script = definePublicRoute({
  method: 'GET',
  path: '/v1/auth/one-time.js',
  summary: 'The script of that page',
  answers: { 200: z.string() },
  handler: async () => ({ headers: SCRIPT, body: PAGE_SCRIPT }),
});

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>First administrator - Green Lines Hub</title>
<h1>Choose the password of admin</h1>
<p>At least 8 characters. This link works once.</p>
<form id="form">
  <label>Password <input id="password" type="password" autocomplete="new-password" minlength="8" required></label>
  <button>Save</button>
</form>
<p id="said" role="status"></p>
<script src="/v1/auth/one-time.js"></script>
</html>
`;

const PAGE_SCRIPT = `const said = document.getElementById('said');
document.getElementById('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ token: location.hash.slice(1), password: document.getElementById('password').value });
  const answer = await fetch('/v1/auth/one-time', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (answer.ok) location.replace('/hq/');
  else said.textContent = (await answer.json()).detail;
});
`;

export const authRoutes: readonly Route[] = [signIn, refresh, signOut, redeem, page, script];
