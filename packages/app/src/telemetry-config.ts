import { Config, Effect, Option, Redacted } from "effect"
import type { MetricsSettings } from "./api/operator-routes.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { limitsFromEnvironment } from "./limit-settings.ts"
import { logFormats, logLevelNames } from "./telemetry/log.ts"
import type { LogSettings } from "./telemetry/log.ts"
import { traceExportLimitsDefault } from "./telemetry/trace-export.ts"
import type { TraceExportLimits, TraceExportSettings } from "./telemetry/trace-export.ts"

/** What the engine tells of itself, and to whom. */
export interface TelemetryConfig {
  readonly metrics: MetricsSettings
  readonly traces: TraceExportSettings | undefined
  readonly traceLimits: TraceExportLimits
  readonly log: {
    readonly level: LogSettings["level"]
    /** By default `pretty` where a person watches, `json` elsewhere. */
    readonly format: LogSettings["format"] | undefined
  }
}

export const metricsLimitsDefault = { loanCountsAgeMaxMs: 10_000 }

export const telemetryDefault: TelemetryConfig = {
  metrics: { metricsEnabled: true, metricsKey: undefined, ...metricsLimitsDefault },
  traces: undefined,
  traceLimits: traceExportLimitsDefault,
  log: { level: "info", format: undefined },
}

export const telemetryEnvironment = Config.all({
  metricsEnabled: Config.withDefault(Config.Boolean("LOAN_ENGINE_METRICS_ENABLED"), true),
  metricsKey: Config.option(Config.Redacted("LOAN_ENGINE_METRICS_KEY")),
  metricsLimits: limitsFromEnvironment(metricsLimitsDefault),
  otlpUrl: Config.option(Config.String("LOAN_ENGINE_OTLP_URL")),
  otlpHeaders: Config.option(Config.Redacted("LOAN_ENGINE_OTLP_HEADERS")),
  otlpServiceName: Config.withDefault(Config.String("LOAN_ENGINE_OTLP_SERVICE_NAME"), "loan-engine"),
  traceLimits: limitsFromEnvironment(traceExportLimitsDefault),
  logFormat: Config.option(Config.Literals(logFormats, "LOAN_ENGINE_LOG_FORMAT")),
  logLevel: Config.withDefault(Config.Literals(logLevelNames, "LOAN_ENGINE_LOG_LEVEL"), "info"),
})
type Settings = Config.Success<typeof telemetryEnvironment>

/** Checks and reads the settings of metrics, traces and logs. */
export const telemetryConfig = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<TelemetryConfig, ConfigUnusable> {
  const { metricsEnabled, metricsLimits, traceLimits, logLevel } = settings
  const metricsKey = Option.getOrUndefined(settings.metricsKey)
  return {
    metrics: { metricsEnabled, metricsKey, ...metricsLimits },
    traces: yield* tracesOf(settings),
    traceLimits,
    log: { level: logLevel, format: Option.getOrUndefined(settings.logFormat) },
  }
})

const tracesOf = Effect.fnUntraced(function* ({
  otlpUrl,
  otlpHeaders,
  otlpServiceName: serviceName,
}: Settings): Effect.fn.Return<TraceExportSettings | undefined, ConfigUnusable> {
  const url = Option.getOrUndefined(otlpUrl)
  if (url === undefined) return undefined
  if (!isCollectorUrl(url)) {
    return yield* new ConfigUnusable({
      message:
        "LOAN_ENGINE_OTLP_URL must be the http or https URL of an OTLP collector, without a user in it: give its " +
        "credentials in LOAN_ENGINE_OTLP_HEADERS.",
    })
  }
  const headers = Option.getOrUndefined(otlpHeaders)
  return { url, serviceName, headers: headers === undefined ? undefined : yield* headersOf(headers) }
})

const isCollectorUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/u.test(protocol) && username === "" && password === ""
}

/** `name=value` pairs with commas between them, as OTLP's own settings have them. */
const headersOf = Effect.fnUntraced(function* (
  list: Redacted.Redacted,
): Effect.fn.Return<Redacted.Redacted<Readonly<Record<string, string>>>, ConfigUnusable> {
  const headers: Record<string, string> = {}
  for (const pair of Redacted.value(list).split(",")) {
    const { name, value } =
      /^\s*(?<name>[!#$%&'*+.^_`|~\w-]+)\s*=\s*(?<value>[\x20-\x7e]*?)\s*$/u.exec(pair)?.groups ?? {}
    if (name === undefined || value === undefined || value === "") return yield* headersUnusable
    headers[name.toLowerCase()] = value
  }
  return Redacted.make(headers)
})

const headersUnusable = new ConfigUnusable({
  message:
    "LOAN_ENGINE_OTLP_HEADERS must be a list such as api-key=…,x-team=loans: names and values, with commas between them.",
})
