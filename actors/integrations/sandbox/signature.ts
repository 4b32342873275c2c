import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Webhook signatures as Standard Webhooks has them:
 * `webhook-signature: v1,base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body))`, several separated by spaces while a
 * secret is being changed. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export type SignedHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

/** How far a notification's clock and ours may be apart, either way. */
const TOLERANCE_S = 300;
const PREFIX = 'whsec_';

/** `timestamp_s` is in seconds. */
export function signedHeaders(secret: string, id: string, timestamp_s: number, body: string): SignedHeaders {
  const signature = sign(toKey(secret), id, String(timestamp_s), Buffer.from(body));
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp_s), 'webhook-signature': `v1,${signature.toString('base64')}` };
}

/** The notification's id when one of its signatures is ours and its clock is near; undefined otherwise. */
export function readSigned(
  secret: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer,
  now_ms: number,
): string | undefined {
  const key = toKey(secret);
  const id = header(headers, 'webhook-id');
  const timestamp = header(headers, 'webhook-timestamp');
  // Anybody could sign with an empty secret.
  if (key.length === 0 || !id || !timestamp || !/^\d{1,12}$/.test(timestamp)) return undefined;
  if (Math.abs(Math.floor(now_ms / 1000) - Number(timestamp)) > TOLERANCE_S) return undefined;
  const expected = sign(key, id, timestamp, body);
  // One header is at most a few signatures; more would only make us compute.
  const claims = (header(headers, 'webhook-signature') ?? '').split(' ', 16);
  return claims.some((claim) => isSame(claim, expected)) ? id : undefined;
}

function sign(key: Buffer, id: string, timestamp: string, body: Buffer): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

function isSame(claim: string, expected: Buffer): boolean {
  if (!claim.startsWith('v1,')) return false;
  const claimed = Buffer.from(claim.slice(3), 'base64');
  return claimed.length === expected.length && timingSafeEqual(claimed, expected);
}

function toKey(secret: string): Buffer {
  return Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
}

function header(headers: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  if (headers[name] !== undefined) return headers[name];
  const other = Object.keys(headers).find((key) => key.toLowerCase() === name);
  return other === undefined ? undefined : headers[other];
}
