import { Effect } from "effect"
import type { EngineConfig } from "../../config/config.ts"

/** How long a stop may take in addition to the configured waits: closing the store, sending the last spans. */
const stopMarginMs = 5_000

/** How long a stop may take in total, with each of its waits. */
export const stopGraceMs = ({ serverLimits, poller, webhooks }: EngineConfig): number =>
  serverLimits.stopDrainMs +
  serverLimits.stopMsMax +
  poller.pollStopMsMax +
  webhooks.limits.webhookRequestMsMax +
  stopMarginMs

const signals = ["SIGTERM", "SIGINT"] as const
const exitCode = 1

/**
 * After a signal, the process ends within the grace period, even if a stop still waits for something. Acknowledged data
 * has been durable for long, so nothing is lost.
 */
export const endsWithin =
  (graceMs: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.map(Effect.context(), (context) => {
        const end = Effect.sleep(graceMs).pipe(
          Effect.andThen(Effect.logError("the stop took longer than its grace: the process ends")),
          Effect.andThen(Effect.sync(() => process.exit(exitCode))),
        )
        const onSignal = (): void => void Effect.runForkWith(context)(end)
        for (const signal of signals) process.once(signal, onSignal)
        return onSignal
      }),
      () => effect,
      (onSignal) => Effect.sync(() => signals.forEach((signal) => process.off(signal, onSignal))),
    )
