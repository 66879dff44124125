import { Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import { CallbackRefused } from "./callback-answer.ts"
import { secondsOverRate } from "./rate.ts"

/** How many callbacks without proof one account may have held in a minute, each a journal row and a question to the bank. */
export const callbacksHeldPerMinuteMax = 60

/** Counts one callback without proof against its account; refuses it, until later, if there were too many. */
export type HeldBudget = (account: string) => Effect.Effect<void, CallbackRefused>

/** Bounds what strangers can have stored, and asked of the bank, by a token bucket for each account. */
export const makeHeldBudget = (perMinuteMax: number): Effect.Effect<HeldBudget> =>
  Effect.map(
    RateLimiter.make,
    (limiter): HeldBudget =>
      (account) =>
        Effect.flatMap(
          secondsOverRate(limiter, {
            algorithm: "token-bucket",
            window: "1 minute",
            limit: perMinuteMax,
            // Whatever else is limited in this process may share the limiter's store.
            key: `held callbacks of ${account}`,
          }),
          (waitSeconds) => (waitSeconds === 0 ? Effect.void : Effect.fail(tooMany(waitSeconds))),
        ),
  ).pipe(Effect.provide(RateLimiter.layerStoreMemory))

const tooMany = (waitSeconds: number): CallbackRefused =>
  new CallbackRefused({
    code: "held-too-many",
    headers: { "retry-after": String(waitSeconds) },
  })
