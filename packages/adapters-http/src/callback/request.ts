import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import type { RejectionCode } from "./answer.ts"
import { isReadableType } from "./content.ts"
import { isReadableEncoding } from "../http/content-coding.ts"

/** The parts of an HTTP request that the receiver reads. A web-standard `Request` has them. */
export interface CallbackRequest {
  readonly method: string
  readonly headers: { readonly get: (name: string) => string | null }
  /** The body as a stream, or a function that reads it. */
  readonly body: AsyncIterable<Uint8Array> | ReadBody | null
}

/** Reads a body to its end, within the limits of size and time. */
export type ReadBody = (limits: CallbackRequestLimits) => Effect.Effect<Uint8Array, CallbackRefused>

export interface CallbackRequestLimits {
  readonly callbackBytesMax: number
  /** From the wait for the first byte to the last byte read. */
  readonly callbackBodyMsMax: number
}

/** The bank's largest example is under one kilobyte. */
export const callbackRequestLimitsDefault: CallbackRequestLimits = {
  callbackBytesMax: 65_536,
  callbackBodyMsMax: 10_000,
}

/** The refusals that the headers alone cause, before a byte of the body is read. */
export function headersFault(
  { headers }: CallbackRequest,
  { callbackBytesMax }: CallbackRequestLimits,
): RejectionCode | undefined {
  const length = headers.get("content-length")
  if (length !== null && !/^[0-9]+$/u.test(length)) return "length-invalid"
  if (length !== null && Number(length) > callbackBytesMax) return "body-too-large"
  const isReadable =
    isReadableEncoding(headers.get("content-encoding")) && isReadableType(headers.get("content-type"))
  return isReadable ? undefined : "media-type-unsupported"
}

/** The raw body. Reading stops at the size limit, even if Content-Length promised less. */
export function readBody({ body }: CallbackRequest, limits: CallbackRequestLimits): ReturnType<ReadBody> {
  if (body === null) return Effect.succeed(new Uint8Array())
  if (typeof body === "function") return body(limits)
  return Effect.tryPromise({
    try: () => collect(body, limits.callbackBytesMax),
    catch: () => new CallbackRefused({ code: "body-incomplete" }),
  }).pipe(
    Effect.timeoutOrElse({
      duration: limits.callbackBodyMsMax,
      orElse: () => Effect.fail(new CallbackRefused({ code: "body-timeout" })),
    }),
    Effect.flatMap((bytes) =>
      bytes === undefined
        ? Effect.fail(new CallbackRefused({ code: "body-too-large" }))
        : Effect.succeed(bytes),
    ),
  )
}

/** `undefined` if there are more bytes than allowed. Leaving the loop stops the source. */
async function collect(
  body: AsyncIterable<Uint8Array>,
  callbackBytesMax: number,
): Promise<Uint8Array | undefined> {
  const chunks: Array<Uint8Array> = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > callbackBytesMax) return undefined
    chunks.push(chunk)
  }
  const [only] = chunks
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length)
}

const probes: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])
const deliveryHeaders = ["content-type", "transfer-encoding", "authorization"]

/**
 * Whether the request only asks what this route is. A callback that a redirect turned into a GET still has its original
 * headers. It is refused, because a success would tell its sender that it was delivered.
 */
export const isProbe = ({ method, headers }: CallbackRequest): boolean =>
  probes.has(method) &&
  Number(headers.get("content-length") ?? 0) === 0 &&
  deliveryHeaders.every((name) => headers.get(name) === null)
