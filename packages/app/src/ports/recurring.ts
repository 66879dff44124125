import { Cause, Effect, Schedule } from "effect"
import type { Scope } from "effect"
import type { StoreUnavailable } from "./loan-store.ts"

/** Does something, and says in the log if it cannot: a store that is down is a warning, a defect an error. */
export const surviving = (
  name: string,
  work: Effect.Effect<unknown, StoreUnavailable>,
): Effect.Effect<void> =>
  work.pipe(
    Effect.asVoid,
    Effect.catchTag("StoreUnavailable", ({ message }) =>
      Effect.logWarning(`${name}; it will be tried again`).pipe(Effect.annotateLogs({ reason: message })),
    ),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.logError(name, cause),
    ),
  )

/**
 * Does something every so often while the scope is open, and once more as it closes. A store that is down is a warning and
 * is tried again; a defect is an error in the log, and ends neither the rest nor what comes next.
 *
 * @param name what is done, as the log has it: "the feed could not be …"
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

/** The same, but first at once, and not as the scope closes. */
export const atOnceAndRecurring = Effect.fnUntraced(function* (
  name: string,
  everyMs: number,
  work: Effect.Effect<unknown, StoreUnavailable>,
): Effect.fn.Return<void, never, Scope.Scope> {
  yield* Effect.forkScoped(Effect.repeat(surviving(name, work), Schedule.spaced(everyMs)))
})
