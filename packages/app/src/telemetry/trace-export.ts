import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Exit, Layer, Redacted, References, Tracer } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { OtlpExporter, OtlpSerialization, OtlpTracer } from "effect/observability"
import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import { version } from "../base/version.ts"
import { spanAttribute } from "@loan-engine/adapters-http/telemetry/traced"
import { causeWithoutWords } from "@loan-engine/adapters-http/callback/without-words"

/** How often spans are exported, and how much memory and time the export may use. */
export const traceExportLimits = {
  traceExportIntervalMs: limit(5_000, "how often the engine sends spans to the collector"),
  traceExportMsMax: limit(5_000, "how long the collector may take to receive one export"),
  traceBatchSpansMax: limit(512, "how many spans one export may contain"),
}
export type TraceExportLimits = LimitsOf<typeof traceExportLimits>

export const traceExportLimitsDefault = defaultsOf(traceExportLimits)

/**
 * How many requests to the collector may run at the same time. If there are more, spans are dropped and not queued.
 */
export const traceExportsInFlightMax = 4

export interface TraceExportSettings {
  /** The collector, such as `http://localhost:4318`. */
  readonly url: string
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>> | undefined
  readonly serviceName: string
}

/** Exports spans to an OTLP/HTTP collector. If there is no collector, no spans are made. */
export const traceLayer = (
  settings: TraceExportSettings | undefined,
  limits: TraceExportLimits,
): Layer.Layer<never> =>
  settings === undefined ? Layer.succeed(References.TracerEnabled, false) : exporting(settings, limits)

const exporting = (
  { url, headers, serviceName }: TraceExportSettings,
  limits: TraceExportLimits,
): Layer.Layer<never> =>
  Layer.effect(
    Tracer.Tracer,
    Effect.map(
      OtlpTracer.make({
        url: tracesUrl(url),
        ...(headers === undefined ? {} : { headers: Redacted.value(headers) }),
        resource: { serviceName, serviceVersion: version },
        exportInterval: limits.traceExportIntervalMs,
        maxBatchSize: limits.traceBatchSpansMax,
        shutdownTimeout: limits.traceExportMsMax,
      }),
      discreet,
    ),
  ).pipe(
    Layer.provide(OtlpExporter.layerFlusher),
    Layer.provide(OtlpSerialization.layerJson),
    Layer.provide(boundedClient(limits)),
  )

/**
 * The URL for traces. By the OTLP standard it is `/v1/traces` below the collector's address. If the address already
 * ends with that, it is used unchanged.
 */
const tracesUrl = (url: string): string =>
  /\/v1\/traces\/?$/u.test(new URL(url).pathname) ? url : `${url.replace(/\/+$/u, "")}/v1/traces`

/**
 * The client for the collector. A slow collector costs a limited number of batches and does not affect the engine.
 * Redirects are not followed.
 */
const boundedClient = ({ traceExportMsMax }: TraceExportLimits) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) => {
      let underWay = 0
      return HttpClient.transform(client, (send, request) =>
        Effect.suspend(() => {
          const failed = (description: string) =>
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, description }),
            })
          if (underWay >= traceExportsInFlightMax) return failed("too many exports are running")
          underWay++
          return send.pipe(
            Effect.timeoutOrElse({
              duration: traceExportMsMax,
              orElse: () => failed("the collector did not answer in time"),
            }),
            Effect.ensuring(Effect.sync(() => underWay--)),
          )
        }),
      )
    }),
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))

/**
 * The attributes that a span may have: the engine's own, and some of the HTTP request. The URL and the sender are not
 * among them.
 */
const attributesTold: ReadonlySet<string> = new Set([
  ...(
    ["account", "applicationReference", "disposition", "evidence", "operation", "question", "source"] as const
  ).map(spanAttribute),
  "http.request.method",
  "http.response.status_code",
  "http.route",
])

/**
 * Wraps a tracer so that spans contain only allowed attributes, and no messages of failures. Libraries put anything
 * into spans.
 */
const discreet = (tracer: Tracer.Tracer): Tracer.Tracer => {
  const { context } = tracer
  return Tracer.make({
    span: (options) => madeDiscreet(tracer.span(options)),
    ...(context === undefined ? {} : { context }),
  })
}

function madeDiscreet(span: Tracer.Span): Tracer.Span {
  const attribute = span.attribute.bind(span)
  const end = span.end.bind(span)
  return Object.assign(span, {
    attribute: (key: string, value: unknown) => {
      if (!attributesTold.has(key)) return
      attribute(key, value)
      // The route is known only after the request has begun. It is added to the name, because it distinguishes the
      // spans.
      if (key === "http.route") Object.assign(span, { name: `${span.name} ${String(value)}` })
    },
    event: () => {},
    end: (endTime: bigint, exit: Exit.Exit<unknown, unknown>) => end(endTime, wordless(exit)),
  })
}

function wordless(exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> {
  if (Exit.isSuccess(exit)) return exit
  const [first] = causeWithoutWords(exit.cause)
  if (first === undefined) return exit
  const error = new Error(first.code ?? "")
  error.name = first.error
  error.stack = [first.error, ...first.frames].join("\n    ")
  return Exit.fail(error)
}
