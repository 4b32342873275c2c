import type { SqlEntityManager } from '@mikro-orm/postgresql';

/** Throws for a server that would forget what it acknowledged, and for one that is too old. */
export async function mustBeDurable(orm: { em: unknown }): Promise<void> {
  const em = orm.em as SqlEntityManager;
  const rows = await em.execute<{ name: string; setting: string }[]>(
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'server_version_num')`,
  );
  const setting = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  if (setting.fsync !== 'on') throw new Error('PostgreSQL runs with fsync off: an acknowledged event could be lost. Turn it on.');
  if (setting.synchronous_commit === 'off')
    throw new Error('PostgreSQL runs with synchronous_commit off: an acknowledged event could be lost.');
  if (Number(setting.server_version_num) < 140_000) throw new Error('PostgreSQL 14 or later is needed.');
}
