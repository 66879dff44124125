import { Effect, Exit, Fiber, Option, Scope } from "effect"
import { LoanStore } from "../ports/loan-store.ts"

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
  let probe: Fiber.Fiber<void, unknown> | undefined

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
  const storeCheck = probing.pipe(
    Effect.flatMap(Fiber.await),
    Effect.timeoutOption(readyMsMax),
    Effect.map((exit) => {
      if (Option.isNone(exit)) return "slow"
      return Exit.isSuccess(exit.value) ? "ok" : "unavailable"
    }),
  )
  const report = Effect.suspend((): Effect.Effect<ReadinessReport> => {
    if (stopping) {
      return Effect.succeed({ ready: false, checks: { store: "not-asked", process: "stopping", durability } })
    }
    return Effect.map(storeCheck, (told) => ({
      ready: told === "ok",
      checks: { store: told, process: "ok", durability },
    }))
  })
  const stop = Effect.sync(() => {
    stopping = true
  })
  return { report, stop } satisfies Readiness
})
