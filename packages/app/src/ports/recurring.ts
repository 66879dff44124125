import { Cause, Effect, Schedule } from "effect"
import type { Scope } from "effect"
import type { StoreUnavailable } from "./loan-store.ts"

/**
 * Runs an action and logs its failure: as a warning if the store is down, as an error if it is a defect. After a
 * failure it runs `pause`.
 *
 * @param name the failure, as the log shows it: "the feed could not be …"
 */
export const surviving = <R>(
  name: string,
  work: Effect.Effect<unknown, StoreUnavailable, R>,
  pause: Effect.Effect<void> = Effect.void,
): Effect.Effect<void, never, R> =>
  work.pipe(
    Effect.asVoid,
    Effect.catchTag("StoreUnavailable", ({ message }) =>
      Effect.logWarning(`${name}; the engine will retry`).pipe(
        Effect.annotateLogs({ reason: message }),
        Effect.andThen(pause),
      ),
    ),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.andThen(Effect.logError(name, cause), pause),
    ),
  )

/**
 * Runs an action at intervals while the scope is open, and once more when the scope closes. A failure is logged and
 * does not prevent the next run. If the store is down, the log line is a warning; for a defect, an error.
 */
export const recurring = Effect.fnUntraced(function* (
  name: string,
  everyMs: number,
  work: Effect.Effect<unknown, StoreUnavailable>,
): Effect.fn.Return<void, never, Scope.Scope> {
  const once = surviving(name, work)
  yield* Effect.addFinalizer(() => once)
  yield* Effect.forkScoped(Effect.delay(Effect.repeat(once, Schedule.spaced(everyMs)), everyMs))
})

/** Like {@link recurring}, but the first run is immediate, and there is no run when the scope closes. */
export const atOnceAndRecurring = Effect.fnUntraced(function* (
  name: string,
  everyMs: number,
  work: Effect.Effect<unknown, StoreUnavailable>,
): Effect.fn.Return<void, never, Scope.Scope> {
  yield* Effect.forkScoped(Effect.repeat(surviving(name, work), Schedule.spaced(everyMs)))
})
