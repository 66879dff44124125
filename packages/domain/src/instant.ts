import { Schema } from "effect"

/** The latest instant the domain accepts: the last millisecond of the year 2199. */
export const instantMaxMs = Date.UTC(2200, 0, 1) - 1

/**
 * A moment, in whole milliseconds since 1970-01-01T00:00:00Z. The domain never reads a clock: each event carries its
 * instant. The decoder refuses an instant before 1970 or after 2199.
 */
export const Instant = Schema.Int.check(
  Schema.isBetween(
    { minimum: 0, maximum: instantMaxMs },
    { message: `expected whole milliseconds since 1970, from 0 to ${instantMaxMs}` },
  ),
)
export type Instant = typeof Instant.Type
