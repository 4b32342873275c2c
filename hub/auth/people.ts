import { randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../../actors/caller.ts';
import type { Cancel, Ports } from '../../actors/ports/ports.ts';
import type { PeopleTable, Person, Rights } from '../../actors/store/people.ts';
import { Fault } from '../../machines/fault.ts';
import type { Role } from '../../machines/machine.ts';
import { isUsername } from './names.ts';
import { Passwords } from './password.ts';
import { Provider } from './provider.ts';
import { ACCESS_S, AccessTokens, REFRESH_MS, hashOf, makeRefreshToken } from './tokens.ts';
import type { Claims } from './tokens.ts';

/** Somebody who has shown a valid token. */
export type Session = {
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Of the person's rights; what was decided under another one is to be decided again. */
  readonly generation: number;
};

export type Tokens = { readonly accessToken: string; readonly refreshToken: string; readonly expiresIn: number };

/** What an administrator may say of a person; `roles`, `client` and `disabled` replace what was said before. */
export type Put = { readonly roles: readonly Role[]; readonly client?: string; readonly disabled?: boolean; readonly password?: string };

export type PeopleOptions = {
  readonly table: PeopleTable;
  readonly ports: Ports;
  readonly jwtSecret: string;
  readonly audience: string;
  readonly oidc: { readonly issuer: string; readonly audience: string } | undefined;
  /** Whether demo people may sign in. */
  readonly demo: boolean;
};

/** So old may be what is known of somebody who asks for something. */
const FRESH_MS = 2000;
/** What another node has changed is noticed within this time; a look goes so far back beyond the one before. */
const LOOK_MS = 250;
const OVERLAP_MS = 10_000;
/** The database's clock may have been set back: from time to time all who are here are looked at, whenever they were changed. */
const WHOLE_LOOK_MS = 60_000;
/** Who is changed again and again while he signs in is told to try again. */
const TRIES = 3;
const FORGET_MS = 60 * 60 * 1000;
const MOST_KNOWN = 10_000;

type Known = { readonly person: Person | undefined; readonly read_at: number };
type Attended = { count: number; known: Known | undefined };

/** Who may come in: sign-in, tokens, and rights that change at once for everybody who is inside. */
export class People {
  readonly #options: PeopleOptions;
  readonly #passwords = new Passwords();
  readonly #own: AccessTokens;
  readonly #provider: Provider | undefined;
  /** Tokens whose signature has been checked. What they may do is asked each time. */
  readonly #checked = new LRUCache<string, Claims>({ max: MOST_KNOWN });
  readonly #known = new LRUCache<string, Known>({ max: MOST_KNOWN });
  /** Those who are connected, however many others are asked for. */
  readonly #attended = new Map<string, Attended>();
  readonly #reading = new Map<string, Promise<Person | undefined>>();
  readonly #listeners = new Set<(username: string) => void>();
  readonly #timers: Cancel[] = [];
  #looking = false;
  /** When it was last looked at all that has changed. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #wholeLookAt = Number.NEGATIVE_INFINITY;

  constructor(options: PeopleOptions) {
    const { jwtSecret, audience, oidc, ports } = options;
    const now = (): number => ports.clock.now();
    this.#options = options;
    this.#own = new AccessTokens({ secret: jwtSecret, audience, now });
    this.#provider = oidc === undefined ? undefined : new Provider({ ...oidc, now });
  }

  start(): void {
    const { timers, log } = this.#options.ports;
    const warn = (error: unknown): void => log.warn({ err: error }, 'People could not be looked up');
    this.#timers.push(timers.every(LOOK_MS, () => void this.#lookAgain().catch(warn)));
    this.#timers.push(timers.every(FORGET_MS, () => void this.#options.table.forgetExpired().catch(warn)));
  }

  stop(): void {
    for (const cancel of this.#timers.splice(0)) cancel();
  }

  /** Calls back whenever somebody's rights have changed; returns how to stop that. */
  onChange(listener: (username: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** As long as somebody is connected a change of his rights is heard of; returns how to end that. */
  attend(username: string): () => void {
    const entry = this.#attended.get(username) ?? { count: 0, known: this.#known.get(username) };
    entry.count++;
    this.#attended.set(username, entry);
    return () => {
      entry.count--;
      if (entry.count === 0 && this.#attended.get(username) === entry) this.#attended.delete(username);
    };
  }

  /** Throws the fault `bad_credentials` for a wrong name and a wrong password alike, after the same time. */
  async signIn(username: string, password: string, address: string): Promise<Tokens> {
    // Comparing takes a while; who was changed meanwhile is compared anew, with what he is by then.
    for (let tries = 0; tries < TRIES; tries++) {
      const person = await this.#read(username);
      const matches = await this.#passwords.matches(password, person?.passwordHash, address);
      if (!matches || person === undefined || this.#isOut(person)) throw new Fault('bad_credentials');
      const tokens = await this.#open(person);
      if (tokens !== undefined) return tokens;
    }
    throw new Fault('bad_credentials');
  }

  /** Signs somebody in whose right to it was proved otherwise. */
  async open(username: string): Promise<Tokens> {
    for (let tries = 0; tries < TRIES; tries++) {
      const person = await this.#read(username);
      if (person === undefined || this.#isOut(person)) throw new Fault('bad_credentials');
      const tokens = await this.#open(person);
      if (tokens !== undefined) return tokens;
    }
    throw new Fault('bad_credentials');
  }

  /** Undefined where somebody has changed the person since he was read. */
  async #open(person: Person): Promise<Tokens | undefined> {
    const { token, hash } = makeRefreshToken();
    const isAdded = await this.#options.table.addRefresh(hash, randomBytes(16).toString('base64url'), person, REFRESH_MS);
    return isAdded ? this.#tokens(person, token) : undefined;
  }

  /**
   * A new pair for a refresh token, which is worth nothing then. Using one twice ends the sign-in: `token_reused`. A client that has named
   * the `next` itself may ask again with both when it has not heard the answer.
   */
  async refresh(refreshToken: string, next = makeRefreshToken().token): Promise<Tokens> {
    const rotation = await this.#options.table.rotate(hashOf(refreshToken), hashOf(next), REFRESH_MS);
    if (rotation.kind === 'reused') {
      this.#options.ports.log.warn({ username: rotation.username }, 'A refresh token was used twice: its sign-in has been ended');
      throw new Fault('token_reused');
    }
    if (rotation.kind === 'unknown') throw new Fault('unauthenticated', 'The refresh token is not known, or has expired; sign in again.');
    const person = await this.#read(rotation.username);
    if (person === undefined || this.#isOut(person)) throw new Fault('unauthenticated', 'This person may not sign in any more.');
    // As he was when it was traded: of a change since then the access token is none, and the next one is refused with its family.
    return this.#tokens({ ...person, generation: rotation.generation }, next);
  }

  /** Ends the sign-in that a refresh token belongs to; an unknown one is no fault. */
  async signOut(refreshToken: string): Promise<void> {
    await this.#options.table.revokeFamilyOf(hashOf(refreshToken));
  }

  /** Who bears this token, as his rights are now. Throws the faults `unauthenticated` and `token_expired`. */
  async verify(token: string): Promise<Session> {
    const claims = await this.#claims(token);
    if (claims.expiresAt <= this.#options.ports.clock.now()) throw new Fault('token_expired');
    const person = await this.#person(claims.username);
    if (person !== undefined && this.#isOut(person)) throw new Fault('unauthenticated', 'This person may not sign in any more.');
    if (claims.from === 'hub') {
      if (person === undefined) throw new Fault('unauthenticated');
      if (person.generation !== claims.generation) throw new Fault('token_expired', 'Your rights have changed; renew the token.');
      return { caller: toCaller(person), expiresAt: claims.expiresAt, generation: person.generation };
    }
    // What the table says of somebody is newer than what the provider wrote into the token.
    const caller = toCaller(person ?? claims);
    return { caller, expiresAt: claims.expiresAt, generation: person?.generation ?? 0 };
  }

  find(username: string): Promise<Person | undefined> {
    return this.#read(username);
  }

  /** Somebody with the rights of now; undefined where the hub does not know him or does not let him in. */
  async callerOf(username: string): Promise<Caller | undefined> {
    const person = await this.#read(username);
    return person === undefined || this.#isOut(person) ? undefined : toCaller(person);
  }

  /** Whether somebody who was let in a while ago has the rights that he had then. */
  async hasStill({ id, roles, client }: Caller): Promise<boolean> {
    const person = await this.#person(id);
    if (person === undefined) return true; // he is known by the token of another provider alone, and that says it
    return !this.#isOut(person) && person.client === client && [...person.roles].sort().join() === [...roles].sort().join();
  }

  page(after: string, limit: number): Promise<readonly Person[]> {
    return this.#options.table.page(after, limit);
  }

  /** Says what somebody may do. Tokens that were given before are refused from now on; so are all who may not come in. */
  async put(username: string, { roles, client, disabled = false, password }: Put): Promise<Person> {
    const passwordHash = password === undefined ? undefined : await this.#passwords.hash(password);
    const rights: Rights = { roles: [...new Set(roles)], client, disabled, passwordHash };
    const { table } = this.#options;
    const person = await table.put(username, rights);
    this.#keep(username, person);
    return person;
  }

  /** The hash of a password, for people who are made at the start. */
  hash(password: string): Promise<string> {
    return this.#passwords.hash(password);
  }

  matches(password: string, encoded: string | undefined): Promise<boolean> {
    return this.#passwords.matches(password, encoded, '');
  }

  #isOut(person: Person): boolean {
    return person.disabled || (person.demo && !this.#options.demo);
  }

  async #tokens(person: Person, refreshToken: string): Promise<Tokens> {
    return { accessToken: await this.#own.sign(person), refreshToken, expiresIn: ACCESS_S };
  }

  async #claims(token: string): Promise<Claims> {
    const checked = this.#checked.get(token);
    if (checked !== undefined) return checked;
    const provider = this.#provider;
    const claims = provider !== undefined && issuerOf(token) === provider.issuer ? await provider.read(token) : await this.#own.read(token);
    this.#checked.set(token, claims);
    return claims;
  }

  /** From memory where it is fresh, else from the database, once for all who ask meanwhile. */
  #person(username: string): Promise<Person | undefined> | Person | undefined {
    const known = this.#recall(username);
    if (known !== undefined && this.#options.ports.clock.monotonic() - Math.max(known.read_at, this.#lookedAt) < FRESH_MS)
      return known.person;
    let reading = this.#reading.get(username);
    if (reading === undefined) {
      reading = this.#read(username)
        .then((person) => this.#keep(username, person))
        .finally(() => this.#reading.delete(username));
      this.#reading.set(username, reading);
    }
    return reading;
  }

  async #read(username: string): Promise<Person | undefined> {
    if (!isUsername(username)) return undefined;
    const [person] = await this.#options.table.find([username]);
    // Names that somebody only tries are not worth remembering.
    return person === undefined && this.#recall(username) === undefined ? undefined : this.#keep(username, person);
  }

  /** Looks at who has changed, so that sockets hear of it even while nothing is asked. */
  async #lookAgain(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { table, ports } = this.#options;
      const now = ports.clock.monotonic();
      const since = now - this.#lookedAt;
      if (now - this.#wholeLookAt > WHOLE_LOOK_MS || since > WHOLE_LOOK_MS) {
        const usernames = [...new Set([...this.#attended.keys(), ...this.#known.keys()])];
        const found = new Map((await table.find(usernames)).map((person) => [person.username, person]));
        for (const username of usernames) this.#keep(username, found.get(username));
        this.#wholeLookAt = now;
      } else {
        const changed = await table.changedWithin(since + OVERLAP_MS);
        for (const person of changed) if (this.#recall(person.username) !== undefined) this.#keep(person.username, person);
      }
      this.#lookedAt = now;
    } finally {
      this.#looking = false;
    }
  }

  #recall(username: string): Known | undefined {
    return this.#attended.get(username)?.known ?? this.#known.get(username);
  }

  #keep(username: string, read: Person | undefined): Person | undefined {
    const known = this.#recall(username);
    const before = known?.person;
    // An answer that was on its way while somebody changed him must not bring back what he was.
    const person = read !== undefined && before !== undefined && read.generation < before.generation ? before : read;
    const now: Known = { person, read_at: this.#options.ports.clock.monotonic() };
    this.#known.set(username, now);
    const attended = this.#attended.get(username);
    if (attended !== undefined) attended.known = now;
    const isNews = known === undefined ? attended !== undefined : before?.generation !== person?.generation;
    if (isNews) for (const listener of this.#listeners) listener(username);
    return person;
  }
}

function toCaller({
  username,
  roles,
  client,
}: {
  readonly username: string;
  readonly roles: readonly Role[];
  readonly client: string | undefined;
}): Caller {
  return { kind: 'person', id: username, roles, ...(client === undefined ? {} : { client }) };
}

/** What an unchecked token says of its issuer, to know whose keys to check it with. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
