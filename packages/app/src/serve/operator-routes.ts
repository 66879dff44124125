import type { AccountName } from "@loan-engine/domain/observation"
import { Effect, Metric } from "effect"
import type { Redacted } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { makeLoanGauges } from "../telemetry/loan-gauges.ts"
import { buildInfoGauge } from "../telemetry/metrics.ts"
import { showOutputLost } from "../telemetry/output.ts"
import type { Readiness, ReadinessReport } from "./readiness.ts"
import { limit } from "../base/limits.ts"
import { version } from "../base/version.ts"
import { Banks } from "../ports/banks.ts"
import { showCircuit } from "@loan-engine/adapters-http/bank/metrics"
import { findKey } from "../access/api-keys.ts"
import type { ApiKey } from "../access/api-keys.ts"
import { bearerCheck } from "../access/bearer-key.ts"
import { refuseOtherMethods } from "../api/other-methods.ts"
import { answering, retryAfterSeconds } from "../contract/problem.ts"
import { WrongKeys } from "../access/wrong-keys.ts"

export interface MetricsSettings {
  readonly metricsEnabled: boolean
  /** The key that `GET /metrics` requires. If absent, everybody can read the metrics. */
  readonly metricsKey: Redacted.Redacted | undefined
  readonly loanCountsAgeMaxMs: number
}

export const metricsLimits = {
  loanCountsAgeMaxMs: limit(
    10_000,
    "how old the loan counts in `/metrics` may be. If counting is slow, the counts may be up to 20 times as old as the count took",
  ),
}

export interface OperatorOptions {
  readonly readiness: Readiness
  /** A key with the scope `operate` may read why the engine is not ready. */
  readonly apiKeys: ReadonlyArray<ApiKey>
  readonly accounts: ReadonlyArray<AccountName>
  readonly metrics: MetricsSettings
}

/** The routes for operators: whether the engine is alive, whether it can accept callbacks, and its metrics. */
export const operatorRoutes = ({ readiness, apiKeys, accounts, metrics }: OperatorOptions) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      yield* router.add("GET", "/health/live", Effect.succeed(alive))
      const wrong = yield* WrongKeys
      yield* router.add("GET", "/health/ready", (request) =>
        Effect.gen(function* () {
          const sent = bearerOf(request)
          const key = sent === undefined ? undefined : findKey(apiKeys, sent)
          // This route answers everybody. But a wrong key is counted here too, because a right one is answered more.
          if (sent !== undefined && key === undefined) yield* wrong.problem(request)
          return readyAnswer(yield* readiness.report, key?.scopes.has("operate") === true)
        }),
      )
      yield* refuseOtherMethods(router, "/health/live", "GET")
      yield* refuseOtherMethods(router, "/health/ready", "GET")
      if (!metrics.metricsEnabled) return

      const page = yield* servedMetrics(accounts, metrics.loanCountsAgeMaxMs)
      const { metricsKey } = metrics
      const hasKey = metricsKey === undefined ? () => true : bearerCheck(metricsKey)
      yield* router.add("GET", "/metrics", (request) =>
        answering(
          hasKey(request)
            ? Effect.map(page, metricsAnswer)
            : Effect.flatMap(wrong.problem(request), (problem) => Effect.fail(problem)),
        ),
      )
      yield* refuseOtherMethods(router, "/metrics", "GET")
    }),
  )

const neverStored = { "cache-control": "no-store" }

/** This answer needs no check. A process that is busy, or cannot reach its store, is still alive. */
const alive = HttpServerResponse.jsonUnsafe({ status: "alive" }, { headers: neverStored })

const bearerOf = ({ headers }: HttpServerRequest.HttpServerRequest): string | undefined =>
  /^bearer +(?<key>.+)$/iu.exec(headers["authorization"] ?? "")?.groups?.["key"]

const readyAnswer = (
  { ready, checks, reason }: ReadinessReport,
  isOperator: boolean,
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(
    {
      status: ready ? "ready" : "not-ready",
      checks,
      ...(isOperator && reason !== undefined ? { reason } : {}),
    },
    ready
      ? { headers: neverStored }
      : { status: 503, headers: { ...neverStored, "retry-after": String(retryAfterSeconds) } },
  )

const metricsAnswer = (page: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(page, {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    headers: neverStored,
  })

/** The metrics page. Some metrics are computed when the page is requested. */
const servedMetrics = Effect.fnUntraced(function* (
  accounts: ReadonlyArray<AccountName>,
  loanCountsAgeMaxMs: number,
) {
  const banks = yield* Banks
  const countLoans = yield* makeLoanGauges(accounts, loanCountsAgeMaxMs)
  const showCircuits = Effect.forEach(
    banks,
    ([account, bank]) => Effect.flatMap(bank.circuit, (state) => showCircuit(account, state)),
    { discard: true },
  )
  yield* Metric.update(buildInfoGauge.of({ version, node: process.versions.node }), 1)
  return countLoans.pipe(
    Effect.andThen(showCircuits),
    Effect.andThen(showOutputLost),
    Effect.andThen(PrometheusMetrics.format()),
  )
})
