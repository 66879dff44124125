import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { Effect } from "effect"
import { CallbackRefused } from "./answer.ts"
import type { CallbackAnswer } from "./answer.ts"
import type { CallbackReceiver } from "./receiver.ts"
import type { CallbackRequest, ReadBody } from "./request.ts"

/**
 * A node:http request in the form that the receiver reads. Reading stops without closing the connection, so that an
 * answer can be sent.
 */
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

/** Connections that got their last answer. Later requests on them are ignored. */
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

/** How long a refused sender may still send before the connection is closed. */
const lingerMsMax = 1_000

/**
 * The unread rest of a body would be read as the next request, so the connection must end. If it ended at once, a
 * sender that still sends would not see the answer. So the rest is read and ignored for a short time.
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
 * Collects the body from the request's own events. Most callbacks are complete by the end of this turn of the event
 * loop. Only an incomplete one gets a timeout.
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
  /** `undefined` if there is more to read. */
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
