import { Schema } from "effect"
import { Instant } from "./instant.ts"

/**
 * Why an application was closed: the customer withdrew it, the offer expired, another application replaced it, it was
 * sent twice, or another reason, which the note states.
 */
export const ClosureReason = Schema.Literals(["withdrawn", "expired", "superseded", "duplicate", "other"])
export type ClosureReason = typeof ClosureReason.Type

/**
 * Whether the application is open or closed, by the latest statement. A person can close or open it. The bank also
 * opens a closed application when it makes progress with it.
 */
export const Closure = Schema.Struct({
  at: Instant,
  /** `null` if the application is open again. */
  reason: Schema.NullOr(ClosureReason),
  /** Who closed or opened the application. `null` if the bank opened it by its progress. */
  by: Schema.NullOr(Schema.String),
  note: Schema.NullOr(Schema.String),
  /**
   * Whether the bank's approval was in force when the application was closed. If so, a repeat of that approval is no
   * progress.
   */
  approved: Schema.Boolean,
})
export type Closure = typeof Closure.Type
