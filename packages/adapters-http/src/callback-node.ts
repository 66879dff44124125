import type { IncomingMessage, ServerResponse } from "node:http"
import type { CallbackReceiver } from "./callback-receiver.ts"
import type { CallbackRequest } from "./callback-request.ts"

/** A node:http request as the receiver reads it. Reading stops without tearing the connection down, so an answer fits. */
export const nodeCallbackRequest = (request: IncomingMessage): CallbackRequest => ({
  method: request.method ?? "",
  headers: {
    get: (name) => {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(", ") : (value ?? null)
    },
  },
  body: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
})

/**
 * Serves one callback on a node:http server, or anything that hands out its requests (Express, Fastify's `raw`).
 *
 * @example createServer((request, response) => void serveCallback(receiver, "se", request, response))
 */
export async function serveCallback(
  receiver: CallbackReceiver,
  account: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, headers, body, closes } = await receiver.answer(account, nodeCallbackRequest(request))
  if (response.destroyed) return
  // The rest of a body that was not read would be taken for the next request.
  response.writeHead(status, closes ? { ...headers, connection: "close" } : { ...headers })
  response.end(body)
}
