import { entryColumns, loanColumns } from "../rows.ts"

/**
 * Keeps a statement that reads many rows on one core, so that the others are free for callbacks: PostgreSQL runs no
 * statement in parallel that contains a change of a setting. A setting of the session would be simpler, but a pooler
 * does not pass it on.
 */
const onOneCore = "WITH one_core AS (SELECT set_config('max_parallel_workers_per_gather', '0', true))"

/**
 * The highest number that is tried to find a reference for each partition. With 64 partitions, that finds all. With
 * many more, a partition may be left out.
 */
const probePlacesMax = 1_023

/** The statements that read loans and the journal, by name. */
export const readStatements = (schema: string) => {
  // It compares and sorts by all columns of its index. Otherwise PostgreSQL may read the loans in the order of their
  // references, and skip those of other accounts and stages.
  const loansPage = (only: string, by = ""): string => {
    const column = by === "" ? "" : `${by}, `
    const value = by === "" ? "" : "$5, "
    return `
      ${onOneCore} SELECT ${loanColumns("l.")} FROM ${schema}.loans l
      WHERE (account, ${column}application_reference) >= ($1, ${value}$2)
        AND (account, ${column}application_reference) < ($1, ${value}$3) ${only}
      ORDER BY account, ${column}application_reference LIMIT $4::int`
  }
  return {
    load: `SELECT ${loanColumns("l.")} FROM ${schema}.loans l WHERE application_reference = $1`,
    loadAll: `SELECT ${loanColumns("l.")} FROM ${schema}.loans l WHERE application_reference = ANY($1::text[])`,
    history: `
      SELECT ${entryColumns} FROM ${schema}.journal
      WHERE application_reference = $1 AND version > $2::int ORDER BY version LIMIT $3::int`,
    // It begins with the newest version. So it reads only the versions that the caller is going to read.
    versionAt: `
      SELECT version FROM ${schema}.journal
      WHERE application_reference = $1 AND position <= $2::bigint ORDER BY version DESC LIMIT 1`,
    // For each line, the index is read only at its first poll.
    nextDue: `
      SELECT line.account, line.confirm, first.due
      FROM (SELECT account, confirm FROM unnest($1::text[]) AS account, unnest(ARRAY[true, false]) AS confirm) AS line
      CROSS JOIN LATERAL (
        SELECT min(next_poll_at) AS due FROM ${schema}.loans
        WHERE account = line.account AND poll_confirm = line.confirm AND next_poll_at IS NOT NULL) AS first
      WHERE first.due IS NOT NULL`,
    stageCounts: `
      ${onOneCore} SELECT stage, sum(loans)::bigint AS loans, sum(closed)::bigint AS closed FROM (
        SELECT stage, count(*) AS loans, 0 AS closed FROM ${schema}.loans WHERE account = $1 GROUP BY stage
        UNION ALL
        SELECT stage, -count(*), count(*) FROM ${schema}.loans WHERE account = $1 AND closed GROUP BY stage) AS counts
      GROUP BY stage`,
    stalledCount: `${onOneCore} SELECT count(*) AS loans FROM ${schema}.loans WHERE account = $1 AND stalled`,
    // Each step finds the next account. So the index is read once for each account, and not once for each loan.
    accounts: `
      WITH RECURSIVE found (account) AS (
        SELECT min(account) FROM ${schema}.loans
        UNION ALL
        SELECT (SELECT min(account) FROM ${schema}.loans WHERE account > found.account) FROM found
        WHERE found.account IS NOT NULL)
      SELECT account FROM found WHERE account IS NOT NULL`,
    loans: loansPage(""),
    loansAtStage: loansPage("", "stage"),
    loansStalled: loansPage("AND stalled"),
    loansClosed: loansPage("AND closed"),
    loansNamed: loansPage("AND external_reference IS NOT NULL", "external_reference"),
    registration: `
      SELECT callback_url, registered_at FROM ${schema}.callback_registrations WHERE account = $1 AND bank_url = $2`,
    signing: `SELECT since FROM ${schema}.signing_accounts WHERE account = $1`,
    intent: `
      SELECT callback_url, asked_at FROM ${schema}.callback_intents WHERE account = $1 AND bank_url = $2`,
    // On a writable server, `ready` only makes a commit. It waits for the disk and the standby like every other
    // commit. `probe` writes a loan and a row into each of some partitions, and rolls all back.
    probe: (places: ReadonlyArray<number>): string => `DO $probe$ BEGIN
      INSERT INTO ${schema}.loans (application_reference, account, version, stage, snapshot, chain_head, poll_attempts, poll_confirm, stalled)
      SELECT ' ' || place, '', 0, '', '', '', 0, false, false FROM unnest('{${places.join(",")}}'::int[]) AS place;
      INSERT INTO ${schema}.journal (application_reference, version, position, account, source, evidence, digest, content, hash)
      SELECT ' ' || place, 0, 0, '', '', '', '', '', '' FROM unnest('{${places.join(",")}}'::int[]) AS place;
      RAISE SQLSTATE 'LE000';
    EXCEPTION WHEN SQLSTATE 'LE000' THEN NULL; END $probe$`,
    // For each partition a number, so that the reference of a blank and this number belongs there. No loan has such a
    // reference.
    probePlaces: `
      SELECT min(place) AS place FROM pg_inherits
      JOIN pg_class part ON part.oid = inhrelid
      CROSS JOIN LATERAL pg_get_expr(part.relpartbound, part.oid) AS bound
      CROSS JOIN generate_series(0, ${probePlacesMax}) AS place
      WHERE inhparent = '${schema}.loans'::regclass AND satisfies_hash_partition(inhparent,
        substring(bound FROM 'modulus ([0-9]+)')::int, substring(bound FROM 'remainder ([0-9]+)')::int, ' ' || place)
      GROUP BY inhrelid ORDER BY 1`,
    ready: `
      SELECT read_only,
        CASE WHEN NOT read_only THEN pg_logical_emit_message(true, 'loan-engine', 'ready')::text END AS committed
      FROM (${readOnlyServer}) AS server`,
  }
}

/** Whether the server is read-only. This must be asked, because a standby answers reads without an error. */
export const readOnlyServer =
  "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only, current_setting('synchronous_commit') = 'off' AS forgets"

/**
 * Claims due polls and leases them, both by the database's clock, because the engines' clocks may differ. Rows that
 * another engine is claiming at the same time are skipped.
 */
export const claimDue = (schema: string): string => `
  WITH due AS MATERIALIZED (
    SELECT application_reference, next_poll_at AS due_at FROM ${schema}.loans
    WHERE account = $1 AND poll_confirm = $2 AND next_poll_at <= ${schema}.clock_ms()
    ORDER BY next_poll_at LIMIT $3::int FOR UPDATE SKIP LOCKED)
  UPDATE ${schema}.loans l SET next_poll_at = ${schema}.clock_ms() + $4::bigint
  FROM due WHERE l.application_reference = due.application_reference
  RETURNING ${loanColumns("l.")}, due.due_at`

/** Makes polls due that are planned further ahead than any valid plan, by the database's clock. */
export const bringBackLoans = (schema: string): string => `
  WITH far AS MATERIALIZED (
    SELECT application_reference FROM ${schema}.loans
    WHERE account = $1 AND poll_confirm = $2 AND next_poll_at > ${schema}.clock_ms() + $3::bigint
    LIMIT $4::int FOR UPDATE SKIP LOCKED)
  UPDATE ${schema}.loans l SET next_poll_at = ${schema}.clock_ms()
  FROM far WHERE l.application_reference = far.application_reference
  RETURNING 1 AS brought`

/**
 * The poll is released only if its lease is unchanged. Otherwise the loan was changed, rescheduled, or claimed by
 * another engine.
 */
export const releaseLoan = (schema: string): string => `
  UPDATE ${schema}.loans SET next_poll_at = $4::bigint
  WHERE application_reference = $1 AND version = $2::int AND next_poll_at = $3::bigint`

export const rescheduleLoan = (schema: string): string => `
  UPDATE ${schema}.loans SET next_poll_at = $3::bigint, poll_attempts = $4::int, poll_confirm = $5, stalled = $6
  WHERE application_reference = $1 AND version = $2::int`

/** The bank has set the URL, so the intent is removed. */
export const saveRegistration = (schema: string): string => `
  WITH answered AS (
    DELETE FROM ${schema}.callback_intents WHERE account = $1 AND bank_url = $2)
  INSERT INTO ${schema}.callback_registrations (account, bank_url, callback_url, registered_at)
  VALUES ($1, $2, $3, $4::bigint)
  ON CONFLICT (account, bank_url) DO UPDATE SET
    callback_url = excluded.callback_url, registered_at = excluded.registered_at`

export const markSigning = (schema: string): string =>
  `INSERT INTO ${schema}.signing_accounts (account, since) VALUES ($1, $2::bigint) ON CONFLICT DO NOTHING`

export const saveIntent = (schema: string): string => `
  INSERT INTO ${schema}.callback_intents (account, bank_url, callback_url, asked_at) VALUES ($1, $2, $3, $4::bigint)
  ON CONFLICT (account, bank_url) DO UPDATE SET callback_url = excluded.callback_url, asked_at = excluded.asked_at
  WHERE $5 RETURNING 1 AS saved`

export const dropIntent = (schema: string): string =>
  `DELETE FROM ${schema}.callback_intents WHERE account = $1 AND bank_url = $2`
