import type { Fiber } from "effect"
import { Effect, Option, Tracer } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/**
 * What a span may contain: values from limited sets, and the application reference. It never contains a body,
 * credentials or personal data.
 */
export interface SpanAttributes {
  readonly account?: string
  readonly applicationReference?: string
  readonly disposition?: string
  readonly evidence?: string
  readonly operation?: string
  readonly question?: string
  readonly source?: string
}

export const spanAttribute = (name: string): string =>
  `loan_engine.${name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)}`

export interface TracedOptions<A> {
  /** `client` if another system does the work. */
  readonly kind?: "client"
  /** The attributes that the result adds to the span. */
  readonly result?: (value: A) => SpanAttributes
}

/**
 * Adds a span around an effect, as a child of the current span. Without a tracer, the effect is unchanged and no span
 * is made.
 *
 * @example traced("record", { account, source })(engine.record(observation, raw))
 */
export const traced =
  <A>(name: string, attributes: SpanAttributes = {}, options: TracedOptions<A> = {}) =>
  <B extends A, E, R>(effect: Effect.Effect<B, E, R>): Effect.Effect<B, E, R> =>
    Effect.withFiber((fiber) => (isTraced(fiber) ? spanned(effect, name, attributes, options) : effect))

interface ServedRequest {
  readonly method: string
  /** The pattern of the path. The path itself would differ for each account. */
  readonly route: string
  /** The W3C `traceparent` of the request. The span continues its trace. */
  readonly traceparent: string | null
}

/**
 * Adds a server's span around a request. Its name contains the method, as is usual for HTTP servers. Without a
 * tracer, the effect is unchanged.
 */
export const tracedRequest = <A extends { readonly status: number }, E, R>(
  request: ServedRequest,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> => Effect.withFiber((fiber) => (isTraced(fiber) ? served(request, effect) : effect))

function served<A extends { readonly status: number }, E, R>(
  { method, route, traceparent }: ServedRequest,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> {
  const headers = Headers.fromInput(traceparent === null ? {} : { traceparent })
  const parent = Option.getOrUndefined(HttpTraceContext.fromHeaders(headers))
  const told = Effect.tap(effect, ({ status }) =>
    Effect.annotateCurrentSpan({ "http.response.status_code": status }),
  )
  return Effect.withSpan(told, method, {
    attributes: { "http.request.method": method, "http.route": route },
    kind: "server",
    captureStackTrace: false,
    ...(parent === undefined ? { root: true } : { parent }),
  })
}

/** Whether spans are exported. The native tracer does not export them, but it would keep them. */
const isTraced = ({ cache }: Fiber.Fiber<unknown, unknown>): boolean =>
  cache.tracerEnabled && cache.tracer !== undefined && cache.tracer !== Tracer.nativeTracer

function spanned<A, B extends A, E, R>(
  effect: Effect.Effect<B, E, R>,
  name: string,
  attributes: SpanAttributes,
  { kind, result }: TracedOptions<A>,
): Effect.Effect<B, E, R> {
  const told =
    result === undefined
      ? effect
      : Effect.tap(effect, (value) => Effect.annotateCurrentSpan(named(result(value))))
  return Effect.withSpan(told, name, {
    attributes: named(attributes),
    kind: kind ?? "internal",
    captureStackTrace: false,
  })
}

const named = (attributes: SpanAttributes): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [spanAttribute(name), value]))
