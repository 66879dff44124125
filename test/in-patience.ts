import { Effect } from "effect"
import { stateMsMax } from "./patience.ts"

/**
 * Waits for an effect up to the suite's limit. After the limit the test fails with the name `what`, and its scope
 * closes everything.
 */
export const inPatience =
  (what: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.timeoutOrElse(effect, {
      duration: stateMsMax,
      orElse: () => Effect.die(new Error(`${what}: this did not come within ${stateMsMax / 1_000} s`)),
    })
