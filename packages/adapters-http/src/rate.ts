import { Duration, Effect } from "effect"
import type { RateLimiter } from "effect/persistence"

/** How something is counted: by which rule, under which key. */
export type Rate = Parameters<RateLimiter.RateLimiter["consume"]>[0]

/** Counts one more. 0 while it is within the rate; else in how many whole seconds, at least 1, there is room again. */
export const secondsOverRate = (limiter: RateLimiter.RateLimiter, rate: Rate): Effect.Effect<number> =>
  limiter.consume(rate).pipe(
    Effect.as(0),
    Effect.catch(({ reason }) =>
      reason._tag === "RateLimitExceeded"
        ? Effect.succeed(Math.max(1, Math.ceil(Duration.toSeconds(reason.retryAfter))))
        : Effect.die(reason),
    ),
  )
