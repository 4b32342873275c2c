import { createHash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import { Fault } from '../../machines/fault.ts';
import type { Role } from '../../machines/machine.ts';
import { isPersonRole, isUsername } from './names.ts';
import { toTokenFault } from './tokens.ts';
import type { Claims } from './tokens.ts';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const ANSWER_WITHIN_MS = 5000;

type Keys = ReturnType<typeof createRemoteJWKSet>;

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  exp: z.number(),
  roles: z.array(z.string()).max(100).catch([]),
  client: z.string().min(1).max(64).optional().catch(undefined),
});

/**
 * Tokens of an identity provider (OpenID Connect Discovery 1.0): who somebody is, and with `roles` and `client` what he may
 * do as long as the hub's own table does not say otherwise. Roles that the hub does not know are ignored.
 */
export class Provider {
  readonly issuer: string;
  readonly #audience: string;
  readonly #now: () => number;
  #keys: Promise<Keys> | undefined;

  constructor(options: { readonly issuer: string; readonly audience: string; readonly now: () => number }) {
    this.issuer = options.issuer;
    this.#audience = options.audience;
    this.#now = options.now;
  }

  /** Throws the fault `token_expired` or `unauthenticated`, or `retry` where the provider cannot be reached for its keys. */
  async read(token: string): Promise<Claims> {
    const keys = await this.#discovered();
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: this.issuer,
        audience: this.#audience,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: new Date(this.#now()),
      });
      const { sub, exp, roles, client } = claimsSchema.parse(payload);
      return {
        from: 'provider',
        username: toUsername(sub),
        expiresAt: exp * 1000,
        roles: roles.filter(isPersonRole) as readonly Role[],
        client,
      };
    } catch (error) {
      throw toTokenFault(error);
    }
  }

  #discovered(): Promise<Keys> {
    this.#keys ??= discover(this.issuer).catch((error: unknown) => {
      this.#keys = undefined;
      throw new Fault(
        'retry',
        `The identity provider cannot be asked for its keys: ${error instanceof Error ? error.message : 'no answer'}.`,
      );
    });
    return this.#keys;
  }
}

/** The subject where it can be a name here; else a name made of it, which no local person can have. */
function toUsername(sub: string): string {
  return isUsername(sub) ? sub : `oidc@${createHash('sha256').update(sub).digest('hex').slice(0, 32)}`;
}

async function discover(issuer: string): Promise<Keys> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const { issuer: named, jwks_uri } = z.object({ issuer: z.string(), jwks_uri: z.url() }).parse(await response.json());
  if (named !== issuer) throw new Error(`${url} belongs to the issuer ${named}`);
  return createRemoteJWKSet(new URL(jwks_uri), { timeoutDuration: ANSWER_WITHIN_MS });
}
