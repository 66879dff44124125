import { Schema } from "effect"
import { connectionAdvice } from "../http/connection-cause.ts"

/** How long the bank asks us to wait, where it says so. */
const retryAfterSeconds = Schema.optionalKey(Schema.Finite)

/** Nothing listens at the bank's address. `code` is the system's own name of the cause, here and below. */
export class BankRefused extends Schema.TaggedError<BankRefused>()("Refused", { code: Schema.String }) {}

/** The bank's host has no address: its name is misspelt, or DNS does not answer. */
export class BankNameNotFound extends Schema.TaggedError<BankNameNotFound>()("NameNotFound", {
  code: Schema.String,
}) {}

/** There is no route to the bank's host. */
export class BankUnreachable extends Schema.TaggedError<BankUnreachable>()("Unreachable", {
  code: Schema.String,
}) {}

/** The bank's certificate has expired, is another host's, or is of an authority that nobody knows. Nothing was sent. */
export class BankCertificateRejected extends Schema.TaggedError<BankCertificateRejected>()(
  "CertificateRejected",
  {
    code: Schema.String,
  },
) {}

/** The two sides do not agree on TLS. Nothing was sent. */
export class BankTlsFailed extends Schema.TaggedError<BankTlsFailed>()("TlsFailed", {
  code: Schema.String,
}) {}

/** The proxy on the way lets the request not through. */
export class BankProxyRefused extends Schema.TaggedError<BankProxyRefused>()("ProxyRefused", {
  code: Schema.String,
}) {}

/** The connection broke before the answer was complete. Whether the bank acted on the request is not known. */
export class BankConnectionBroken extends Schema.TaggedError<BankConnectionBroken>()("ConnectionBroken", {
  code: Schema.String,
}) {}

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
  BankNameNotFound,
  BankUnreachable,
  BankCertificateRejected,
  BankTlsFailed,
  BankProxyRefused,
  BankConnectionBroken,
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
  Refused: "the bank's address refuses the connection",
  NameNotFound: "the bank's host is not found",
  Unreachable: "the bank's host cannot be reached",
  CertificateRejected: "the bank's certificate is not accepted",
  TlsFailed: "no TLS connection to the bank",
  ProxyRefused: "the proxy to the bank refuses",
  ConnectionBroken: "the connection to the bank broke",
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

/** The reasons that speak of the way to the bank. */
const isConnection: { readonly [Tag in BankErrorReason["_tag"]]?: true } = {
  Refused: true,
  NameNotFound: true,
  Unreachable: true,
  CertificateRejected: true,
  TlsFailed: true,
  ProxyRefused: true,
  ConnectionBroken: true,
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

  /** The system's own name of why there was no connection, such as `ECONNREFUSED`; `undefined` for any other reason. */
  get connectionCode(): string | undefined {
    return isConnection[this.reason._tag] && "code" in this.reason ? this.reason.code : undefined
  }

  get #more(): string {
    if (this.reason._tag === "RequestInvalid") return `: ${this.reason.problem}`
    return this.connectionCode === undefined ? "" : `: ${connectionAdvice(this.connectionCode)}`
  }

  override get message(): string {
    const { _tag } = this.reason
    return `${this.operation}: ${summaries[_tag]}${this.#more}`
  }
}

/** The options cannot be used; `message` says what to set. */
export class BankConfigError extends Schema.TaggedError<BankConfigError>()("BankConfigError", {
  message: Schema.String,
}) {}
