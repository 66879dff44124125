import { Effect } from "effect"
import { stateMsMax } from "./patience.ts"

/** What comes within the limit of the suite. What does not fails the test by its name, and its scope closes all that it opened. */
export const inPatience =
  (what: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.timeoutOrElse(effect, {
      duration: stateMsMax,
      orElse: () => Effect.die(new Error(`${what}: this did not come within ${stateMsMax / 1_000} s`)),
    })
