import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SignJWT, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Role } from '../../machines/machine.ts';
import { Fault } from '../../machines/fault.ts';

/** Access tokens live this long; refresh tokens two weeks after each use. */
export const ACCESS_S = 15 * 60;
export const REFRESH_MS = 14 * 24 * 60 * 60 * 1000;

export const ISSUER = 'green-lines-hub';
/** RFC 9068: so that nothing else that was signed with the key can be taken for an access token. */
const TYPE = 'at+jwt';

/** What a token says, once its signature has been checked. */
export type Claims = {
  readonly username: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
} & (
  | { readonly from: 'hub'; readonly generation: number }
  /** Of an identity provider: the rights that it gives to people whom the hub does not know. */
  | { readonly from: 'provider'; readonly roles: readonly Role[]; readonly client: string | undefined }
);

export type Bearer = {
  readonly username: string;
  readonly roles: readonly Role[];
  readonly client: string | undefined;
  readonly generation: number;
};

const claimsSchema = z.object({ sub: z.string().min(1).max(64), exp: z.number(), gen: z.int().min(1) });

/** The hub's own access tokens: JWTs signed with HMAC-SHA-256. */
export class AccessTokens {
  readonly #key: KeyObject;
  readonly #audience: string;
  readonly #now: () => number;

  constructor(options: { readonly secret: string; readonly audience: string; readonly now: () => number }) {
    // A key object, not bytes: it can then never be taken for another algorithm's.
    this.#key = createSecretKey(Buffer.from(options.secret, 'utf8'));
    this.#audience = options.audience;
    this.#now = options.now;
  }

  async sign({ username, roles, client, generation }: Bearer): Promise<string> {
    const seconds = Math.floor(this.#now() / 1000);
    return new SignJWT({ roles, gen: generation, ...(client === undefined ? {} : { client }) })
      .setProtectedHeader({ alg: 'HS256', typ: TYPE })
      .setSubject(username)
      .setIssuer(ISSUER)
      .setAudience(this.#audience)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + ACCESS_S)
      .setJti(randomBytes(16).toString('base64url'))
      .sign(this.#key);
  }

  /** Throws the fault `token_expired`, or `unauthenticated` for everything that is not such a token. */
  async read(token: string): Promise<Claims> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: this.#audience,
        typ: TYPE,
        requiredClaims: ['exp', 'iat', 'jti', 'sub'],
        currentDate: new Date(this.#now()),
      });
      const { sub, exp, gen } = claimsSchema.parse(payload);
      return { from: 'hub', username: sub, generation: gen, expiresAt: exp * 1000 };
    } catch (error) {
      throw toTokenFault(error);
    }
  }
}

export function toTokenFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof errors.JWTExpired) return new Fault('token_expired');
  return new Fault('unauthenticated');
}

/** A refresh token for a client to keep, and what the table keeps of it. */
export function makeRefreshToken(): { readonly token: string; readonly hash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashOf(token) };
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
