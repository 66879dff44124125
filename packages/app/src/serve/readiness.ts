import { isNativeError } from "node:util/types"
import { Cause, Effect, Exit, Fiber, Result, Scope } from "effect"
import { LoanStore, StoreUnavailable } from "../ports/loan-store.ts"
import { makeComplaints } from "../telemetry/store-complaints.ts"

/** Whether a callback could be made durable now, and if not, which check failed. */
export interface ReadinessReport {
  readonly ready: boolean
  readonly checks: {
    /** `slow`: the store did not answer within `readyMsMax`. */
    readonly store: "ok" | "unavailable" | "slow" | "not-asked"
    readonly process: "ok" | "stopping"
    /**
     * `weak`: something could lose acknowledged callbacks. The log and `doctor` say what. The engine is still ready.
     */
    readonly durability: "ok" | "weak"
  }
  /** Why the store's check failed. It may name hosts and files, so it is for operators only. */
  readonly reason?: string
}

export interface Readiness {
  readonly report: Effect.Effect<ReadinessReport>
  /** From now on, the report says "not ready". */
  readonly stop: Effect.Effect<void>
}

/**
 * Makes the readiness check. Only one probe of the store runs at a time, however many requests ask and however slow
 * the store is.
 */
export const makeReadiness = Effect.fnUntraced(function* (readyMsMax: number, isWeak = false) {
  const durability = isWeak ? "weak" : "ok"
  const store = yield* LoanStore
  const scope = yield* Scope.Scope
  let stopping = false
  let probe: Fiber.Fiber<void, StoreUnavailable> | undefined
  const complain = makeComplaints()
  const slow = new StoreUnavailable({
    message: `The store did not answer within ${readyMsMax} ms (readyMsMax).`,
  })

  const probing = Effect.suspend(() =>
    probe === undefined
      ? store.ready.pipe(
          Effect.ensuring(Effect.sync(() => (probe = undefined))),
          Effect.forkIn(scope),
          Effect.tap((forked) =>
            Effect.sync(() => (probe = forked.pollUnsafe() === undefined ? forked : undefined)),
          ),
        )
      : Effect.succeed(probe),
  )
  const refused = (cause: Cause.Cause<StoreUnavailable>): Effect.Effect<never, StoreUnavailable> => {
    const error = Cause.squash(cause)
    if (error instanceof StoreUnavailable) return Effect.fail(error)
    const why = isNativeError(error) ? error.message : "unknown failure"
    return complain(Effect.fail(new StoreUnavailable({ message: `The store could not be checked: ${why}` })))
  }
  // The store logs why it refuses. If it is silent, only this check knows.
  const storeCheck = probing.pipe(
    Effect.flatMap(Fiber.await),
    Effect.flatMap((exit) => (Exit.isSuccess(exit) ? Effect.void : refused(exit.cause))),
    Effect.timeoutOrElse({ duration: readyMsMax, orElse: () => complain(Effect.fail(slow)) }),
    Effect.tap(() => complain(Effect.void)),
    Effect.result,
  )
  const report = Effect.suspend((): Effect.Effect<ReadinessReport> => {
    if (stopping) {
      return Effect.succeed({ ready: false, checks: { store: "not-asked", process: "stopping", durability } })
    }
    return Effect.map(storeCheck, (answer) => {
      if (Result.isSuccess(answer)) return { ready: true, checks: { store: "ok", process: "ok", durability } }
      const store = answer.failure === slow ? "slow" : "unavailable"
      return { ready: false, checks: { store, process: "ok", durability }, reason: answer.failure.message }
    })
  })
  const stop = Effect.sync(() => {
    stopping = true
  })
  return { report, stop } satisfies Readiness
})
