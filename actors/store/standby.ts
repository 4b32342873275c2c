import pg from 'pg';

/**
 * Whether commits of the embedded PostgreSQL wait until a receiver of this name has them on its disk (`undefined`: they wait for
 * nobody). ALTER SYSTEM writes no transaction, so it works also while commits wait for somebody who does not come.
 */
export async function waitFor(url: string, receiver: string | undefined): Promise<void> {
  await asked(url, async (client) => {
    if ((await nameIn(client)) === (receiver ?? '')) return;
    const text =
      receiver === undefined ? 'ALTER SYSTEM RESET synchronous_standby_names' : `ALTER SYSTEM SET synchronous_standby_names = ${receiver}`;
    await client.query(text);
    await client.query('SELECT pg_reload_conf()');
  });
}

/** Whom commits wait for, as a server of the operator's own was told. */
export async function waitsFor(url: string): Promise<string> {
  return asked(url, nameIn);
}

/** Removes slots of archives that are not filled any more, so that PostgreSQL does not keep its log for them. Returns their names. */
export async function dropSlots(url: string, prefix: string): Promise<readonly string[]> {
  return asked(url, async (client) => {
    const { rows } = await client.query<{ slot_name: string }>(
      `select slot_name, pg_drop_replication_slot(slot_name) from pg_replication_slots
        where starts_with(slot_name, $1) and not active and not temporary`,
      [prefix],
    );
    return rows.map(({ slot_name }) => slot_name);
  });
}

async function nameIn(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(`select current_setting('synchronous_standby_names') as name`);
  return rows[0]?.name ?? '';
}

async function asked<Answer>(url: string, work: (client: pg.Client) => Promise<Answer>): Promise<Answer> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
