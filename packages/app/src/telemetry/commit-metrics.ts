import { Effect, Metric } from "effect"
import type { Scope } from "effect"
import { commitBatchSize, commitDuration, storeQueueDepthGauge } from "./metrics.ts"

/** The functions with which a store's writer reports its work. */
export interface CommitMetrics {
  /** Called after each commit with the number of its updates and its duration. */
  readonly committed: (updates: number, seconds: number) => void
}

/**
 * Measures a writer. `queued` is called only when the metric is read, so it costs nothing otherwise.
 *
 * @example const { committed } = yield* commitMetrics(() => Queue.sizeUnsafe(queue))
 */
export const commitMetrics = (queued: () => number): Effect.Effect<CommitMetrics, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context()
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        Metric.registerUnsafe(storeQueueDepthGauge.of({}), context, {
          get: () => ({ value: queued() }),
          update: () => {},
          modify: () => {},
        }),
      ),
      (registration) => Effect.sync(() => registration.remove()),
    )
    return {
      committed: (updates, seconds) => {
        commitBatchSize.of({}).updateUnsafe(updates, context)
        commitDuration.of({}).updateUnsafe(seconds, context)
      },
    }
  })
