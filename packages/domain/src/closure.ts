import { Schema } from "effect"
import { Instant } from "./instant.ts"
import { DocumentTypes } from "./offer.ts"

/**
 * Why an application is pursued no more: the customer withdrew it, what was offered has expired, another application took its place, it
 * was sent twice, or something else, which the note then says.
 */
export const ClosureReason = Schema.Literals(["withdrawn", "expired", "superseded", "duplicate", "other"])
export type ClosureReason = typeof ClosureReason.Type

const heard = Schema.NullOr(Instant)

/**
 * How far a loan had come when somebody closed it. Whatever the bank says later is compared with it: what only repeats this leaves the loan
 * closed, and what goes further re-opens it.
 */
export const Progress = Schema.Struct({
  approved: Schema.Boolean,
  rejected: Schema.Boolean,
  signed: Schema.Boolean,
  paidOut: Schema.Boolean,
  /** How many different offers had been heard. */
  offers: Schema.Natural,
  additionRequestedAt: heard,
  additionClearedAt: heard,
  /** The documents that were last asked for. */
  documents: DocumentTypes,
})
export type Progress = typeof Progress.Type

/** The last word of a person on whether the application is still pursued. */
export const Closure = Schema.Struct({
  at: Instant,
  /** `null`: the person has re-opened it. */
  reason: Schema.NullOr(ClosureReason),
  by: Schema.String,
  note: Schema.NullOr(Schema.String),
  /** What was known of the loan then; `null` where it was re-opened. */
  seen: Schema.NullOr(Progress),
})
export type Closure = typeof Closure.Type
