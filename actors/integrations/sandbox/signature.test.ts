import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readSigned, signedHeaders } from './signature.ts';

/** Vectors of Standard Webhooks and of Stripe; their origin is in tests/vectors/webhooks/README.md. */
function vectors<S extends z.ZodType>(name: string, schema: S): z.output<S> {
  return schema.parse(JSON.parse(readFileSync(new URL(`../../../tests/vectors/webhooks/${name}`, import.meta.url), 'utf8')));
}

const standard = vectors(
  'standard-webhooks.json',
  z.object({
    sign: z.object({ secret: z.string(), id: z.string(), timestamp: z.number(), payload: z.string(), expected: z.string() }),
    verify: z.array(
      z.object({
        name: z.string(),
        header: z.string().optional(),
        secret: z.string().optional(),
        headerNames: z.tuple([z.string(), z.string(), z.string()]).optional(),
        drop: z.string().optional(),
        ageSeconds: z.number().optional(),
        accept: z.boolean(),
      }),
    ),
  }),
);
const stripe = vectors(
  'stripe-hmac-sha256.json',
  z.object({ cases: z.array(z.object({ name: z.string(), key: z.string(), payload: z.string(), expected: z.string() })) }),
);
const { sign } = standard;
const body = Buffer.from(sign.payload);

describe('signatures', () => {
  test('[SBX-21] a notification is signed as Standard Webhooks signs it', () => {
    const headers = signedHeaders(sign.secret, sign.id, sign.timestamp, sign.payload);
    expect(headers).toEqual({ 'webhook-id': sign.id, 'webhook-timestamp': String(sign.timestamp), 'webhook-signature': sign.expected });
  });

  test.each(standard.verify)(
    '[SBX-21] a receiver judges as Standard Webhooks says: $name',
    ({ header, secret, headerNames, drop, ageSeconds, accept }) => {
      const [id, timestamp, signature] = headerNames ?? ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const headers: Record<string, string> = { [id]: sign.id, [timestamp]: String(sign.timestamp), [signature]: header ?? sign.expected };
      if (drop !== undefined) delete headers[drop];
      const now_ms = (sign.timestamp + (ageSeconds ?? 0)) * 1000;
      expect(readSigned(secret ?? sign.secret, headers, body, now_ms)).toBe(accept ? sign.id : undefined);
    },
  );

  test('[SBX-21] the clocks may be 300 seconds apart, either way, and not one more', () => {
    const headers = { ...signedHeaders(sign.secret, sign.id, sign.timestamp, sign.payload) };
    const at = (age_s: number): string | undefined => readSigned(sign.secret, headers, body, (sign.timestamp + age_s) * 1000);
    expect([at(-301), at(-300), at(0), at(300), at(301)]).toEqual([undefined, sign.id, sign.id, sign.id, undefined]);
  });

  test('[SBX-21] a changed body, id or time breaks the signature', () => {
    const headers = { ...signedHeaders(sign.secret, sign.id, sign.timestamp, sign.payload) };
    const now_ms = sign.timestamp * 1000;
    expect(readSigned(sign.secret, headers, Buffer.from('{"test":2432232314}'), now_ms)).toBeUndefined();
    expect(readSigned(sign.secret, { ...headers, 'webhook-id': 'msg_other' }, body, now_ms)).toBeUndefined();
    expect(readSigned(sign.secret, { ...headers, 'webhook-timestamp': String(sign.timestamp + 1) }, body, now_ms)).toBeUndefined();
    for (const timestamp of ['-1', '1e9', 'NaN', ` ${sign.timestamp}`, `${sign.timestamp}.0`]) {
      expect(readSigned(sign.secret, { ...headers, 'webhook-timestamp': timestamp }, body, now_ms)).toBeUndefined();
    }
  });

  test.each(stripe.cases)('[SBX-21] the HMAC underneath is that of published vectors: $name', ({ key, payload, expected }) => {
    expect(createHmac('sha256', key).update(Buffer.from(payload)).digest('hex')).toBe(expected);
  });
});
