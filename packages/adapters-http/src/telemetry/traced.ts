import type { Fiber } from "effect"
import { Effect, Option, Tracer } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/** What a span may say: names of closed sets, and the application reference. Never a body, a credential or a person. */
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
  /** `client` where the work is done by another system. */
  readonly kind?: "client"
  /** What the result adds to the span. */
  readonly result?: (value: A) => SpanAttributes
}

/**
 * A span around an effect, as a child of whatever span it runs in. Where no tracer is installed it is the effect itself:
 * no span is built, and nothing is paid but a look at the fiber.
 *
 * @example traced("record", { account, source })(engine.record(observation, raw))
 */
export const traced =
  <A>(name: string, attributes: SpanAttributes = {}, options: TracedOptions<A> = {}) =>
  <B extends A, E, R>(effect: Effect.Effect<B, E, R>): Effect.Effect<B, E, R> =>
    Effect.withFiber((fiber) => (isTraced(fiber) ? spanned(effect, name, attributes, options) : effect))

interface ServedRequest {
  readonly method: string
  /** The pattern of its path, not the path: that would be another name for each account. */
  readonly route: string
  /** The W3C `traceparent` that came with it; its trace is gone on with. */
  readonly traceparent: string | null
}

/** The span of a request as its server sees it, named by its method as HTTP servers' are; without a tracer, the effect itself. */
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

/** The native tracer keeps spans that nobody ever sees. */
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
