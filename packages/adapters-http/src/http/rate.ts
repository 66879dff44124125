import { hash } from "node:crypto"
import { Clock, Duration, Effect } from "effect"
import type { RateLimiter } from "effect/persistence"

/** A rate limit: the rule, and the key under which requests are counted. */
export type Rate = Parameters<RateLimiter.RateLimiter["consume"]>[0]

const nanosPerMs = 1_000_000n

/**
 * A monotonic clock. With the wall clock, a jump would open a limit too early, or keep it closed for the length of
 * the jump.
 */
function steady(clock: Clock.Clock): Clock.Clock {
  const millis = (): number => Number(clock.monotonicTimeNanosUnsafe() / nanosPerMs)
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    currentTimeNanos: clock.monotonicTimeNanos,
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration),
  }
}

/** Runs a rate limit on a monotonic clock. */
export const steadily = <A, E, R>(limited: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => Effect.provideService(limited, Clock.Clock, steady(clock)))

/** Milliseconds on a monotonic clock. Only differences between two values have a meaning. */
export const steadyMillis: Effect.Effect<number> = steadily(Clock.currentTimeMillis)

/** The number of the group in which a name is counted. With groups, a flood of names needs no extra memory. */
export const groupOf = (name: string, groups: number): number =>
  hash("sha256", name, "buffer").readUInt16BE(0) % groups

/**
 * Counts one use of the rate. The result is 0 if the rate allows it, or else the whole seconds to wait, at least 1.
 */
export const secondsOverRate = (limiter: RateLimiter.RateLimiter, rate: Rate): Effect.Effect<number> =>
  steadily(limiter.consume(rate)).pipe(
    Effect.as(0),
    Effect.catch(({ reason }) =>
      reason._tag === "RateLimitExceeded"
        ? Effect.succeed(Math.max(1, Math.ceil(Duration.toSeconds(reason.retryAfter))))
        : Effect.die(reason),
    ),
  )
