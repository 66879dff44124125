import { Effect, Option, Result, Schema } from "effect"
import type { Scope } from "effect"
import { configFromEnvironment } from "../config/config.ts"
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
  return status === 200
    ? ok("engine", `the engine at ${url.origin} is ready`)
    : failed(
        "engine",
        [`the engine at ${url.origin} answers ${status}`, ...failingChecks(body)].join(", "),
        "Read the engine's log, which says why. Also read the checks of the store in this report.",
      )
})

const decodeReport = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ checks: Schema.Record(Schema.String, Schema.String) })),
)

/** The checks that readiness itself reports as failed, such as `store unavailable`. */
const failingChecks = (body: Uint8Array): ReadonlyArray<string> =>
  Option.match(decodeReport(new TextDecoder().decode(body)), {
    onNone: () => [],
    onSome: ({ checks }) =>
      Object.entries(checks)
        .filter(([, state]) => state !== "ok")
        .map(([name, state]) => `${name} ${state}`),
  })
