import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import type { CallbackAnswer } from "./answer.ts"
import type { CallbackReceiver } from "./receiver.ts"
import type { CallbackRequest, ReadBody } from "./request.ts"

/** A node:http request as the receiver reads it. Reading stops without tearing the connection down, so an answer fits. */
export const nodeCallbackRequest = (request: IncomingMessage): CallbackRequest => ({
  method: request.method ?? "",
  headers: {
    get: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(", ") : (value ?? null)
    },
  },
  body: readBody(request),
})

/**
 * Serves one callback on a node:http server, or anything that hands out its requests (Express, Fastify's `raw`).
 *
 * @example createServer((request, response) => serveCallback(receiver, "se", request, response))
 */
export function serveCallback(
  receiver: CallbackReceiver,
  account: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (closing.has(request.socket)) return
  receiver.respond(account, nodeCallbackRequest(request), (answer) => send(request, response, answer))
}

/** Connections that have had their last answer: whatever else was sent on them is as if it had never come. */
const closing = new WeakSet<Socket>()

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body, closes }: CallbackAnswer,
): void {
  if (response.destroyed) return
  const length = String(Buffer.byteLength(body))
  if (!closes) {
    response.writeHead(status, { ...headers, "content-length": length })
    response.end(body)
    return
  }
  closing.add(request.socket)
  response.writeHead(status, { ...headers, "content-length": length, connection: "close" })
  response.write(body)
  linger(request, () => response.end())
}

/** How long a sender that is refused may still send before the connection is closed on it. */
const lingerMsMax = 1_000

/**
 * The rest of a body that was not read would be taken for the next request, so the connection ends. But a sender who is
 * still at it would not see the answer if it ended at once: the rest is let go by for a moment.
 */
function linger(request: IncomingMessage, end: () => void): void {
  if (request.readableEnded || request.destroyed) return end()
  const late = setTimeout(over, lingerMsMax)
  function over(): void {
    clearTimeout(late)
    request.off("end", over).off("close", over)
    end()
  }
  request.once("end", over).once("close", over).resume()
}

/**
 * Collects the body from the request's own events. Most callbacks are there whole by the end of this turn of the event
 * loop; only one that is not is given a time limit.
 */
const readBody =
  (request: IncomingMessage): ReadBody =>
  ({ callbackBytesMax, callbackBodyMsMax }) =>
    Effect.suspend(() => {
      const collected = collect(request, callbackBytesMax)
      return Effect.flatMap(collected.thisTurn, (body) =>
        body !== undefined
          ? Effect.succeed(body)
          : Effect.timeoutOrElse(collected.whole, {
              duration: callbackBodyMsMax,
              orElse: () => Effect.fail(new CallbackRefused({ code: "body-timeout" })),
            }),
      )
    })

type Collecting = Effect.Effect<Uint8Array, CallbackRefused>

function collect(request: IncomingMessage, callbackBytesMax: number) {
  const chunks: Array<Uint8Array> = []
  let length = 0
  let outcome: Collecting | undefined
  let told: ((outcome: Collecting) => void) | undefined
  const finish = (settled: Collecting): void => {
    if (outcome !== undefined) return
    outcome = settled
    request.off("data", onData).off("end", onEnd).off("error", onLost).off("close", onLost)
    if (!request.readableEnded) request.pause()
    told?.(settled)
  }
  const onData = (chunk: Uint8Array): void => {
    length += chunk.length
    chunks.push(chunk)
    if (length > callbackBytesMax) finish(Effect.fail(new CallbackRefused({ code: "body-too-large" })))
  }
  const onEnd = (): void => {
    const [only] = chunks
    finish(Effect.succeed(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length)))
  }
  const onLost = (): void => finish(Effect.fail(new CallbackRefused({ code: "body-incomplete" })))
  request.on("data", onData).on("end", onEnd).on("error", onLost).on("close", onLost)

  const whole: Collecting = Effect.callback((resume) => {
    if (outcome !== undefined) return resume(outcome)
    told = resume
  })
  /** `undefined` if there is more to come. */
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
