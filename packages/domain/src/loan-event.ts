import { Schema } from "effect"
import { ClosureReason } from "./closure.ts"
import { Instant } from "./instant.ts"
import { DocumentTypes, Offer } from "./offer.ts"

/** A verdict on the application: what a ruling decides, and what contradicts its opposite. */
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
 * Set by a person who rejects a loan although the bank says that it is paid out: the money has come back, or never left. Without
 * it the bank's next answer that says so would bring the dispute back.
 */
const overrulesPayOut = Schema.optionalKey(Schema.Literal(true))

/**
 * `fresh` marks a decision as the bank's answer to our own question (`getApplicationQuote`), asked at `at`. Such a
 * decision also rules: it overrules every verdict that is no newer. A decision that was delivered to us is not fresh,
 * because a delivery may be any number of days old. A pay-out is fresh when the bank's status, asked by us, says so: then no
 * decision of the bank's overrules it.
 */
const fresh = Schema.optionalKey(Schema.Literal(true))

/** The offer that stood when a signature, or a pay-out without one, was first heard of, and since when: a later offer changes nothing signed. */
const onOffer = Schema.optionalKey(Schema.Struct({ offer: Offer, since: Instant }))

/** The documents are asked for beside those of other requests, until the bank waits for none. Without it, the last request is all. */
const adds = Schema.optionalKey(Schema.Literal(true))

/**
 * One thing the bank (or an operator) said about a loan, in lifecycle terms. `at` is the instant it was true as far as
 * we can know: a poll's is when its request was sent, a callback's its verified issue time, else its receipt.
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
    /** Absent where the bank has gone further than was known when the loan was closed. */
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
