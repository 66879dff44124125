import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import type { RejectionCode } from "./answer.ts"
import { isReadableType } from "./content.ts"
import { isReadableEncoding } from "../http/content-coding.ts"

/** The parts of an HTTP request that the receiver reads. A web-standard `Request` has them too. */
export interface CallbackRequest {
  readonly method: string
  readonly headers: { readonly get: (name: string) => string | null }
  /** The body as a stream, or a function that starts to read it. */
  readonly body: AsyncIterable<Uint8Array> | BodySource | null
}

/**
 * Starts to read a body. It reports what arrives only after it has returned. Calling the result stops the reading.
 */
export type BodySource = (reader: BodyReader) => () => void

export interface BodyReader {
  readonly chunk: (bytes: Uint8Array) => void
  readonly end: () => void
  /** The connection broke before the body ended. */
  readonly lost: () => void
}

export interface CallbackRequestLimits {
  readonly callbackBytesMax: number
  /** The time for the whole body, from the wait for its first byte to its last byte. */
  readonly callbackBodyMsMax: number
}

/** The bank's largest example has less than one kilobyte, so this is ample. */
export const callbackRequestLimitsDefault: CallbackRequestLimits = {
  callbackBytesMax: 65_536,
  callbackBodyMsMax: 10_000,
}

/** The reason to refuse a request by its headers alone, before the body is read. */
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

/**
 * Reads the raw body. Reading stops at the size limit, even if Content-Length is smaller. Most bodies are complete
 * within the current turn of the event loop. Only an incomplete body needs a timeout.
 */
export function readBody(
  { body }: CallbackRequest,
  { callbackBytesMax, callbackBodyMsMax }: CallbackRequestLimits,
): Effect.Effect<Uint8Array, CallbackRefused> {
  if (body === null) return Effect.succeed(new Uint8Array())
  const source = typeof body === "function" ? body : chunksOf(body)
  return Effect.suspend(() => {
    const collected = collect(source, callbackBytesMax)
    return Effect.flatMap(collected.thisTurn, (bytes) =>
      bytes !== undefined
        ? Effect.succeed(bytes)
        : Effect.timeoutOrElse(collected.whole, {
            duration: callbackBodyMsMax,
            orElse: () => Effect.fail(new CallbackRefused({ code: "body-timeout" })),
          }),
    )
  })
}

/** Reads a stream as a source. If it is stopped, the stream is stopped too. */
const chunksOf =
  (body: AsyncIterable<Uint8Array>): BodySource =>
  ({ chunk, end, lost }) => {
    let isStopped = false
    let iterator: AsyncIterator<Uint8Array> | undefined
    const read = async (): Promise<void> => {
      const opened = body[Symbol.asyncIterator]()
      iterator = opened
      for (let next = await opened.next(); next.done !== true; next = await opened.next()) {
        chunk(next.value)
        if (isStopped) return
      }
      end()
    }
    read().catch(lost)
    return () => {
      isStopped = true
      iterator?.return?.().catch(lost)
    }
  }

type Collecting = Effect.Effect<Uint8Array, CallbackRefused>

function collect(source: BodySource, callbackBytesMax: number) {
  const chunks: Array<Uint8Array> = []
  let length = 0
  let outcome: Collecting | undefined
  let told: ((outcome: Collecting) => void) | undefined
  const finish = (settled: Collecting): void => {
    if (outcome !== undefined) return
    outcome = settled
    stop()
    told?.(settled)
  }
  const stop = source({
    chunk: (bytes) => {
      length += bytes.length
      chunks.push(bytes)
      if (length > callbackBytesMax) finish(Effect.fail(new CallbackRefused({ code: "body-too-large" })))
    },
    end: () => {
      const [only] = chunks
      finish(Effect.succeed(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length)))
    },
    lost: () => finish(Effect.fail(new CallbackRefused({ code: "body-incomplete" }))),
  })

  const whole: Collecting = Effect.callback((resume) => {
    if (outcome !== undefined) return resume(outcome)
    told = resume
  })
  /** The body, if it is complete in this turn of the event loop. `undefined` if more must be read. */
  const thisTurn: Effect.Effect<Uint8Array | undefined, CallbackRefused> = Effect.callback((resume) => {
    if (outcome !== undefined) return resume(outcome)
    const late = setImmediate(() => {
      told = undefined
      resume(Effect.succeed(undefined))
    })
    told = (settled) => {
      clearImmediate(late)
      resume(settled)
    }
  })
  return { whole, thisTurn }
}

const probes: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])
const deliveryHeaders = ["content-type", "transfer-encoding", "authorization"]

/**
 * Whether the request is a probe: it only asks what this route is. If a redirect has turned a callback into a GET,
 * its original headers are still there, so it is no probe. It is refused, because a success would tell the sender
 * that the callback was delivered.
 */
export const isProbe = ({ method, headers }: CallbackRequest): boolean =>
  probes.has(method) &&
  Number(headers.get("content-length") ?? 0) === 0 &&
  deliveryHeaders.every((name) => headers.get(name) === null)
