import { Record, Redacted } from "effect"
import type { MetricsSettings } from "../serve/operator-routes.ts"
import type { LogSettings } from "../telemetry/log.ts"
import { traceExportLimitsDefault } from "../telemetry/trace-export.ts"
import type { TraceExportLimits, TraceExportSettings } from "../telemetry/trace-export.ts"
import { limitsIn } from "./limits-in.ts"
import type { EngineValues } from "./settings.ts"

/** What the engine reports about itself, and to whom. */
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

/** The settings of metrics, traces and logs. */
export function telemetryConfig(engine: EngineValues): TelemetryConfig {
  const { metricsEnabled, metricsKey, loanCountsAgeMaxMs, otlpUrl, otlpServiceName, otlpHeaders } = engine
  const headers =
    otlpHeaders === undefined
      ? undefined
      : Redacted.make(Record.mapKeys(Redacted.value(otlpHeaders), (name) => name.toLowerCase()))
  return {
    metrics: { metricsEnabled, metricsKey, loanCountsAgeMaxMs },
    traces: otlpUrl === undefined ? undefined : { url: otlpUrl, serviceName: otlpServiceName, headers },
    traceLimits: limitsIn(engine, traceExportLimitsDefault),
    log: { level: engine.logLevel, format: engine.logFormat },
  }
}
