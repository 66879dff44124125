/**
 * How many journal rows one PostgreSQL transaction can give their own position in the feed.
 *
 * A row's position is the number of its transaction times this, plus its place in the transaction. So positions are
 * known when they are written, without a counter for which all writers would queue, and they are ordered by
 * transaction. A transaction's number is higher than that of every transaction that had ended or was running when it
 * was assigned. Once all transactions below some number have ended (PostgreSQL reports it as `pg_snapshot_xmin`), no
 * row can appear below that number's first position. The feed gives out the rows below it, and no others.
 */
export const positionsPerTransaction = 1_024

/**
 * The position of a row that is written now. `base` is the origin of positions, `ordinal` the row's place in the
 * transaction.
 */
export const positionNow = (base: string, ordinal: string): string =>
  `${base} + pg_current_xact_id()::text::bigint * ${positionsPerTransaction} + ${ordinal}`

/** The lower bound of the positions of all rows that can still appear. */
export const feedHorizon = (base: string): string =>
  `${base} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint * ${positionsPerTransaction}`

/**
 * Moves the origin if the transaction numbers have restarted below the existing positions: the database was dumped and
 * restored elsewhere, or rows were copied in. Changes nothing in any other case.
 */
export const moveFeedOrigin = (schema: string): string => `
  WITH reached AS (SELECT coalesce(max(position), 0) AS position FROM ${schema}.journal),
  coming AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint * ${positionsPerTransaction} AS position)
  UPDATE ${schema}.feed_origin SET base = reached.position + 1 - coming.position FROM reached, coming
  WHERE reached.position >= feed_origin.base + coming.position`
