/**
 * What the sandbox keeps, in its own PostgreSQL schema: the DDL, one statement an entry, run once by the hub's migration.
 * A change of it after a release is a new migration, as for any other table.
 *
 * `sandbox.perform` does a whole batch of calls in one round trip. It is a function for two reasons. Its plans are pinned
 * to the indexes: a plan made while the tables were small would otherwise read them whole as they grow. And it takes its
 * lock in one statement and reads in the next, so that it always sees what the batch before it wrote, whichever node that
 * batch came from: one batch at a time is what makes the money rules hold, and `seq` the order in which things happened.
 */
export const sandboxSchema: readonly string[] = [
  `CREATE SCHEMA IF NOT EXISTS sandbox`,
  `CREATE SEQUENCE sandbox.journal_seq`,

  // What was asked for and what it came to, declines and closings too. Rows are added and never changed.
  `CREATE TABLE sandbox.journal (
    seq bigint PRIMARY KEY,
    key text COLLATE "C" NOT NULL UNIQUE,
    operation_id text COLLATE "C" NOT NULL UNIQUE,
    operation text NOT NULL,
    payment text COLLATE "C",
    amount_minor bigint,
    currency text,
    purpose text,
    authorization_seq bigint,
    at bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'declined', 'canceled')),
    code text,
    reference text
  )`,
  `CREATE INDEX journal_payment ON sandbox.journal (payment, seq) WHERE outcome = 'done'`,

  // What is left of each authorization; \`seq\` is that of its row in the journal. Room in the pages keeps updates in place.
  `CREATE TABLE sandbox.authorization (
    seq bigint PRIMARY KEY,
    payment text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    authorized_minor bigint NOT NULL,
    captured_minor bigint NOT NULL DEFAULT 0,
    refunded_minor bigint NOT NULL DEFAULT 0,
    voided boolean NOT NULL DEFAULT false,
    CHECK (captured_minor BETWEEN 0 AND authorized_minor),
    CHECK (refunded_minor BETWEEN 0 AND captured_minor),
    CHECK (NOT voided OR captured_minor = 0)
  ) WITH (fillfactor = 70)`,

  // Scripted faults that have not been used up, oldest first.
  `CREATE TABLE sandbox.fault (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment text COLLATE "C",
    operation text,
    fault text NOT NULL,
    code text,
    times integer NOT NULL
  )`,
  `CREATE INDEX fault_payment ON sandbox.fault (payment, seq)`,

  `CREATE FUNCTION sandbox.perform(
    moment bigint, keys text[], operation_ids text[], operations text[], payments text[], amounts bigint[],
    currencies text[], purposes text[], authorizations bigint[], refusals text[]
  ) RETURNS TABLE (n integer, fault text, outcome text, code text, reference text)
  LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET jit = off
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  AS $$
#variable_conflict use_column
DECLARE
  faults text[] := array_fill(NULL::text, ARRAY[cardinality(keys)]);
  hit record;
BEGIN
  PERFORM pg_advisory_xact_lock(1935762034, 1);

  IF EXISTS (SELECT FROM sandbox.fault) THEN
    FOR i IN 1 .. cardinality(keys) LOOP
      UPDATE sandbox.fault AS f SET times = f.times - 1
      WHERE f.seq = (
        SELECT min(s.seq) FROM sandbox.fault s
        WHERE (s.payment = payments[i] OR s.payment IS NULL) AND s.times > 0
          AND CASE WHEN s.operation IS NULL THEN operations[i] NOT IN ('lookup', 'close') ELSE s.operation = operations[i] END
          AND (s.fault <> 'decline' OR NOT EXISTS (SELECT FROM sandbox.journal j WHERE j.operation_id = operation_ids[i]))
      )
      RETURNING f.fault, f.code INTO hit;
      CONTINUE WHEN NOT FOUND;
      faults[i] := hit.fault;
      IF hit.fault = 'decline' THEN refusals[i] := hit.code; END IF;
    END LOOP;
    DELETE FROM sandbox.fault f WHERE f.times = 0;
  END IF;

  RETURN QUERY
  WITH incoming AS MATERIALIZED (
    SELECT i.*, o.outcome AS earlier, o.operation AS earlier_operation, o.code AS earlier_code, o.reference AS earlier_reference,
      CASE
        WHEN i.fault = 'timeout_before' THEN 'ignored'
        WHEN k.operation_id <> i.operation_id THEN 'key_reused'
        WHEN o.seq IS NULL THEN CASE i.operation WHEN 'lookup' THEN 'not_found' ELSE 'new' END
        WHEN i.operation = 'lookup' THEN CASE o.operation WHEN 'close' THEN 'not_found' ELSE 'repeat' END
        WHEN i.operation = 'close' THEN 'repeat'
        WHEN o.operation = 'close' THEN 'closed'
        WHEN (i.operation, i.payment, i.amount, i.currency, i.purpose, i.authorization_seq) IS DISTINCT FROM
             (o.operation, o.payment, o.amount_minor, o.currency, o.purpose, o.authorization_seq) THEN 'key_reused'
        ELSE 'repeat'
      END AS verdict,
      CASE
        WHEN i.operation = 'close' THEN NULL
        WHEN i.refusal IS NOT NULL THEN i.refusal
        WHEN i.operation = 'authorize' THEN NULL
        WHEN a.seq IS NULL OR a.payment <> i.payment THEN 'authorization_not_found'
        WHEN a.currency <> i.currency THEN 'currency_mismatch'
        WHEN a.voided THEN 'authorization_voided'
        WHEN i.operation = 'void' THEN CASE WHEN a.captured_minor > 0 THEN 'already_captured' END
        WHEN i.operation = 'capture' THEN CASE WHEN i.amount > a.authorized_minor - a.captured_minor THEN 'amount_exceeds_authorized' END
        WHEN i.amount > a.captured_minor - a.refunded_minor THEN 'amount_exceeds_captured'
      END AS refused
    FROM unnest(keys, operation_ids, operations, payments, amounts, currencies, purposes, authorizations, refusals, faults)
      WITH ORDINALITY AS i(key, operation_id, operation, payment, amount, currency, purpose, authorization_seq, refusal, fault, n)
    LEFT JOIN sandbox.journal o ON o.operation_id = i.operation_id
    LEFT JOIN sandbox.journal k ON k.key = i.key AND i.operation <> 'lookup'
    LEFT JOIN sandbox.authorization a ON a.seq = i.authorization_seq
  ), entered AS MATERIALIZED (
    SELECT *, nextval('sandbox.journal_seq') AS seq FROM incoming WHERE verdict = 'new'
  ), answered AS MATERIALIZED (
    SELECT e.n, e.fault, e.seq, e.key, e.operation_id, e.operation, e.payment, e.amount, e.currency, e.purpose, e.authorization_seq,
      CASE WHEN e.operation = 'close' THEN 'canceled' WHEN e.refused IS NULL THEN 'done' ELSE 'declined' END AS outcome, e.refused AS code,
      CASE WHEN e.operation <> 'close' AND e.refused IS NULL THEN e.operation || '_' || e.seq END AS reference
    FROM entered e
  ), journaled AS (
    INSERT INTO sandbox.journal
    SELECT seq, key, operation_id, operation, payment, amount, currency, purpose, authorization_seq, moment, outcome, code, reference
    FROM answered
  ), opened AS (
    INSERT INTO sandbox.authorization (seq, payment, currency, authorized_minor)
    SELECT seq, payment, currency, amount FROM answered WHERE operation = 'authorize' AND outcome = 'done'
  ), moved AS (
    UPDATE sandbox.authorization a SET
      captured_minor = a.captured_minor + CASE m.operation WHEN 'capture' THEN m.amount ELSE 0 END,
      refunded_minor = a.refunded_minor + CASE m.operation WHEN 'refund' THEN m.amount ELSE 0 END,
      voided = a.voided OR m.operation = 'void'
    FROM answered m WHERE a.seq = m.authorization_seq AND m.outcome = 'done'
  )
  SELECT n::integer, fault, outcome, code, reference FROM answered
  UNION ALL
  SELECT n::integer, fault,
    CASE verdict WHEN 'repeat' THEN earlier ELSE verdict END,
    CASE verdict WHEN 'repeat' THEN earlier_code END,
    CASE verdict WHEN 'repeat' THEN earlier_reference END
  FROM incoming WHERE verdict <> 'new';
END
$$`,
];
