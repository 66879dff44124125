import { commitMetrics } from "@loan-engine/app/telemetry/commit-metrics"
import { Effect, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { expect, it } from "vitest"
import { samplesOf, valueOf } from "./prometheus.ts"

it("a writer's queue is measured on request, its commits are counted by size and time, and closing removes its metrics", async () => {
  const pages = Effect.gen(function* () {
    const queue = ["a", "b"]
    const [during, grown] = yield* Effect.scoped(
      Effect.gen(function* () {
        const { committed } = yield* commitMetrics(() => queue.length)
        committed(3, 0.002)
        committed(200, 0.04)
        const first = yield* PrometheusMetrics.format()
        queue.push("c")
        return [first, yield* PrometheusMetrics.format()]
      }),
    )
    return [during, grown, yield* PrometheusMetrics.format()].map((page) => samplesOf(page ?? ""))
  })
  const own = Effect.provideService(pages, Metric.MetricRegistry, new Map())
  const [during = [], grown = [], after = []] = await Effect.runPromise(own)
  expect(valueOf(during, "loan_engine_store_queue_depth")).toBe(2)
  expect(valueOf(grown, "loan_engine_store_queue_depth")).toBe(3)
  expect(valueOf(after, "loan_engine_store_queue_depth")).toBeUndefined()
  const size = (le: string) => valueOf(during, "loan_engine_store_commit_batch_size_bucket", { le })
  expect([size("2"), size("4"), size("128"), size("256")]).toEqual([0, 1, 1, 2])
  expect(valueOf(during, "loan_engine_store_commit_duration_seconds_count")).toBe(2)
  expect(valueOf(during, "loan_engine_store_commit_duration_seconds_sum")).toBeCloseTo(0.042)
})
