import { Schema } from "effect"
import { Instant } from "./instant.ts"

/**
 * Why an application is pursued no more: the customer withdrew it, what was offered has expired, another application took its place, it
 * was sent twice, or something else, which the note then says.
 */
export const ClosureReason = Schema.Literals(["withdrawn", "expired", "superseded", "duplicate", "other"])
export type ClosureReason = typeof ClosureReason.Type

/** The last word on whether the application is still pursued: a person's, or the bank's, which has gone further since it was closed. */
export const Closure = Schema.Struct({
  at: Instant,
  /** `null`: it is open again. */
  reason: Schema.NullOr(ClosureReason),
  /** Who said so; `null` where the bank has gone further. */
  by: Schema.NullOr(Schema.String),
  note: Schema.NullOr(Schema.String),
  /** Whether the bank's approval stood when it was closed: to hear of it again is no progress. */
  approved: Schema.Boolean,
})
export type Closure = typeof Closure.Type
