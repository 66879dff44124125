import { Effect, Option, Redacted, Result, Schema } from "effect"
import type { Scope } from "effect"
import { configFromEnvironment } from "../config/config.ts"
import type { OperatorConfig } from "../config/config.ts"

import { ask, failed, ok, skipped } from "./check.ts"
import type { Checks } from "./check.ts"
import { checkAccount } from "./account-checks.ts"
import { checkStore } from "./store-checks.ts"

/**
 * Checks everything that the engine depends on: settings, store, engine, bank, clock, keys and callbacks. It writes
 * nothing. With `apiKey`, it asks an engine that is not ready for the reason.
 */
export const examine = Effect.fnUntraced(function* (
  config: OperatorConfig,
  apiKey?: Redacted.Redacted,
): Effect.fn.Return<Checks, never, Scope.Scope> {
  const accounts = yield* Effect.forEach(config.accounts, checkAccount)
  return [
    yield* checkSettings,
    ...(yield* checkStore(config)),
    yield* checkEngine(config, apiKey),
    ...accounts.flat(),
  ]
})

const checkSettings = Effect.map(Effect.result(configFromEnvironment), (settings) =>
  Result.isSuccess(settings)
    ? ok("settings", "everything that serve needs is set")
    : failed("settings", "serve would not start", settings.failure.message),
)

const checkEngine = Effect.fnUntraced(function* (
  { host, port, pathPrefix }: OperatorConfig,
  apiKey: Redacted.Redacted | undefined,
) {
  const url = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}${pathPrefix}/health/ready`)
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${Redacted.value(apiKey)}` }
  const answer = yield* ask(url, undefined, authorization)
  if (Result.isFailure(answer)) return skipped("engine", `no engine answers at ${url.origin}`)
  const { status, body } = answer.success
  if (status === 200) return ok("engine", `the engine at ${url.origin} is ready`)
  const report = Option.getOrUndefined(decodeReport(new TextDecoder().decode(body)))
  return failed(
    "engine",
    [`the engine at ${url.origin} answers ${status}`, ...failingChecks(report)].join(", "),
    report?.reason === undefined
      ? "Read the checks of the store in this report, and the engine's log, which says why. The engine says it here too, if you send it the key: --with-key."
      : "Do what the reason says. Also read the checks of the store in this report.",
  )
})

const Report = Schema.Struct({
  checks: Schema.Record(Schema.String, Schema.String),
  reason: Schema.optionalKey(Schema.String),
})
const decodeReport = Schema.decodeUnknownOption(Schema.fromJsonString(Report))

/** The checks that readiness itself reports as failed, such as `store unavailable`, and the reason. */
const failingChecks = (report: typeof Report.Type | undefined): ReadonlyArray<string> => [
  ...Object.entries(report?.checks ?? {})
    .filter(([, state]) => state !== "ok")
    .map(([name, state]) => `${name} ${state}`),
  ...(report?.reason === undefined ? [] : [report.reason]),
]
