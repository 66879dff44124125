import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { CallbackAnswer } from "./answer.ts"
import type { CallbackReceiver } from "./receiver.ts"
import type { BodySource, CallbackRequest } from "./request.ts"

/**
 * A node:http request in the form that the receiver reads. Reading stops without closing the connection, so that an
 * answer can be sent. A body that a parser has read is taken from `rawBody`: {@link keptBody}.
 */
export const nodeCallbackRequest = (request: IncomingMessage): CallbackRequest => {
  const kept = request.readableDidRead ? keptBody(request) : undefined
  return {
    method: request.method ?? "",
    headers: {
      get: (name) => {
        // A parser keeps the bytes decompressed, so these two are no longer about them.
        if (kept !== undefined && (name === "content-encoding" || name === "content-length")) return null
        const value = request.headers[name]
        return Array.isArray(value) ? value.join(", ") : (value ?? null)
      },
    },
    body: kept === undefined ? bodyEvents(request) : bytesOnce(kept),
  }
}

/**
 * The bytes of a body that a parser has read and kept in `rawBody`: NestJS does so with `rawBody: true`, Express with a
 * `verify` function that stores them.
 */
export const keptBody = (request: IncomingMessage & { readonly rawBody?: unknown }): Uint8Array | undefined =>
  request.rawBody instanceof Uint8Array ? request.rawBody : undefined

async function* bytesOnce(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

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

/** The body, from the request's own events. */
const bodyEvents =
  (request: IncomingMessage): BodySource =>
  ({ chunk, end, lost }) => {
    request.on("data", chunk).on("end", end).on("error", lost).on("close", lost)
    return () => {
      request.off("data", chunk).off("end", end).off("error", lost).off("close", lost)
      if (!request.readableEnded) request.pause()
    }
  }
