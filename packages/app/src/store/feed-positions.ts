/**
 * How many journal rows one PostgreSQL transaction can give a place of their own in the feed.
 *
 * A row's position is the number of its transaction times this, plus its place within the transaction. So positions are
 * known as they are written, without a counter that all writers would queue for, and they are ordered by transaction. A
 * transaction's number is higher than that of every transaction that was over, or under way, when it was given: once all
 * transactions below some number are over (PostgreSQL tells it as `pg_snapshot_xmin`), no row can appear below that
 * number's first position any more. The feed hands out what is below, and nothing else.
 */
export const positionsPerTransaction = 1_024

/** The place of a row that is written now; `base` is what positions count from, `ordinal` its place in the transaction. */
export const positionNow = (base: string, ordinal: string): string =>
  `${base} + pg_current_xact_id()::text::bigint * ${positionsPerTransaction} + ${ordinal}`

/** The position that all rows which can still appear are at or above. */
export const feedHorizon = (base: string): string =>
  `${base} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint * ${positionsPerTransaction}`

/**
 * Moves the origin on where the transactions' numbers have begun anew below what was written already: a database that was
 * dumped and restored elsewhere, or rows that were copied in. Gives nothing to do in any other case.
 */
export const moveFeedOrigin = (schema: string): string => `
  WITH reached AS (SELECT coalesce(max(position), 0) AS position FROM ${schema}.journal),
  coming AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint * ${positionsPerTransaction} AS position)
  UPDATE ${schema}.feed_origin SET base = reached.position + 1 - coming.position FROM reached, coming
  WHERE reached.position >= feed_origin.base + coming.position`
