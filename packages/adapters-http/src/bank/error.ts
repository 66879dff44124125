import { Schema } from "effect"
import { connectionAdvice } from "../http/connection-cause.ts"

/** How long the bank asks us to wait, if it says so. */
const retryAfterSeconds = Schema.optionalKey(Schema.Finite)

/** Nothing listens at the bank's address. Here and below, `code` is the operating system's error code. */
export class BankRefused extends Schema.TaggedError<BankRefused>()("Refused", { code: Schema.String }) {}

/** The bank's host has no address: its name is wrong, or DNS does not answer. */
export class BankNameNotFound extends Schema.TaggedError<BankNameNotFound>()("NameNotFound", {
  code: Schema.String,
}) {}

/** There is no route to the bank's host. */
export class BankUnreachable extends Schema.TaggedError<BankUnreachable>()("Unreachable", {
  code: Schema.String,
}) {}

/** The bank's certificate has expired, belongs to another host, or has an unknown authority. Nothing was sent. */
export class BankCertificateRejected extends Schema.TaggedError<BankCertificateRejected>()(
  "CertificateRejected",
  {
    code: Schema.String,
  },
) {}

/** The client and the bank could not agree on TLS. Nothing was sent. */
export class BankTlsFailed extends Schema.TaggedError<BankTlsFailed>()("TlsFailed", {
  code: Schema.String,
}) {}

/** The proxy refuses the request. */
export class BankProxyRefused extends Schema.TaggedError<BankProxyRefused>()("ProxyRefused", {
  code: Schema.String,
}) {}

/** The connection broke before the answer was complete. It is unknown whether the bank acted on the request. */
export class BankConnectionBroken extends Schema.TaggedError<BankConnectionBroken>()("ConnectionBroken", {
  code: Schema.String,
}) {}

/** No complete answer before the timeout. It is unknown whether the bank acted on the request. */
export class BankTimedOut extends Schema.TaggedError<BankTimedOut>()("TimedOut", { code: Schema.String }) {}

/** The account's user name or password is wrong, or the account is not allowed to do this. */
export class BankUnauthorized extends Schema.TaggedError<BankUnauthorized>()("Unauthorized", {
  status: Schema.Int,
}) {}

/** The bank answered with a SOAP fault. Its text says nothing about any loan's decision. */
export class BankFault extends Schema.TaggedError<BankFault>()("Fault", {
  code: Schema.String,
  text: Schema.String,
  detail: Schema.optionalKey(Schema.String),
}) {}

/**
 * The answer is not the expected message. `code` is the reason of an `XmlError` (`missing-element`, …) or
 * `other-application`. `path` names the element, and `problem` says what was expected there.
 */
export class BankMalformed extends Schema.TaggedError<BankMalformed>()("Malformed", {
  code: Schema.String,
  path: Schema.String,
  problem: Schema.String,
}) {}

/** The answer was larger than the limit, so reading it was stopped. */
export class BankTooLarge extends Schema.TaggedError<BankTooLarge>()("TooLarge", {
  responseBytesMax: Schema.Int,
}) {}

/** The bank refused the request, because it received too many. */
export class BankRateLimited extends Schema.TaggedError<BankRateLimited>()("RateLimited", {
  retryAfterSeconds,
}) {}

/**
 * The bank answered with this status and without a readable message. A redirect counts as such, because the client
 * follows none.
 */
export class BankUnavailable extends Schema.TaggedError<BankUnavailable>()("Unavailable", {
  status: Schema.Int,
  retryAfterSeconds,
}) {}

/** The request was not sent. The bank failed too often, so the circuit breaker is open for this time. */
export class BankCircuitOpen extends Schema.TaggedError<BankCircuitOpen>()("CircuitOpen", {
  retryAfterSeconds,
}) {}

/** The request was not sent, because it is not valid. `problem` says what to change. */
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

/** The text of each reason in an error's message. It never contains text from the bank, which may name a person. */
const summaries: { readonly [Tag in BankErrorReason["_tag"]]: string } = {
  Refused: "the bank's address refuses the connection",
  NameNotFound: "the bank's host is not found",
  Unreachable: "the bank's host cannot be reached",
  CertificateRejected: "the bank's certificate is not trusted",
  TlsFailed: "no TLS connection to the bank",
  ProxyRefused: "the proxy to the bank refuses",
  ConnectionBroken: "the connection to the bank broke",
  TimedOut: "the bank did not answer in time",
  Unauthorized: "the bank does not accept the account's user name and password",
  Fault: "the bank answered with a SOAP fault",
  Malformed: "the bank's answer is not the expected message",
  TooLarge: "the bank's answer is over the size limit",
  RateLimited: "the bank asks for fewer requests",
  Unavailable: "the bank's service is unavailable",
  CircuitOpen: "the bank failed too often: no request is sent for a while",
  RequestInvalid: "the request was not sent",
}

/** The reasons for which there was no connection to the bank, or for which it broke. */
const isConnection: { readonly [Tag in BankErrorReason["_tag"]]?: true } = {
  Refused: true,
  NameNotFound: true,
  Unreachable: true,
  CertificateRejected: true,
  TlsFailed: true,
  ProxyRefused: true,
  ConnectionBroken: true,
}

/** A request to the bank had no usable answer. */
export class BankError extends Schema.TaggedError<BankError>()("BankError", {
  operation: BankOperation,
  reason: BankErrorReason,
}) {
  /** How long to wait before a retry, if the bank or the circuit breaker says so. */
  get retryAfterSeconds(): number | undefined {
    return "retryAfterSeconds" in this.reason ? this.reason.retryAfterSeconds : undefined
  }

  /**
   * The operating system's error code for a failed connection, such as `ECONNREFUSED`. `undefined` for any other
   * reason.
   */
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

/** The options are not valid. `message` says what to set. */
export class BankConfigError extends Schema.TaggedError<BankConfigError>()("BankConfigError", {
  message: Schema.String,
}) {}
