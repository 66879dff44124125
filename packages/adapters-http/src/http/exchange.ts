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

/**
 * The limits of one request and its answer: the time of each part, the size of the answer, and how many run at once.
 */
export interface ExchangeLimits {
  readonly connectMsMax: number
  readonly headersMsMax: number
  /** The time between two chunks of the body. */
  readonly bodyIdleMsMax: number
  /** The time from the first byte sent to the last byte received. It also ends an answer that arrives very slowly. */
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

/**
 * There was no complete answer. `code` is the error code of the operating system or of undici, such as
 * `ECONNREFUSED`.
 */
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
  /** What happened, and what to do. */
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
 * Makes a function that sends requests with timeouts. It uses `transport`, or HTTP if none is given. It follows no
 * redirect. Its connections close with the scope.
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

/** Makes a connection pool that closes with the scope. */
export const makeAgent = (
  limits: Omit<ExchangeLimits, "exchangeMsMax">,
  route: BankRoute = straightRoute,
): Effect.Effect<Dispatcher, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => dispatcherOf(limits, route)),
    (agent) => Effect.promise(() => agent.destroy()),
  )

/** Hosts that never use the proxy, because a proxy cannot reach this machine's loopback addresses. */
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
    // Every option is given. Otherwise undici would read it from the environment.
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
  // Some proxies compress the answer although the request forbids that.
  const coding = [headers["content-encoding"] ?? []].flat().join(",")
  return { status, headers, body: await unpack(body, coding, responseBytesMax) }
}

/** The kinds for some error codes. For any other code, {@link connectionCause} decides. */
const kindByCode: ReadonlyMap<string, ExchangeFailed["kind"]> = new Map([
  ["UND_ERR_CONNECT_TIMEOUT", "timed-out"],
  ["UND_ERR_HEADERS_TIMEOUT", "timed-out"],
  ["UND_ERR_BODY_TIMEOUT", "timed-out"],
  ["ETIMEDOUT", "timed-out"],
  ["UND_ERR_RES_EXCEEDED_MAX_SIZE", "too-large"],
  [unpackedTooLargeCode, "too-large"],
])

/** Converts an error. Only its code is kept, because its message may contain what was sent. */
export function exchangeFailure(error: unknown, isProxys = false): ExchangeFailed {
  const code = isProxys ? `PROXY_${codeOf(error)}` : codeOf(error)
  return new ExchangeFailed({ kind: kindByCode.get(code) ?? connectionCause(code), code })
}

const isProxysFault = (error: unknown, asked: URL, proxyUrl: BankRoute["proxyUrl"]): boolean =>
  proxyUrl !== undefined && isConnectingTo(new URL(Redacted.value(proxyUrl)), asked, error)

const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === "https:" ? 443 : 80)

/**
 * Whether the proxy could not be reached, and not the requested host. The error names either the host or the port.
 */
function isConnectingTo(proxy: URL, asked: URL, error: unknown): boolean {
  if (!isNativeError(error)) return false
  if ("hostname" in error) return error.hostname === proxy.hostname && error.hostname !== asked.hostname
  return "port" in error && error.port === portOf(proxy) && error.port !== portOf(asked)
}

/** The code of an error. If a proxy refuses, there is no code, but undici's message contains the proxy's status. */
function codeOf(error: unknown): string {
  if (!isNativeError(error)) return "UNKNOWN"
  const [, status] = /^Proxy response \((\d+)\)/u.exec(error.message) ?? []
  if (status !== undefined) return `PROXY_${status}`
  return "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN"
}
