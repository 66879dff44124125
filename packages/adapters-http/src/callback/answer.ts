import { Schema } from "effect"
import type { Disposition, HoldReason } from "@loan-engine/domain/observation"
import { guardedHeaders } from "../http/answer-headers.ts"

/** An HTTP answer as plain data, which any server can send. */
export interface CallbackAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether the connection must close, because the rest of the request's body may be unread. */
  readonly closes: boolean
}

interface Refusal {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly closes?: true
}

/** The content codings that a callback may have, in the form of `Accept-Encoding`. */
export const acceptEncoding = "gzip, deflate, br"

/** The reasons for which a callback is refused: each code with its status and its text for the sender. */
export const refusals = {
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    detail: "the bank delivers its callbacks here by POST: send a POST. Nothing was recorded",
    closes: true,
  },
  "account-unknown": {
    status: 404,
    title: "No such account",
    detail: "check the callback URL",
    closes: true,
  },
  "length-invalid": {
    status: 400,
    title: "Bad length",
    detail: "Content-Length is no whole number",
    closes: true,
  },
  "body-too-large": {
    status: 413,
    title: "Body too large",
    detail: "the body is over the limit",
    closes: true,
  },
  "media-type-unsupported": {
    status: 415,
    title: "Unsupported media type",
    detail: `send application/json in UTF-8, as it is or in one content encoding of: ${acceptEncoding}`,
    closes: true,
  },
  "encoding-invalid": {
    status: 400,
    title: "Invalid encoding",
    detail: "the body is not compressed as Content-Encoding says",
  },
  "body-timeout": { status: 408, title: "Body timeout", detail: "the body took too long", closes: true },
  "body-incomplete": { status: 400, title: "Body incomplete", detail: "the body ended early", closes: true },
  unauthorized: {
    status: 401,
    title: "Unauthorized",
    detail: "the Authorization header does not carry the registered credentials",
  },
  "unauthorized-too-many": {
    status: 429,
    title: "Too many callbacks with wrong credentials",
    detail: "send the registered credentials, or wait (callbacksUnauthorizedPerMinuteMax)",
  },
  "json-invalid": { status: 400, title: "Invalid JSON", detail: "the body is not acceptable JSON" },
  "field-invalid": { status: 400, title: "Invalid field", detail: "the body is not a callback" },
  "signature-missing": {
    status: 401,
    title: "Signature missing",
    detail: "this account's callbacks need a signature, and jwsData contains none",
  },
  "signature-invalid": {
    status: 401,
    title: "Invalid signature",
    detail: "jwsData is not a valid signature",
  },
  "signature-contradicted": {
    status: 401,
    title: "Contradicted by its signature",
    detail: "the signed claims in jwsData contradict the body",
  },
  "store-unavailable": {
    status: 503,
    title: "Temporarily unavailable",
    detail: "nothing was recorded: send the callback again later",
  },
  "held-too-many": {
    status: 503,
    title: "Too many callbacks without proof",
    detail:
      "too many callbacks without proof arrived in the last minute (callbacksHeldPerMinuteMax). Nothing was recorded: send the callback again later",
  },
  "body-consumed": {
    status: 500,
    title: "Body already read",
    detail: "the server read the body before the engine could: run no body parser before the engine",
    closes: true,
  },
  "internal-error": { status: 500, title: "Internal error", detail: "nothing was acknowledged" },
} as const satisfies Record<string, Refusal>

export type RejectionCode = keyof typeof refusals

/** The `type` of a refusal's problem document. */
export const refusalType = (code: RejectionCode): string => `urn:loan-engine:callback:${code}`

const rejectionCodes = Object.keys(refusals).filter((name): name is RejectionCode =>
  Object.hasOwn(refusals, name),
)

/** A refused callback. */
export class CallbackRefused extends Schema.TaggedError<CallbackRefused>()("CallbackRefused", {
  code: Schema.Literals(rejectionCodes),
  /** A more exact text than that of the code. */
  detail: Schema.optionalKey(Schema.String),
  /** The wrong member of the body. */
  field: Schema.optionalKey(Schema.String),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
}) {}

/**
 * The answer to a refused callback: a problem document (RFC 9457). Its `code` never changes. `field` names the wrong
 * member, if one is wrong.
 */
export function refuse({ code, detail, field, headers }: CallbackRefused): CallbackAnswer {
  const refusal: Refusal = refusals[code]
  const problem = {
    type: refusalType(code),
    title: refusal.title,
    status: refusal.status,
    detail: detail ?? refusal.detail,
    code,
    ...(field === undefined ? {} : { field }),
  }
  return {
    status: refusal.status,
    headers: { ...guardedHeaders, "content-type": "application/problem+json", ...headers },
    body: JSON.stringify(problem),
    closes: refusal.closes ?? false,
  }
}

/** The answer if another part of the server has already read the body. */
export const bodyConsumed: CallbackAnswer = refuse(new CallbackRefused({ code: "body-consumed" }))

const jsonHeaders = { ...guardedHeaders, "content-type": "application/json" }

/**
 * The answer to a callback that is durably recorded. A held callback is recorded too, but changes nothing until the
 * bank confirms it.
 */
export function acknowledge(disposition: Disposition, reason: HoldReason | undefined): CallbackAnswer {
  if (disposition !== "held") {
    return { status: 200, headers: jsonHeaders, body: JSON.stringify({ disposition }), closes: false }
  }
  return { status: 202, headers: jsonHeaders, body: JSON.stringify({ disposition, reason }), closes: false }
}

/** Headers that say which requests the route accepts. */
const taken = { allow: "POST", "accept-post": "application/json", "accept-encoding": acceptEncoding }

/**
 * The answer to a probe. It says what this route is for, and that nothing was recorded. A callback never has the
 * method of a probe.
 */
export const introduction: CallbackAnswer = {
  status: 200,
  headers: { ...jsonHeaders, ...taken },
  body: JSON.stringify({
    service: "loan-engine callback receiver",
    detail: "The bank delivers its callbacks here by POST, as JSON. This request recorded nothing.",
  }),
  closes: true,
}
