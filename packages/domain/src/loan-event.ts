import { Schema } from "effect"
import { ClosureReason } from "./closure.ts"
import { Instant } from "./instant.ts"
import { DocumentTypes, Offer } from "./offer.ts"

/** A verdict on the application. A ruling gives one, and it contradicts the opposite verdict. */
export const Verdict = Schema.Literals(["approved", "rejected"])
export type Verdict = typeof Verdict.Type

/** How long a signing method's name, an operator's name, a ruling's reason and a closing's note may be. */
export const signingMethodLengthMax = 50
export const operatorNameLengthMax = 200
export const rulingReasonLengthMax = 2_000
export const closingNoteLengthMax = 2_000

/** `E_SIGN` or `ANALOG` today; the bank may add others. */
export const SigningMethod = Schema.String.check(Schema.isBetweenLength(1, signingMethodLengthMax))

const operatorName = Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax))
const closingNote = Schema.String.check(Schema.isBetweenLength(1, closingNoteLengthMax))

/**
 * A person sets it when rejecting a loan that the bank says is paid out: the money came back, or never left. Without
 * it, the bank's next status answer would put the loan in dispute again.
 */
const overrulesPayOut = Schema.optionalKey(Schema.Literal(true))

/**
 * `fresh` marks a decision as the bank's answer to our own question (`getApplicationQuote`), asked at `at`. A fresh
 * decision also rules: it overrules every verdict that is not newer. A delivered decision is not fresh, because a
 * delivery may be many days old. A pay-out is fresh if the bank's status says so in answer to our own request. No
 * decision of the bank overrules a fresh pay-out.
 */
const fresh = Schema.optionalKey(Schema.Literal(true))

/**
 * The offer that stood when a signature, or a pay-out without one, was first heard, and since when. A later offer does
 * not change what was signed.
 */
const onOffer = Schema.optionalKey(Schema.Struct({ offer: Offer, since: Instant }))

/**
 * If set, the documents are needed in addition to those of other requests, until the bank waits for none. Without it,
 * the last request is the complete list.
 */
const adds = Schema.optionalKey(Schema.Literal(true))

/**
 * One thing that the bank (or an operator) said about a loan, in lifecycle terms. `at` is the instant when it was true,
 * as far as we can know: for a poll, when its request was sent; for a callback, its verified issue time, or else its
 * receipt.
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
    /** Absent if the bank has gone further than was known when the loan was closed. */
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
