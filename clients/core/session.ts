import type { Clock } from './clock.ts';
import { ask, type Http } from './http.ts';
import { Listeners } from './listeners.ts';
import { newSecret } from './new-id.ts';
import { anotherPerson, isRecord, Problem } from './problem.ts';

/** Who is signed in, read from the token for display only: the hub decides by its own reading. */
export type Who = { readonly username: string; readonly roles: readonly string[]; readonly client: string | undefined };

export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** On this device's clock, in epoch milliseconds. */
  readonly expiresAt: number;
  /** The refresh token that was asked for last. It is kept before it is asked for: the hub may have given it and the answer been lost. */
  readonly next?: string;
};

/**
 * Where tokens are kept; all tabs of one browser share it. `save` does not throw: what cannot be kept is remembered, because the tokens
 * before it are worth nothing any more.
 */
export type TokenStore = {
  readonly load: () => Tokens | undefined;
  readonly save: (tokens: Tokens | undefined) => void;
  /** Runs one task at a time over all tabs: a refresh token that is used twice ends the whole session. */
  readonly exclusively: <T>(task: () => Promise<T>) => Promise<T>;
  /** Calls back when somebody else, another tab, has saved. */
  readonly onChange?: (changed: () => void) => () => void;
};

/** Tokens for as long as the process lives. */
export function memoryTokens(): TokenStore {
  let kept: Tokens | undefined;
  return { load: () => kept, save: (tokens) => void (kept = tokens), exclusively: (task) => task() };
}

export type SessionOptions = { readonly http: Http; readonly store: TokenStore; readonly clock: Clock };

/** A token with less life than this is renewed before it is used. */
const SPARE_MS = 60_000;

/** Codes by which the hub says that the refresh token is worth nothing any more. */
const ENDED = new Set(['unauthenticated', 'token_reused', 'token_expired', 'bad_credentials', 'forbidden']);

/** One person's session: signs in, keeps the access token fresh, notices when it is over. */
export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Listeners();
  #tokens: Tokens | undefined;
  #who: Who | undefined;
  #bearer: string | undefined;
  #renewing: { readonly bearer: string | undefined; readonly token: Promise<string> } | undefined;
  #ended: string | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#set(options.store.load());
  }

  get who(): Who | undefined {
    return this.#who;
  }

  /** Who is signed in, as one text: the same for the same person whatever his roles and tokens, another for anybody else. */
  get bearer(): string | undefined {
    return this.#bearer;
  }

  /** Why the session ended by itself, in a sentence; undefined after a sign-in or a wanted sign-out. */
  get ended(): string | undefined {
    return this.#ended;
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Throws a Problem: `bad_credentials`, `rate_limited`, `unreachable`, … */
  async signIn(username: string, password: string): Promise<void> {
    const answer = await ask(this.#options.http, { method: 'POST', path: '/v1/auth/token', body: { username, password } });
    this.#keep(readTokens(answer, this.#options.clock.now()));
  }

  /** Signs out here and in every tab; the hub is told, but not waited for. */
  signOut(): void {
    const refreshToken = this.#tokens?.refreshToken;
    this.#keep(undefined);
    if (refreshToken === undefined) return;
    const call = { method: 'POST', path: '/v1/auth/sign-out', body: { refreshToken } } as const;
    // An unreachable hub must not keep anybody signed in; the token dies of age.
    void ask(this.#options.http, call).catch(() => undefined);
  }

  /**
   * An access token that is good for a while yet. Throws a Problem when there is none to be had: `aborted` where somebody else has
   * signed in before it came.
   */
  async token(): Promise<string> {
    const tokens = this.#tokens;
    if (tokens === undefined) throw signedOut();
    return tokens.expiresAt - this.#options.clock.now() > SPARE_MS ? tokens.accessToken : this.renew();
  }

  /** Trades the refresh token for a new pair, once for all who ask meanwhile. Throws as `token()` does. */
  async renew(): Promise<string> {
    const bearer = this.#bearer;
    // One that was begun for somebody else is none of this person's.
    if (this.#renewing?.bearer !== bearer) this.#renewing = undefined;
    const renewal = (this.#renewing ??= { bearer, token: this.#renew() });
    try {
      const token = await renewal.token;
      if (this.#bearer !== bearer) throw anotherPerson();
      return token;
    } finally {
      if (this.#renewing === renewal) this.#renewing = undefined;
    }
  }

  /** Takes over what another tab has saved. */
  reload(): void {
    this.#set(this.#options.store.load());
  }

  async #renew(): Promise<string> {
    const { store, clock } = this.#options;
    const before = this.#tokens;
    return store.exclusively(async () => {
      const stored = store.load();
      if (stored === undefined) {
        this.#set(undefined);
        throw signedOut();
      }
      // Another tab was faster.
      if (stored.accessToken !== before?.accessToken && stored.expiresAt - clock.now() > SPARE_MS) {
        this.#set(stored);
        return stored.accessToken;
      }
      // What was saved while the answer was on its way wins, whatever the answer is: a sign-out, or somebody else's sign-in.
      const isOver = (): boolean => store.load()?.refreshToken !== stored.refreshToken;
      const next = stored.next ?? newSecret();
      if (stored.next === undefined) store.save({ ...stored, next });
      const tokens = await this.#trade(stored.refreshToken, next).catch((error: unknown) => {
        if (isOver()) return undefined;
        if (error instanceof Problem && ENDED.has(error.code)) this.#end(error.message);
        throw error;
      });
      if (tokens === undefined || isOver()) this.reload();
      else this.#keep(tokens);
      if (this.#tokens === undefined) throw signedOut();
      return this.#tokens.accessToken;
    });
  }

  async #trade(refreshToken: string, next: string): Promise<Tokens> {
    const { http, clock } = this.#options;
    const answer = await ask(http, { method: 'POST', path: '/v1/auth/refresh', body: { refreshToken, next } });
    return readTokens(answer, clock.now());
  }

  #end(sentence: string): void {
    this.#ended = sentence;
    this.#options.store.save(undefined);
    this.#set(undefined);
  }

  #keep(tokens: Tokens | undefined): void {
    this.#ended = undefined;
    this.#options.store.save(tokens);
    this.#set(tokens);
  }

  #set(tokens: Tokens | undefined): void {
    this.#tokens = tokens;
    const who = tokens && readWho(tokens.accessToken);
    // Kept by identity while nothing about the person has changed, so that a renewal redraws nothing.
    if (JSON.stringify(who) !== JSON.stringify(this.#who)) this.#who = who;
    this.#bearer = who && JSON.stringify([who.username, who.client]);
    this.#listeners.tell();
  }
}

function signedOut(): Problem {
  return new Problem(401, 'unauthenticated', 'You are not signed in.');
}

function readTokens(answer: unknown, now: number): Tokens {
  if (isRecord(answer)) {
    const { accessToken, refreshToken, expiresIn } = answer;
    if (typeof accessToken === 'string' && typeof refreshToken === 'string' && typeof expiresIn === 'number') {
      return { accessToken, refreshToken, expiresAt: now + expiresIn * 1000 };
    }
  }
  throw new Problem(200, 'unreadable', 'The hub answered a sign-in without tokens.');
}

/** Reads what a JWT says about its bearer, unverified. */
export function readWho(token: string): Who | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isRecord(claims) || typeof claims['sub'] !== 'string') return undefined;
    const { sub, roles, client } = claims;
    const names = Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
    return { username: sub, roles: names, client: typeof client === 'string' ? client : undefined };
  } catch {
    return undefined;
  }
}
