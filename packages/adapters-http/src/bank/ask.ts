import type { SoapMessage } from "@loan-engine/adapters-xml/soap-message"
import { XmlError } from "@loan-engine/adapters-xml/xml/error"
import type { Instant } from "@loan-engine/domain/instant"
import { Clock, Effect, Redacted, Result } from "effect"
import {
  BankCertificateRejected,
  BankConnectionBroken,
  BankError,
  BankFault,
  BankMalformed,
  BankNameNotFound,
  BankProxyRefused,
  BankRateLimited,
  BankRefused,
  BankRequestInvalid,
  BankTimedOut,
  BankTlsFailed,
  BankTooLarge,
  BankUnauthorized,
  BankUnavailable,
  BankUnreachable,
} from "./error.ts"
import type { BankErrorReason, BankOperation } from "./error.ts"
import type { Exchange, ExchangeFailed, ExchangeResponse } from "../http/exchange.ts"
import { retryAfterMs } from "../http/retry-after.ts"

/**
 * The bank's answer, its exact bytes, and when the request was sent. The content of the answer was true at that time
 * or later.
 */
export interface BankAnswer<A> {
  readonly message: A
  readonly raw: Uint8Array
  /** The Content-Type of the bytes. Without it, the bytes may not be readable. */
  readonly contentType: string
  readonly sentAt: Instant
}

export type Ask = <Request, Response>(
  operation: BankOperation,
  request: SoapMessage<Request>,
  response: SoapMessage<Response>,
  message: Request,
) => Effect.Effect<BankAnswer<Response>, BankError>

export interface AskOptions {
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
}

/** The longest wait that is accepted from a Retry-After header. A longer wait is shortened. */
export const retryAfterSecondsMax = 86_400

/**
 * Makes the function that sends one SOAP 1.1 request by HTTP POST, with Basic authentication. The result is the
 * answer, or the reason why there is none.
 */
export function makeAsk(exchange: Exchange, options: AskOptions, responseBytesMax: number): Ask {
  const url = new URL(options.url)
  const headers = {
    "content-type": "text/xml; charset=utf-8",
    accept: "text/xml",
    soapaction: '""',
    authorization: basicAuthorization(options),
  }
  return Effect.fnUntraced(function* (operation, request, response, message) {
    const fail = (reason: BankErrorReason): BankError => new BankError({ operation, reason })
    const encoded = encode(request, message)
    if (Result.isFailure(encoded)) return yield* fail(encoded.failure)
    const sentAt = yield* Clock.currentTimeMillis
    const answer = yield* exchange({ url, method: "POST", headers, body: encoded.success }).pipe(
      Effect.mapError((failed) => fail(reasonOf(failed, responseBytesMax))),
    )
    const now = yield* Clock.currentTimeMillis
    const decoded = read(answer, response, now, responseBytesMax)
    if (Result.isFailure(decoded)) return yield* fail(decoded.failure)
    const contentType = contentTypeOf(answer) ?? "text/xml"
    return { message: decoded.success, raw: answer.body, contentType, sentAt }
  })
}

const basicAuthorization = ({ username, password }: AskOptions): string =>
  `Basic ${Buffer.from(`${username}:${Redacted.value(password)}`, "utf8").toString("base64")}`

/**
 * Encodes a message. If XML cannot contain one of its characters, that is an error for the caller and no defect,
 * because the texts come from outside.
 */
function encode<A>(codec: SoapMessage<A>, message: A): Result.Result<Uint8Array, BankErrorReason> {
  try {
    return Result.succeed(codec.encode(message))
  } catch (error) {
    if (error instanceof XmlError) return Result.fail(new BankRequestInvalid({ problem: error.message }))
    throw error
  }
}

const failures: {
  readonly [Kind in ExchangeFailed["kind"]]: (code: string, responseBytesMax: number) => BankErrorReason
} = {
  refused: (code) => new BankRefused({ code }),
  "name-not-found": (code) => new BankNameNotFound({ code }),
  unreachable: (code) => new BankUnreachable({ code }),
  certificate: (code) => new BankCertificateRejected({ code }),
  tls: (code) => new BankTlsFailed({ code }),
  proxy: (code) => new BankProxyRefused({ code }),
  broken: (code) => new BankConnectionBroken({ code }),
  "timed-out": (code) => new BankTimedOut({ code }),
  "too-large": (_code, responseBytesMax) => new BankTooLarge({ responseBytesMax }),
}

const reasonOf = ({ kind, code }: ExchangeFailed, responseBytesMax: number): BankErrorReason =>
  failures[kind](code, responseBytesMax)

type Read<A> = Result.Result<A, BankErrorReason>

function read<A>(
  answer: ExchangeResponse,
  codec: SoapMessage<A>,
  now: number,
  responseBytesMax: number,
): Read<A> {
  const { status, headers } = answer
  const waitMs = retryAfterMs(headers["retry-after"], now)
  const retryAfter =
    waitMs === undefined
      ? {}
      : { retryAfterSeconds: Math.min(Math.ceil(waitMs / 1_000), retryAfterSecondsMax) }
  if (status === 401 || status === 403) return Result.fail(new BankUnauthorized({ status }))
  if (status === 429) return Result.fail(new BankRateLimited(retryAfter))
  const decoded = decode(answer, codec, responseBytesMax)
  if (status === 200) return decoded
  // SOAP 1.1 sends a fault with status 500; some servers use 400. With any other status, the body does not come from
  // the service itself.
  const isFault = Result.isFailure(decoded) && decoded.failure._tag === "Fault"
  if (isFault && (status === 500 || status === 400)) return decoded
  return Result.fail(new BankUnavailable({ status, ...retryAfter }))
}

function contentTypeOf({ headers }: Pick<ExchangeResponse, "headers">): string | undefined {
  const header = headers["content-type"]
  return typeof header === "string" ? header : header?.[0]
}

function decode<A>({ headers, body }: ExchangeResponse, codec: SoapMessage<A>, xmlBytesMax: number): Read<A> {
  const contentType = contentTypeOf({ headers })
  const charset = contentType === undefined ? {} : { contentType }
  return Result.mapError(codec.decode(body, { limits: { xmlBytesMax }, ...charset }), (error) => {
    if (error instanceof XmlError) {
      return new BankMalformed({ code: error.reason, path: error.path, problem: error.message })
    }
    const { code, text, detail } = error
    return new BankFault({ code, text, ...(detail === undefined ? {} : { detail }) })
  })
}
