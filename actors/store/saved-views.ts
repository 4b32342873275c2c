import type { Database } from '../integrations/integration.ts';

/** A list that somebody keeps under a name: which kind of actors, and the query of its address. */
export type SavedView = { readonly id: string; readonly name: string; readonly type: string; readonly query: string };

/** More than this nobody finds his way in, and nobody fills the table. */
export const MOST_VIEWS = 100;

/** What each person has saved. A row is a setting, so that two windows that save at once do not undo each other. */
export class SavedViews {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By name. */
  async of(username: string): Promise<readonly SavedView[]> {
    const text = `select name, value from setting where starts_with(name, $1) and name > $1`;
    const rows = await this.#database.query('views_of', text, [prefixOf(username)]);
    const views = rows.map(({ name, value }) => {
      const { name: title, type, query } = JSON.parse(String(value)) as Omit<SavedView, 'id'>;
      return { id: String(name).slice(prefixOf(username).length), name: title, type, query };
    });
    return views.sort((a, b) => a.name.localeCompare(b.name, 'en'));
  }

  /** Keeps it, in the place of the one with the same id. False where the person has too many. */
  async put(username: string, { id, ...view }: SavedView): Promise<boolean> {
    const rows = await this.#database.query(
      'view_put',
      `insert into setting (name, value) select $1 || $2, $3
        where (select count(*) from setting where starts_with(name, $1) and name > $1 and name <> $1 || $2) < $4::int
        on conflict (name) do update set value = excluded.value returning name`,
      [prefixOf(username), id, JSON.stringify(view), MOST_VIEWS],
    );
    return rows.length > 0;
  }

  async remove(username: string, id: string): Promise<void> {
    await this.#database.query('view_remove', 'delete from setting where name = $1', [prefixOf(username) + id]);
  }
}

/** No name of a person has a colon. */
function prefixOf(username: string): string {
  return `view:${username}:`;
}
