import { isSecureUrl } from "@loan-engine/adapters-http/http/secure-url"
import { Effect, Record, Redacted } from "effect"
import type { MetricsSettings } from "../serve/operator-routes.ts"
import type { LogSettings } from "../telemetry/log.ts"
import { traceExportLimitsDefault } from "../telemetry/trace-export.ts"
import type { TraceExportLimits, TraceExportSettings } from "../telemetry/trace-export.ts"
import { limitsIn } from "./limits-in.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import type { SettingsRead } from "./read-settings.ts"

/** How the engine reports about itself: metrics, traces and the log. */
export interface TelemetryConfig {
  readonly metrics: MetricsSettings
  readonly traces: TraceExportSettings | undefined
  readonly traceLimits: TraceExportLimits
  readonly log: {
    readonly level: LogSettings["level"]
    /** The default is `pretty` on a terminal, `json` elsewhere. */
    readonly format: LogSettings["format"] | undefined
  }
}

/**
 * Checks and reads the settings of metrics, traces and the log. Headers for the collector may contain a key. So they
 * require https.
 */
export const telemetryConfig = Effect.fnUntraced(function* ({
  engine,
  nameOf,
}: SettingsRead): Effect.fn.Return<TelemetryConfig, ConfigUnusable> {
  const { metricsEnabled, metricsKey, loanCountsAgeMaxMs, otlpUrl, otlpServiceName, otlpHeaders } = engine
  const headers =
    otlpHeaders === undefined
      ? undefined
      : Redacted.make(Record.mapKeys(Redacted.value(otlpHeaders), (name) => name.toLowerCase()))
  if (otlpHeaders !== undefined && otlpUrl !== undefined && !isSecureUrl(otlpUrl)) {
    return yield* new ConfigUnusable({
      message:
        `${nameOf("otlpUrl")} is plain http to another host, so others could read ${nameOf("otlpHeaders")} on the network. Use https, ` +
        "or no headers, or a collector on a loopback address that passes the spans on.",
    })
  }
  return {
    metrics: { metricsEnabled, metricsKey, loanCountsAgeMaxMs },
    traces: otlpUrl === undefined ? undefined : { url: otlpUrl, serviceName: otlpServiceName, headers },
    traceLimits: limitsIn(engine, traceExportLimitsDefault),
    log: { level: engine.logLevel, format: engine.logFormat },
  }
})
