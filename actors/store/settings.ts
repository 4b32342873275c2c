import type { Database } from '../integrations/integration.ts';

/** What the hub keeps about itself in the database, by name. */
export class Settings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(name: string): Promise<string | undefined> {
    const [row] = await this.#database.query('setting_get', 'select value from setting where name = $1', [name]);
    return row === undefined ? undefined : String(row.value);
  }

  async set(name: string, value: string): Promise<void> {
    await this.#database.query(
      'setting_set',
      'insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
      [name, value],
    );
  }

  /** The value that is there, or this one if none is; several nodes that ask at once get the same. */
  async keep(name: string, value: string): Promise<string> {
    await this.#database.query('setting_keep', 'insert into setting (name, value) values ($1, $2) on conflict (name) do nothing', [
      name,
      value,
    ]);
    return (await this.get(name)) ?? value;
  }
}
