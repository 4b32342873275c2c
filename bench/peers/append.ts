import pg from 'pg';
import { contend } from './contend.ts';
import { born, next } from './transition.ts';
import type { State } from './transition.ts';

/*
 * The limit: nothing but an append, written by hand. What waits is inserted by one statement of many rows on whichever of two
 * connections is free; the state is in memory, and there is no fence, no list, no chain, no timer and nobody to be told.
 */

const CONNECTIONS = 2;
const MOST = 256;

type Row = { id: string; version: number; event_id: string; event: string; state: string; done: (error?: unknown) => void };

const INSERT = {
  name: 'append',
  text: `insert into peers_append (id, version, event_id, event, state)
    select * from unnest($1::text[], $2::int[], $3::text[], string_to_array($4, e'\\x1e'), string_to_array($5, e'\\x1e'))`,
};

contend(async ({ databaseUrl }) => {
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString: databaseUrl }));
  await Promise.all(clients.map((client) => client.connect()));
  await clients[0]?.query(`drop table if exists peers_append;
    create table peers_append (id text, version int, event_id text not null, event text not null, state text not null,
      at timestamptz not null default now(), primary key (id, version), unique (id, event_id))`);
  const free = [...clients];
  const states = new Map<string, { state: State; version: number }>();
  let waiting: Row[] = [];
  let scheduled = false;

  const flush = (): void => {
    scheduled = false;
    // A second small commit beside a running one costs more than it brings.
    while (waiting.length > 0 && free.length > (waiting.length < 64 ? CONNECTIONS - 1 : 0)) {
      const client = free.pop() as pg.Client;
      const rows = waiting.slice(0, MOST);
      waiting = waiting.slice(MOST);
      const values = [
        rows.map(({ id }) => id),
        rows.map(({ version }) => version),
        rows.map(({ event_id }) => event_id),
        rows.map(({ event }) => event).join('\u001e'),
        rows.map(({ state }) => state).join('\u001e'),
      ];
      client.query({ ...INSERT, values }).then(
        () => settle(client, rows),
        (error: unknown) => settle(client, rows, error),
      );
    }
  };
  const settle = (client: pg.Client, rows: readonly Row[], error?: unknown): void => {
    free.push(client);
    for (const { done } of rows) done(error);
    schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };
  const append = (id: string, version: number, event_id: string, event: object, state: State): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error as Error));
      waiting.push({ id, version, event_id, event: JSON.stringify(event), state: JSON.stringify(state), done });
      schedule();
    });
  return {
    create: async (id, input) => {
      const state = born(id, input);
      await append(id, 1, id, input, state);
      states.set(id, { state, version: 1 });
      return { id, hash: state.context.payload_hash };
    },
    send: async (id, event, event_id) => {
      const before = states.get(id);
      if (before === undefined) throw new Error(`There is no order ${id}`);
      const state = next(before.state, event);
      const version = before.version + 1;
      await append(id, version, event_id, event, state);
      if (state.value === 'settled') states.delete(id);
      else states.set(id, { state, version });
      return state.value;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
});
