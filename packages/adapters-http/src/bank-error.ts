import { Schema } from "effect"

/** How long the bank asks us to wait, where it says so. */
const retryAfterSeconds = Schema.optionalKey(Schema.Finite)

/** The connection could not be had, or broke before the answer was complete. `code` is such as `ECONNREFUSED`. */
export class BankRefused extends Schema.TaggedError<BankRefused>()("Refused", { code: Schema.String }) {}

/** No complete answer in time. Whether the bank acted on the request is not known. */
export class BankTimedOut extends Schema.TaggedError<BankTimedOut>()("TimedOut", { code: Schema.String }) {}

/** The account's user name or password is wrong, or the account may not do this. */
export class BankUnauthorized extends Schema.TaggedError<BankUnauthorized>()("Unauthorized", {
  status: Schema.Int,
}) {}

/** The bank answered with a SOAP fault, in its own words: they say nothing about any loan's decision. */
export class BankFault extends Schema.TaggedError<BankFault>()("Fault", {
  code: Schema.String,
  text: Schema.String,
  detail: Schema.optionalKey(Schema.String),
}) {}

/**
 * The answer is not the message it should be. `code` is an `XmlError`'s reason (`missing-element`, …) or
 * `other-application`, `path` names the element, and `problem` says what was expected there.
 */
export class BankMalformed extends Schema.TaggedError<BankMalformed>()("Malformed", {
  code: Schema.String,
  path: Schema.String,
  problem: Schema.String,
}) {}

/** The answer was over the limit and was not read to its end. */
export class BankTooLarge extends Schema.TaggedError<BankTooLarge>()("TooLarge", {
  responseBytesMax: Schema.Int,
}) {}

/** Too many requests for the bank. */
export class BankRateLimited extends Schema.TaggedError<BankRateLimited>()("RateLimited", {
  retryAfterSeconds,
}) {}

/** The bank answered with this status and nothing that could be read, a redirect included: none is followed. */
export class BankUnavailable extends Schema.TaggedError<BankUnavailable>()("Unavailable", {
  status: Schema.Int,
  retryAfterSeconds,
}) {}

/** The request was not sent: the bank failed too often just now, and is left alone for so long. */
export class BankCircuitOpen extends Schema.TaggedError<BankCircuitOpen>()("CircuitOpen", {
  retryAfterSeconds,
}) {}

/** The request was not sent, because it must not be or cannot be; `problem` says what to change. */
export class BankRequestInvalid extends Schema.TaggedError<BankRequestInvalid>()("RequestInvalid", {
  problem: Schema.String,
}) {}

export const BankErrorReason = Schema.Union([
  BankRefused,
  BankTimedOut,
  BankUnauthorized,
  BankFault,
  BankMalformed,
  BankTooLarge,
  BankRateLimited,
  BankUnavailable,
  BankCircuitOpen,
  BankRequestInvalid,
])
export type BankErrorReason = typeof BankErrorReason.Type

/** An operation of the bank's service. */
export const BankOperation = Schema.Literals([
  "submitApplicationExt",
  "getApplicationStatus",
  "getApplicationQuote",
  "setCallback",
  "updateApplication",
  "acceptQuote",
])
export type BankOperation = typeof BankOperation.Type

/** What each reason says in an error's message: never the bank's own words, which may name a person. */
const summaries: { readonly [Tag in BankErrorReason["_tag"]]: string } = {
  Refused: "no connection to the bank",
  TimedOut: "the bank did not answer in time",
  Unauthorized: "the bank does not accept the account's user name and password",
  Fault: "the bank answered with a SOAP fault",
  Malformed: "the bank's answer is not the message it should be",
  TooLarge: "the bank's answer is over the size limit",
  RateLimited: "the bank asks for fewer requests",
  Unavailable: "the bank's service is unavailable",
  CircuitOpen: "the bank failed too often and is left alone for a while",
  RequestInvalid: "the request was not sent",
}

/** A request to the bank brought no answer that could be used. */
export class BankError extends Schema.TaggedError<BankError>()("BankError", {
  operation: BankOperation,
  reason: BankErrorReason,
}) {
  /** How long to wait before another try, where the bank or our circuit says so. */
  get retryAfterSeconds(): number | undefined {
    return "retryAfterSeconds" in this.reason ? this.reason.retryAfterSeconds : undefined
  }

  override get message(): string {
    const { _tag } = this.reason
    const problem = this.reason._tag === "RequestInvalid" ? `: ${this.reason.problem}` : ""
    return `${this.operation}: ${summaries[_tag]}${problem}`
  }
}

/** The options cannot be used; `message` says what to set. */
export class BankConfigError extends Schema.TaggedError<BankConfigError>()("BankConfigError", {
  message: Schema.String,
}) {}
