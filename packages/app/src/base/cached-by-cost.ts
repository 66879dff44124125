import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import { Effect, Exit } from "effect"

/**
 * An answer is kept at least this many times as long as it took to make. So making answers takes at most a twentieth
 * of the time.
 */
const keptTimes = 20

/**
 * Makes an answer at most once in `ageMaxMs`, and less often if it takes long to make. Requests that arrive meanwhile
 * wait for the same answer. A failure is kept for `ageMaxMs`. `around` may make each answer wait; the wait is no cost.
 */
export const cachedByCost = <A, E, R>(
  make: Effect.Effect<A, E, R>,
  ageMaxMs: number,
  around: (made: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = (made) => made,
): Effect.Effect<Effect.Effect<A, E, R>> =>
  Effect.suspend(() => {
    let tookMs = 0
    const timed = Effect.flatMap(steadyMillis, (begun) =>
      Effect.ensuring(
        make,
        Effect.map(steadyMillis, (now) => {
          tookMs = now - begun
        }),
      ),
    )
    return Effect.cachedWithTTL(around(timed), (exit) =>
      Exit.isSuccess(exit) ? Math.max(ageMaxMs, keptTimes * tookMs) : ageMaxMs,
    )
  })
