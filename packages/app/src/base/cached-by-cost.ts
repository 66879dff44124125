import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import { Effect } from "effect"

/**
 * An answer is kept at least this many times as long as it took to make. So making answers takes at most a twentieth
 * of the time.
 */
const keptTimes = 20

/**
 * Makes an answer at most once in `ageMaxMs`, and less often if it takes long to make. Requests that arrive meanwhile
 * wait for the same answer. A failure is kept for as long as an answer.
 */
export const cachedByCost = <A, E, R>(
  make: Effect.Effect<A, E, R>,
  ageMaxMs: number,
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
    return Effect.cachedWithTTL(timed, () => Math.max(ageMaxMs, keptTimes * tookMs))
  })
