import { Effect, Option, Redacted, Result, Schema } from "effect"
import type { Scope } from "effect"
import { configFromEnvironment, settingsFromEnvironment } from "../config/config.ts"
import type { OperatorConfig } from "../config/config.ts"

import { ask, failed, ok, skipped } from "./check.ts"
import type { Checks } from "./check.ts"
import { checkAccount } from "./account-checks.ts"
import { checkStore } from "./store-checks.ts"
/**
 * Checks everything that the engine depends on: settings, store, engine, bank, clock, keys and callbacks. It writes
 * nothing.
 */
export const examine = Effect.fnUntraced(function* (
  config: OperatorConfig,
): Effect.fn.Return<Checks, never, Scope.Scope> {
  const accounts = yield* Effect.forEach(config.accounts, checkAccount)
  return [
    yield* checkSettings,
    ...(yield* checkStore(config)),
    yield* checkEngine(config),
    ...accounts.flat(),
  ]
})

const checkSettings = Effect.map(Effect.result(configFromEnvironment), (settings) =>
  Result.isSuccess(settings)
    ? ok("settings", "everything that serve needs is set")
    : failed("settings", "serve would not start", settings.failure.message),
)

const checkEngine = Effect.fnUntraced(function* ({ host, port, pathPrefix }: OperatorConfig) {
  const url = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}${pathPrefix}/health/ready`)
  const answer = yield* ask(url)
  if (Result.isFailure(answer)) return skipped("engine", `no engine answers at ${url.origin}`)
  const { status, body } = answer.success
  if (status === 200) return ok("engine", `the engine at ${url.origin} is ready`)
  const report = Option.getOrUndefined(decodeReport(new TextDecoder().decode(body)))
  const reason = report === undefined ? undefined : yield* reasonOf(url)
  return failed(
    "engine",
    [
      `the engine at ${url.origin} answers ${status}`,
      ...failingChecks(report),
      ...(reason === undefined ? [] : [reason]),
    ].join(", "),
    reason === undefined
      ? "Read the engine's log, which says why; with LOAN_ENGINE_API_KEY, doctor asks the engine. Also read the checks of the store in this report."
      : "Do what the reason says. Also read the checks of the store in this report.",
  )
})

/**
 * Asks an engine that is not ready for the reason, which it tells only to operators. The key is sent only after the
 * engine has answered without it, so that no other program on its port gets the key.
 */
const reasonOf = Effect.fnUntraced(function* (url: URL) {
  const key = yield* Effect.option(Effect.map(settingsFromEnvironment, ({ engine }) => engine.apiKey))
  const apiKey = Option.getOrUndefined(key)
  if (apiKey === undefined) return undefined
  const answer = yield* ask(url, undefined, { authorization: `Bearer ${Redacted.value(apiKey)}` })
  if (Result.isFailure(answer)) return undefined
  return Option.getOrUndefined(decodeReport(new TextDecoder().decode(answer.success.body)))?.reason
})

const Report = Schema.Struct({
  checks: Schema.Record(Schema.String, Schema.String),
  reason: Schema.optionalKey(Schema.String),
})
const decodeReport = Schema.decodeUnknownOption(Schema.fromJsonString(Report))

/** The checks that readiness itself reports as failed, such as `store unavailable`. */
const failingChecks = (report: typeof Report.Type | undefined): ReadonlyArray<string> =>
  Object.entries(report?.checks ?? {})
    .filter(([, state]) => state !== "ok")
    .map(([name, state]) => `${name} ${state}`)
