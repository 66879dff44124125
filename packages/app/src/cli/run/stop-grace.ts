import { Effect } from "effect"
import type { EngineConfig } from "../../config/config.ts"

/**
 * How long a stop may take in addition to the waits of the settings, for closing the store and sending the last
 * spans.
 */
const stopMarginMs = 5_000

/** How long a stop may take in total. */
export const stopGraceMs = ({ serverLimits, poller, webhooks }: EngineConfig): number =>
  serverLimits.stopDrainMs +
  serverLimits.stopMsMax +
  poller.pollStopMsMax +
  webhooks.limits.webhookRequestMsMax +
  stopMarginMs

const signals = ["SIGTERM", "SIGINT"] as const
const exitCode = 1

/**
 * Ends the process within the grace period after a signal, even if something still waits. All acknowledged data is
 * durable, so nothing is lost.
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
