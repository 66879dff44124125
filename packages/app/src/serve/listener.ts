import { createServer, STATUS_CODES } from "node:http"
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http"
import { guardedHeaders } from "@loan-engine/adapters-http/http/answer-headers"
import { Context, Effect, Schema } from "effect"
import type { Scope } from "effect"
import type { ServerLimits } from "./limits.ts"

/** The engine cannot listen on the address. `message` says why, and what to set. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  message: Schema.String,
}) {}

/** The address on which the engine listens. */
export class HttpListener extends Context.Service<HttpListener, { readonly url: string }>()(
  "@loan-engine/app/HttpListener",
) {}

export interface ListenOptions {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  readonly limits: ServerLimits
  readonly handler: RequestListener
}

/**
 * Listens until the scope closes. A stop accepts no new connections and waits for running requests. After `stopMsMax`
 * it ends them.
 *
 * Errors: {@link ListenFailed} if the address is in use, does not belong to this machine, or is not allowed.
 */
export const listen = Effect.fnUntraced(function* (
  options: ListenOptions,
): Effect.fn.Return<HttpListener["Service"], ListenFailed, Scope.Scope> {
  const { host, limits } = options
  const answering = new Set<ServerResponse>()
  const server = makeServer(options, answering)
  yield* Effect.acquireRelease(start(server, options), () => stop(server, limits, answering))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : options.port
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` }
})

/**
 * Whether it is unclear which host a request is for. If a request names two hosts, a proxy may have used the other
 * one. HTTP/1.1 requires exactly one host. HTTP/1.0 needs none.
 */
export function hasUnclearHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length
  return hosts > 1 || (hosts === 0 && httpVersion === "1.1")
}

function makeServer({ limits, handler }: ListenOptions, answering: Set<ServerResponse>): Server {
  const server = createServer(
    {
      requestTimeout: limits.requestMsMax,
      headersTimeout: limits.headersMsMax,
      keepAliveTimeout: limits.keepAliveMsMax,
      connectionsCheckingInterval: limits.connectionsCheckMs,
      maxHeaderSize: limits.headerBytesMax,
      // `hasUnclearHost` checks each request instead, so that the refusal has the same form as all others.
      requireHostHeader: false,
      insecureHTTPParser: false,
    },
    (request, response) => {
      answering.add(response)
      response.once("close", () => answering.delete(response))
      if (!server.listening) endsConnection(response)
      handler(request, response)
    },
  )
  server.maxConnections = limits.connectionsMax
  server.on("checkExpectation", (_request, response) => response.writeHead(417, guardedHeaders).end())
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const isAnswered = [...answering].some((response) => response.socket === socket && response.headersSent)
    if (!socket.writable || isAnswered || error.code === "ECONNRESET") socket.destroy(error)
    else socket.end(headOf(statusOf(error.code)), () => socket.destroy())
  })
  return server
}

/** The status for each error of Node's HTTP parser, which occurs before there is a request. */
const statusByCode: ReadonlyMap<string | undefined, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
])
const statusOf = (code: string | undefined): number => statusByCode.get(code) ?? 400

/** The head of an answer without a body. It has the headers that every answer has. */
const headOf = (status: number): string =>
  [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries({ connection: "close", "content-length": "0", ...guardedHeaders }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    "\r\n",
  ].join("\r\n")

/** Tells the client to send no more requests on this connection. */
function endsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false
}

const start = (server: Server, { host, port }: ListenOptions): Effect.Effect<void, ListenFailed> =>
  Effect.callback((resume) => {
    const failed = (cause: Error): void => {
      const message =
        `Cannot listen on ${host}:${port}: ${cause.message}. ` +
        "Set LOAN_ENGINE_HOST and LOAN_ENGINE_PORT to a free address."
      resume(Effect.fail(new ListenFailed({ message })))
    }
    server.once("error", failed)
    server.listen({ host, port }, () => {
      server.off("error", failed)
      resume(Effect.void)
    })
  })

/** Stops the server. A busy connection would never end by itself, so each answer from now on ends its connection. */
const stop = (
  server: Server,
  { stopMsMax }: ServerLimits,
  answering: ReadonlySet<ServerResponse>,
): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    for (const response of answering) endsConnection(response)
  }).pipe(
    Effect.timeoutOrElse({
      duration: stopMsMax,
      orElse: () => Effect.sync(() => server.closeAllConnections()),
    }),
  )
