import type pg from 'pg';
import type { Answer } from './scene.ts';
import type { Remains, Row } from './trace.ts';

/** Reads from PostgreSQL what one case has left behind. */
export async function readRemains(database: pg.Client, id: string, addresses: readonly string[], answer: Answer): Promise<Remains> {
  const all = async <T>(text: string, values: readonly unknown[]): Promise<T[]> => (await database.query(text, [...values])).rows as T[];
  const rows = await all<Row>(
    `select actor, version, event_id, event, caller, envelope, asked from journal where actor = any($1) order by actor, version`,
    [addresses],
  );
  const refusals = await all<{ actor: string; event_id: string; reason: string }>(
    `select actor, event_id, reason from refusal where actor = any($1)`,
    [addresses],
  );
  const charges = await all<{ key: string; operation: string; amount_minor: string | null; outcome: string }>(
    `select key, operation, amount_minor, outcome from sandbox.journal where payment = $1 or key like $2 order by seq`,
    [id, `%/payment/${id}@%`],
  );
  const postings = await all<{ actor: string; version: number; leg: number; account: string; currency: string; amount_minor: string }>(
    `select actor, version, leg, account, currency, amount_minor from posting where actor = any($1) order by actor, version, i, leg`,
    [addresses],
  );
  return {
    answer,
    rows,
    refusals,
    charges: charges.map(({ key, operation, amount_minor, outcome }) => ({ key, what: `${operation} ${amount_minor} ${outcome}` })),
    postings: postings.map(({ actor, version, leg, account, currency, amount_minor }) =>
      [`${actor}@${version}`, leg, account, amount_minor, currency].join(' '),
    ),
    // A key that is used for another operation the sandbox refuses, and an operation under another key it takes for a repeat.
    doubts: [],
  };
}
