import { getCACertificates } from "node:tls"
import { isNativeError } from "node:util/types"
import { Effect, Redacted, Schema } from "effect"
import type { Scope } from "effect"
import { Agent, EnvHttpProxyAgent } from "undici"
import type { Dispatcher } from "undici"
import type { BankRoute } from "./route.ts"
import { straightRoute } from "./route.ts"
import { connectionAdvice, connectionCause } from "./connection-cause.ts"
import { unpack, unpackedTooLargeCode } from "./content-coding.ts"

/** The limits of one exchange: the time of each part, the size of its answer, and how many run at once. */
export interface ExchangeLimits {
  readonly connectMsMax: number
  readonly headersMsMax: number
  /** Between two chunks of the body. */
  readonly bodyIdleMsMax: number
  /** From the first byte sent to the last byte received, so that a slow answer ends too. */
  readonly exchangeMsMax: number
  readonly responseBytesMax: number
  readonly connectionsMax: number
}

export interface ExchangeRequest {
  readonly url: URL
  readonly method: "GET" | "POST"
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface ExchangeResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

/** There was no complete answer. `code` is the system's or undici's own name of the cause, such as `ECONNREFUSED`. */
export class ExchangeFailed extends Schema.TaggedError<ExchangeFailed>()("ExchangeFailed", {
  kind: Schema.Literals([
    "refused",
    "name-not-found",
    "unreachable",
    "certificate",
    "tls",
    "proxy",
    "broken",
    "timed-out",
    "too-large",
  ]),
  code: Schema.String,
}) {
  /** What happened, and what to do about it. */
  get advice(): string {
    if (this.kind === "timed-out") return `it did not answer in time (${this.code})`
    return this.kind === "too-large"
      ? `its answer is over the size limit (${this.code})`
      : connectionAdvice(this.code)
  }
}

export type Exchange = (request: ExchangeRequest) => Effect.Effect<ExchangeResponse, ExchangeFailed>

const headerBytesMax = 16_384
const keepAliveMs = 4_000
const keepAliveMsMax = 60_000
const tlsSessionsMax = 10

/**
 * An exchange with timeouts, over `transport` if one is given, or else over HTTP. Its own connection pool closes with
 * the scope. It follows no redirect.
 */
export const makeExchange = Effect.fnUntraced(function* (
  limits: ExchangeLimits,
  transport?: Exchange,
  route: BankRoute = straightRoute,
): Effect.fn.Return<Exchange, never, Scope.Scope> {
  const carry = transport ?? (yield* makeHttpTransport(limits, route))
  return (request) =>
    Effect.timeoutOrElse(carry(request), {
      duration: limits.exchangeMsMax,
      orElse: () => Effect.fail(new ExchangeFailed({ kind: "timed-out", code: "EXCHANGE_TIMEOUT" })),
    })
})

const makeHttpTransport = Effect.fnUntraced(function* (
  limits: ExchangeLimits,
  route: BankRoute,
): Effect.fn.Return<Exchange, never, Scope.Scope> {
  const agent = yield* makeAgent(limits, route)
  return (request) =>
    Effect.tryPromise({
      try: (signal) => perform(agent, request, signal, limits.responseBytesMax),
      catch: (error) => exchangeFailure(error, isProxysFault(error, request.url, route.proxyUrl)),
    })
})

/** A connection pool that closes with the scope. */
export const makeAgent = (
  limits: Omit<ExchangeLimits, "exchangeMsMax">,
  route: BankRoute = straightRoute,
): Effect.Effect<Dispatcher, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => dispatcherOf(limits, route)),
    (agent) => Effect.promise(() => agent.destroy()),
  )

/** A proxy cannot reach our own machine. */
const neverProxied = ["localhost", ".localhost", "127.0.0.1", "::1"]

function dispatcherOf(
  limits: Omit<ExchangeLimits, "exchangeMsMax">,
  { authorities, proxyUrl, noProxy }: BankRoute,
): Dispatcher {
  const tls = {
    rejectUnauthorized: true,
    maxCachedSessions: tlsSessionsMax,
    ...(authorities.length === 0 ? {} : { ca: [...getCACertificates("default"), ...authorities] }),
  }
  const options = {
    connections: limits.connectionsMax,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: limits.connectMsMax, ...tls },
    headersTimeout: limits.headersMsMax,
    bodyTimeout: limits.bodyIdleMsMax,
    maxHeaderSize: headerBytesMax,
    maxResponseSize: limits.responseBytesMax,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMsMax,
    strictContentLength: true,
  }
  if (proxyUrl === undefined || noProxy.includes("*")) return new Agent(options)
  return new EnvHttpProxyAgent({
    ...options,
    connectTimeout: limits.connectMsMax,
    requestTls: tls,
    proxyTls: tls,
    // Each option is given, so that none is read from the process's environment.
    httpProxy: "",
    httpsProxy: Redacted.value(proxyUrl),
    noProxy: [...noProxy, ...neverProxied].join(","),
  })
}

async function perform(
  agent: Dispatcher,
  request: ExchangeRequest,
  signal: AbortSignal,
  responseBytesMax: number,
): Promise<ExchangeResponse> {
  const response = await agent.request({
    origin: request.url.origin,
    path: request.url.pathname + request.url.search,
    method: request.method,
    headers: { ...request.headers, "accept-encoding": "identity" },
    body: request.body ?? null,
    signal,
  })
  const { statusCode: status, headers } = response
  const body = await response.body.bytes()
  // Some proxies compress an answer although the request did not allow it.
  const coding = [headers["content-encoding"] ?? []].flat().join(",")
  return { status, headers, body: await unpack(body, coding, responseBytesMax) }
}

/** What a failed exchange's cause code means. Any other code is a connection failure. */
const kindByCode: ReadonlyMap<string, ExchangeFailed["kind"]> = new Map([
  ["UND_ERR_CONNECT_TIMEOUT", "timed-out"],
  ["UND_ERR_HEADERS_TIMEOUT", "timed-out"],
  ["UND_ERR_BODY_TIMEOUT", "timed-out"],
  ["ETIMEDOUT", "timed-out"],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", "too-large"],
  [unpackedTooLargeCode, "too-large"],
])

/** Only the code is kept, because an error's message may quote what was sent. */
export function exchangeFailure(error: unknown, isProxys = false): ExchangeFailed {
  const code = isProxys ? `PROXY_${codeOf(error)}` : codeOf(error)
  return new ExchangeFailed({ kind: kindByCode.get(code) ?? connectionCause(code), code })
}

const isProxysFault = (error: unknown, asked: URL, proxyUrl: BankRoute["proxyUrl"]): boolean =>
  proxyUrl !== undefined && isConnectingTo(new URL(Redacted.value(proxyUrl)), asked, error)

const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === "https:" ? 443 : 80)

/** Whether the proxy was unreachable, and not the requested host. The system names the host or the port. */
function isConnectingTo(proxy: URL, asked: URL, error: unknown): boolean {
  if (!isNativeError(error)) return false
  if ("hostname" in error) return error.hostname === proxy.hostname && error.hostname !== asked.hostname
  return "port" in error && error.port === portOf(proxy) && error.port !== portOf(asked)
}

/** A proxy's refusal has no code. Its message is from undici and contains only the status. */
function codeOf(error: unknown): string {
  if (!isNativeError(error)) return "UNKNOWN"
  const [, status] = /^Proxy response \((\d+)\)/u.exec(error.message) ?? []
  if (status !== undefined) return `PROXY_${status}`
  return "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN"
}
