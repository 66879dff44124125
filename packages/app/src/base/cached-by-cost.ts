import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import { Effect } from "effect"

/** How many times as long as it took to make, an answer is at least kept: making it takes at most a twentieth of the time. */
const keptTimes = 20

/**
 * Makes an answer at most once in `ageMaxMs`, and less often if it takes long to make. Requests that come meanwhile wait
 * for the same answer. A failure is kept as long as an answer.
 */
export const cachedByCost = Effect.fnUntraced(function* <A, E, R>(
  make: Effect.Effect<A, E, R>,
  ageMaxMs: number,
): Effect.fn.Return<Effect.Effect<A, E, R>> {
  let keptUntil = Number.POSITIVE_INFINITY
  const timed = Effect.gen(function* () {
    const begun = yield* steadyMillis
    const keep = Effect.map(steadyMillis, (now) => {
      keptUntil = now + Math.max(ageMaxMs, keptTimes * (now - begun))
    })
    return yield* Effect.ensuring(make, keep)
  })
  const [answer, forget] = yield* Effect.cachedInvalidateWithTTL(timed, Number.POSITIVE_INFINITY)
  return Effect.gen(function* () {
    if ((yield* steadyMillis) >= keptUntil) {
      keptUntil = Number.POSITIVE_INFINITY
      yield* forget
    }
    return yield* answer
  })
})
