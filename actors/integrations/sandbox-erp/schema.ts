/**
 * What the sandbox ERP keeps, in its own PostgreSQL schema: the DDL, one statement an entry, run once by the hub's migration. A change of it after a
 * release is a new migration, as for any other table.
 */
export const sandboxErpSchema: readonly string[] = [
  `CREATE SCHEMA IF NOT EXISTS sandbox_erp`,

  // `at` is told, in whole seconds as an ERP keeps them; `version` is not, and finds out whether a row was written between reading and writing it.
  `CREATE TABLE sandbox_erp.record (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text COLLATE "C" NOT NULL CHECK (model IN ('partner', 'bill', 'payment')),
    made_at bigint NOT NULL,
    at bigint NOT NULL,
    version integer NOT NULL DEFAULT 1,
    ref text COLLATE "C",
    bill bigint,
    fields jsonb NOT NULL,
    UNIQUE (model, ref)
  )`,
  `CREATE INDEX record_moment ON sandbox_erp.record (model, at, id)`,

  // Scripted faults that have not been used up, oldest first.
  `CREATE TABLE sandbox_erp.fault (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text COLLATE "C",
    operation text,
    fault text NOT NULL,
    times integer NOT NULL
  )`,
];
