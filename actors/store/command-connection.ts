import pg from 'pg';

/** A connection for a command that reads or writes everything and takes as long as that takes, whatever limits the user has. */
export async function openCommandConnection(url: string, application_name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name });
  // The query that is under way tells of it; unheard, it would end the hub that runs this at night.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0');
  } catch (error) {
    await client.end();
    throw error;
  }
  return client;
}
