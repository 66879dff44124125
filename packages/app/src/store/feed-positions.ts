/**
 * How many journal rows of one PostgreSQL transaction can have their own position in the feed.
 *
 * A row's position is the number of its transaction multiplied by this, plus the row's place in the transaction. So a
 * position is known when the row is written, and positions are ordered by transaction. No counter is needed for which
 * all writers would queue.
 *
 * When a transaction gets its number, all transactions that are running or have ended have lower numbers. PostgreSQL
 * reports the lowest number that is still running as `pg_snapshot_xmin`. All transactions with lower numbers have
 * ended, so no row can appear below the first position of that number. The feed includes only the rows below it.
 */
export const positionsPerTransaction = 1_024

/**
 * The SQL for the position of a row that is written now. `base` is the origin of positions, and `ordinal` is the
 * row's place in the transaction.
 */
export const positionNow = (base: string, ordinal: string): string =>
  `${base} + pg_current_xact_id()::text::bigint * ${positionsPerTransaction} + ${ordinal}`

/** The SQL for the lowest position that a new row can still get. */
export const feedHorizon = (base: string): string =>
  `${base} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint * ${positionsPerTransaction}`

/**
 * The SQL that moves the origin, if the transaction numbers have restarted below the existing positions. This happens
 * if the database was dumped and restored elsewhere, or if rows were copied into it. Otherwise it changes nothing.
 */
export const moveFeedOrigin = (schema: string): string => `
  WITH reached AS (SELECT coalesce(max(position), 0) AS position FROM ${schema}.journal),
  coming AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint * ${positionsPerTransaction} AS position)
  UPDATE ${schema}.feed_origin SET base = reached.position + 1 - coming.position FROM reached, coming
  WHERE reached.position >= feed_origin.base + coming.position`
