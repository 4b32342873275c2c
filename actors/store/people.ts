import type { Role } from '../../machines/machine.ts';
import type { Database } from '../integrations/integration.ts';

/** A person as the table holds him. */
export type Person = {
  readonly username: string;
  readonly roles: readonly Role[];
  readonly client: string | undefined;
  readonly disabled: boolean;
  /** Made for the demo, with a password that everybody knows; without the demo he may not sign in. */
  readonly demo: boolean;
  /** Raised whenever rights or the password change. */
  readonly generation: number;
  /** PHC string of argon2id, see hub/auth/password.ts; undefined for somebody who signs in elsewhere. */
  readonly passwordHash: string | undefined;
};

/** What an administrator says of a person; a password that is left out stays as it is. */
export type Rights = {
  readonly roles: readonly Role[];
  readonly client: string | undefined;
  readonly disabled: boolean;
  readonly passwordHash: string | undefined;
};

/** Tokens are kept as SHA-256 (hex): a copy of the table signs nobody in. */
export type Rotation =
  | { readonly kind: 'rotated'; readonly username: string; /** Of the person when it was traded. */ readonly generation: number }
  /** It was used before: its whole family is worth nothing any more. */
  | { readonly kind: 'reused'; readonly username: string }
  | { readonly kind: 'unknown' };

const COLUMNS = `username, password_hash, roles, client, disabled, demo, generation`;

/** People and their refresh tokens in PostgreSQL. */
export class PeopleTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(usernames: readonly string[]): Promise<readonly Person[]> {
    const text = `select ${COLUMNS} from person where username = any($1::text[])`;
    return (await this.#database.query('person_find', text, [usernames])).map(toPerson);
  }

  /** Whose rights have changed within this time, by the database's clock. */
  async changedWithin(ms: number): Promise<readonly Person[]> {
    const text = `select ${COLUMNS} from person where updated_at > clock_timestamp() - $1 * interval '1 ms'`;
    return (await this.#database.query('person_changed', text, [ms])).map(toPerson);
  }

  /** A page of people by name. */
  async page(after: string, limit: number): Promise<readonly Person[]> {
    const text = `select ${COLUMNS} from person where username > $1 order by username limit $2`;
    return (await this.#database.query('person_page', text, [after, limit])).map(toPerson);
  }

  async demo(): Promise<readonly Person[]> {
    return (await this.#database.query('person_demo', `select ${COLUMNS} from person where demo order by created_at, username`, [])).map(
      toPerson,
    );
  }

  /** Whether somebody who is real could administer the hub. */
  async hasAdmin(): Promise<boolean> {
    const rows = await this.#database.query(
      'person_admin',
      `select from person where not demo and not disabled and 'admin' = any(roles) limit 1`,
      [],
    );
    return rows.length > 0;
  }

  /**
   * Says what somebody may do; who is given a password of his own is no demo person any more. All of his sign-ins end by that, and by being
   * disabled, in the same statement.
   */
  async put(username: string, { roles, client, disabled, passwordHash }: Rights): Promise<Person> {
    const ends = disabled || passwordHash !== undefined;
    const rows = await this.#database.query(
      'person_put',
      `with put as (insert into person as p (username, password_hash, roles, client, disabled, demo, generation, created_at, updated_at)
        values ($1, $2, $3::text[], $4, $5, false, 1, clock_timestamp(), clock_timestamp())
        on conflict (username) do update set
          password_hash = coalesce(excluded.password_hash, p.password_hash), roles = excluded.roles, client = excluded.client,
          disabled = excluded.disabled, demo = p.demo and excluded.password_hash is null, updated_at = excluded.updated_at,
          generation = p.generation + case when excluded.password_hash is not null
            or (p.roles, p.client, p.disabled) is distinct from (excluded.roles, excluded.client, excluded.disabled) then 1 else 0 end
        returning ${COLUMNS}), ended as (update refresh_token set revoked_at = clock_timestamp()
          where username = $1 and revoked_at is null and $6)
        select ${COLUMNS} from put`,
      [username, passwordHash ?? null, roles, client ?? null, disabled, ends],
    );
    if (ends) await this.#revokeAllOf(username);
    return toPerson(rows[0] ?? {});
  }

  /** Adds a demo person where nobody has the name. */
  async addDemo(person: Pick<Person, 'username' | 'roles' | 'client'>, passwordHash: string): Promise<void> {
    await this.#database.query(
      'person_add_demo',
      `insert into person (username, password_hash, roles, client, disabled, demo, generation, created_at, updated_at)
        values ($1, $2, $3::text[], $4, false, true, 1, clock_timestamp(), clock_timestamp()) on conflict (username) do nothing`,
      [person.username, passwordHash, person.roles, person.client ?? null],
    );
  }

  async setDemoPassword(passwordHash: string): Promise<void> {
    await this.#database.query(
      'person_demo_password',
      `update person set password_hash = $1, generation = generation + 1, updated_at = clock_timestamp() where demo`,
      [passwordHash],
    );
  }

  /** Keeps the first token of a sign-in; false where somebody has changed the person since he was read. */
  async addRefresh(
    hash: string,
    family: string,
    { username, generation }: Pick<Person, 'username' | 'generation'>,
    lasts_ms: number,
  ): Promise<boolean> {
    // The lock puts it before a change, which then ends it too, or after, when the generation is another.
    const rows = await this.#database.query(
      'refresh_add',
      `insert into refresh_token (hash, family, username, expires_at)
        select $1, $2, username, clock_timestamp() + $4 * interval '1 ms' from person where username = $3 and generation = $5 for share
        returning username`,
      [hash, family, username, lasts_ms, generation],
    );
    return rows.length > 0;
  }

  /**
   * Trades a token for the next of its family, in one statement, so that two who come with the same one cannot both get one. Whoever names
   * the very next that it was traded for, and that nobody has used yet, did not hear the answer: it stands.
   */
  async rotate(hash: string, next: string, lasts_ms: number): Promise<Rotation> {
    const [rotated] = await this.#database.query(
      'refresh_rotate',
      `with used as (update refresh_token set used_at = clock_timestamp()
          where hash = $1 and used_at is null and revoked_at is null and expires_at > clock_timestamp() returning family, username),
        made as (insert into refresh_token (hash, family, username, expires_at)
          select $2, family, username, clock_timestamp() + $3 * interval '1 ms' from used on conflict (hash) do nothing returning username)
        select username, generation from made join person using (username)`,
      [hash, next, lasts_ms],
    );
    if (rotated !== undefined) return toRotated(rotated);
    const [unheard] = await this.#database.query(
      'refresh_unheard',
      `select username, generation from refresh_token f join refresh_token n using (family, username) join person using (username)
        where f.hash = $1 and f.used_at is not null and n.hash = $2
          and n.used_at is null and n.revoked_at is null and n.expires_at > clock_timestamp()`,
      [hash, next],
    );
    if (unheard !== undefined) return toRotated(unheard);
    const [used] = await this.#database.query(
      'refresh_used',
      `select username from refresh_token where hash = $1 and used_at is not null`,
      [hash],
    );
    if (used === undefined) return { kind: 'unknown' };
    await this.revokeFamilyOf(hash);
    return { kind: 'reused', username: String(used['username']) };
  }

  /** Ends one sign-in: the token's whole family. */
  async revokeFamilyOf(hash: string): Promise<void> {
    const text = `update refresh_token t set revoked_at = clock_timestamp()
      from refresh_token f where f.hash = $1 and t.family = f.family and t.revoked_at is null returning t.hash`;
    await this.#untilNone('refresh_revoke_family', text, hash);
  }

  /** Ends all of somebody's sign-ins. */
  async #revokeAllOf(username: string): Promise<void> {
    const text = `update refresh_token set revoked_at = clock_timestamp() where username = $1 and revoked_at is null returning hash`;
    await this.#untilNone('refresh_revoke_all', text, username);
  }

  /**
   * A statement does not see what a trade that it waits for has added, so it is made again until there is nothing left: what none is left of
   * cannot be traded any more.
   */
  async #untilNone(name: string, text: string, of: string): Promise<void> {
    for (;;) if ((await this.#database.query(name, text, [of])).length === 0) return;
  }

  /** Used and revoked ones are kept until they expire, so that a reuse is noticed. */
  async forgetExpired(): Promise<void> {
    await this.#database.query('refresh_forget', `delete from refresh_token where expires_at < clock_timestamp()`, []);
  }

  /** Takes a setting away if it has this value; true for exactly one of several who ask at once. */
  async takeSetting(name: string, value: string): Promise<boolean> {
    const rows = await this.#database.query('setting_take', `delete from setting where name = $1 and value = $2 returning name`, [
      name,
      value,
    ]);
    return rows.length > 0;
  }
}

function toRotated({ username, generation }: Readonly<Record<string, unknown>>): Rotation {
  return { kind: 'rotated', username: String(username), generation: Number(generation) };
}

function toPerson(row: Readonly<Record<string, unknown>>): Person {
  return {
    username: String(row['username']),
    roles: row['roles'] as readonly Role[],
    client: typeof row['client'] === 'string' ? row['client'] : undefined,
    disabled: row['disabled'] === true,
    demo: row['demo'] === true,
    generation: Number(row['generation']),
    passwordHash: typeof row['password_hash'] === 'string' ? row['password_hash'] : undefined,
  };
}
