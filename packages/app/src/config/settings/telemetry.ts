import { Schema } from "effect"
import { metricsLimits } from "../../serve/operator-routes.ts"
import { logFormats, logLevelNames } from "../../telemetry/log.ts"
import { traceExportLimits } from "../../telemetry/trace-export.ts"
import { kinds } from "../kinds.ts"
import { also, limitSettings, longKey, needing, optional, withDefault } from "../setting.ts"

const { choice, flag, key, text } = kinds

/** Names and values that are valid in a header. */
const headers = Schema.Record(
  Schema.String.check(Schema.isPattern(/^[!#$%&'*+.^_`|~\w-]+$/u)),
  Schema.String.check(Schema.isPattern(/^[\x20-\x7e]+$/u)),
)

export const telemetry = {
  metricsEnabled: withDefault(flag, true, "whether the engine serves `/metrics`"),
  metricsKey: also(
    longKey,
    optional(key, "the bearer key for `/metrics`. Without it, everybody may read the metrics"),
  ),
  ...limitSettings(metricsLimits),
  otlpUrl: optional(
    kinds.collector,
    "the OTLP/HTTP collector that receives traces as JSON, such as `http://localhost:4318`",
  ),
  otlpHeaders: needing(
    "otlpUrl",
    optional(
      kinds.secretPairs({
        expected: "a list such as api-key=…,x-team=loans: names and values, with commas between them",
        example: { "x-team": "loans" },
        schema: headers,
      }),
      "the headers that the engine sends to the collector: `key=value,…`",
    ),
  ),
  otlpServiceName: withDefault(text, "loan-engine", "the name of this service in traces"),
  ...limitSettings(traceExportLimits),
  logFormat: optional(
    choice(logFormats),
    "the format of the log on stderr",
    "`pretty` on a terminal, else `json`",
  ),
  logLevel: withDefault(choice(logLevelNames), "info", "the lowest level that the engine logs"),
}
