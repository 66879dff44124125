import { Schema } from "effect"
import { ClosureReason } from "./closure.ts"
import { Instant } from "./instant.ts"
import { DocumentTypes, Offer } from "./offer.ts"

/** A verdict on the application. A ruling gives one, and it contradicts the opposite verdict. */
export const Verdict = Schema.Literals(["approved", "rejected"])
export type Verdict = typeof Verdict.Type

/** The maximum lengths of a signing method's name, an operator's name, a ruling's reason and a closing's note. */
export const signingMethodLengthMax = 50
export const operatorNameLengthMax = 200
export const rulingReasonLengthMax = 2_000
export const closingNoteLengthMax = 2_000

/** `E_SIGN` or `ANALOG` today; the bank may add others. */
export const SigningMethod = Schema.String.check(Schema.isBetweenLength(1, signingMethodLengthMax))

const operatorName = Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax))
const closingNote = Schema.String.check(Schema.isBetweenLength(1, closingNoteLengthMax))

/**
 * An operator sets this to reject a loan that is paid out according to the bank: the money came back, or was never
 * sent. Without this mark, the bank's next status answer would dispute the loan again.
 */
const overrulesPayOut = Schema.optionalKey(Schema.Literal(true))

/**
 * On a decision, `fresh` means that the bank answered our own question (`getApplicationQuote`), which was sent at
 * `at`. A fresh decision is also a ruling: it overrules every verdict that is not newer. A decision in a callback is
 * not fresh, because a callback can arrive many days late.
 *
 * On a pay-out, `fresh` means that the bank's status answered our own request. No decision of the bank overrules a
 * fresh pay-out.
 */
const fresh = Schema.optionalKey(Schema.Literal(true))

/**
 * The offer that was current when the signature was first received, and since when it was current. A pay-out has this
 * too, if there was no signature before it. A later offer does not change what was signed.
 */
const onOffer = Schema.optionalKey(Schema.Struct({ offer: Offer, since: Instant }))

/**
 * If set, this request adds its documents to those that the bank asked for before. They all stay open until the bank
 * waits for no documents. If absent, this request replaces the earlier list.
 */
const adds = Schema.optionalKey(Schema.Literal(true))

/**
 * One report of the bank or an operator about a loan, as an event of the lifecycle. `at` is the time at which it
 * was true, as exactly as the engine can know. For a poll, that is when the request was sent. For a callback, that is
 * the verified issue time or, without one, the time of receipt.
 *
 * Source: the bank's page, "Example callbacks" and "To poll the application reference".
 */
export const LoanEvent = Schema.Union([
  Schema.Struct({ type: Schema.Literal("decision.pending"), at: Instant, fresh }),
  Schema.Struct({
    type: Schema.Literal("decision.approved"),
    at: Instant,
    fresh,
    offer: Schema.optionalKey(Offer),
  }),
  Schema.Struct({ type: Schema.Literal("decision.rejected"), at: Instant, fresh }),
  Schema.Struct({
    type: Schema.Literal("addition.requested"),
    at: Instant,
    requiredDocuments: Schema.optionalKey(DocumentTypes),
    adds,
  }),
  Schema.Struct({ type: Schema.Literal("addition.cleared"), at: Instant }),
  Schema.Struct({
    type: Schema.Literal("agreement.signed"),
    at: Instant,
    method: Schema.optionalKey(SigningMethod),
    onOffer,
  }),
  Schema.Struct({ type: Schema.Literal("loan.paidOut"), at: Instant, fresh, onOffer }),
  Schema.Struct({
    type: Schema.Literal("dispute.ruled"),
    at: Instant,
    decision: Verdict,
    by: operatorName,
    reason: Schema.String.check(Schema.isBetweenLength(1, rulingReasonLengthMax)),
    overrulesPayOut,
  }),
  Schema.Struct({
    type: Schema.Literal("loan.closed"),
    at: Instant,
    closedFor: ClosureReason,
    by: operatorName,
    note: Schema.optionalKey(closingNote),
    approved: Schema.optionalKey(Schema.Literal(true)),
  }),
  Schema.Struct({
    type: Schema.Literal("loan.reopened"),
    at: Instant,
    /** Absent if the bank opened the loan again by its progress. */
    by: Schema.optionalKey(operatorName),
    note: Schema.optionalKey(closingNote),
  }),
])
export type LoanEvent = typeof LoanEvent.Type

export type LoanEventType = LoanEvent["type"]

export const loanEventTypes = [
  "decision.pending",
  "decision.approved",
  "decision.rejected",
  "addition.requested",
  "addition.cleared",
  "agreement.signed",
  "loan.paidOut",
  "dispute.ruled",
  "loan.closed",
  "loan.reopened",
] as const satisfies ReadonlyArray<LoanEventType>
