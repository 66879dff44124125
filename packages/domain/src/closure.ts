import { Schema } from "effect"
import { Instant } from "./instant.ts"

/**
 * Why an application was closed: the customer withdrew it, the offer expired, another application replaced it, it was
 * sent twice, or another reason, which the note states.
 */
export const ClosureReason = Schema.Literals(["withdrawn", "expired", "superseded", "duplicate", "other"])
export type ClosureReason = typeof ClosureReason.Type

/**
 * The latest word on whether the application is open or closed. It is a person's word, or the bank's: if the bank goes
 * further with a closed application, the application is open again.
 */
export const Closure = Schema.Struct({
  at: Instant,
  /** `null` if the application is open again. */
  reason: Schema.NullOr(ClosureReason),
  /** Who closed or opened it. `null` if the bank has gone further. */
  by: Schema.NullOr(Schema.String),
  note: Schema.NullOr(Schema.String),
  /** Whether the bank's approval stood when the application was closed. A repeat of that approval is no progress. */
  approved: Schema.Boolean,
})
export type Closure = typeof Closure.Type
