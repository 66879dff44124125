import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { CallbackAnswer } from "./answer.ts"
import type { CallbackReceiver } from "./receiver.ts"
import type { BodySource, CallbackRequest } from "./request.ts"

/**
 * Converts a node:http request to the form that the receiver reads. Reading can stop without closing the connection,
 * so that an answer can be sent. If a parser has read the body, it is taken from `rawBody`: {@link keptBody}.
 */
export const nodeCallbackRequest = (request: IncomingMessage): CallbackRequest => {
  const kept = request.readableDidRead ? keptBody(request) : undefined
  return {
    method: request.method ?? "",
    headers: {
      get: (name) => {
        // The kept bytes are decompressed. These two headers describe the compressed bytes, so they are hidden.
        if (kept !== undefined && (name === "content-encoding" || name === "content-length")) return null
        const value = request.headers[name]
        return Array.isArray(value) ? value.join(", ") : (value ?? null)
      },
    },
    body: kept === undefined ? bodyEvents(request) : bytesOnce(kept),
  }
}

/**
 * The bytes of a body that a parser has already read, if the framework keeps them in `rawBody`. NestJS does so with
 * `rawBody: true`, and Express with a `verify` function.
 */
export const keptBody = (request: IncomingMessage & { readonly rawBody?: unknown }): Uint8Array | undefined =>
  request.rawBody instanceof Uint8Array ? request.rawBody : undefined

async function* bytesOnce(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/**
 * Serves one callback on a node:http server, or on a framework that gives access to node's request (Express,
 * Fastify's `raw`).
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

/** Connections that have received their last answer. Later requests on them are ignored. */
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

/** How long a refused sender may go on sending before the connection closes. */
const lingerMsMax = 1_000

/**
 * Reads and ignores the rest of a body for a short time, then ends the connection. The connection must end, because
 * the unread rest would be taken for the next request. If it ended at once, a sender that is still sending would not
 * see the answer.
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

/** Reads a body by the request's events. */
const bodyEvents =
  (request: IncomingMessage): BodySource =>
  ({ chunk, end, lost }) => {
    request.on("data", chunk).on("end", end).on("error", lost).on("close", lost)
    return () => {
      request.off("data", chunk).off("end", end).off("error", lost).off("close", lost)
      if (!request.readableEnded) request.pause()
    }
  }
