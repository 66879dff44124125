import { hash } from "node:crypto"
import { Clock, Duration, Effect } from "effect"
import type { RateLimiter } from "effect/persistence"

/** What is counted: the rule and the key. */
export type Rate = Parameters<RateLimiter.RateLimiter["consume"]>[0]

const nanosPerMs = 1_000_000n

/** A monotonic clock. A jump of the wall clock would open a limit, or keep it closed for the length of the jump. */
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

/** A rate limit on a monotonic clock. */
export const steadily = <A, E, R>(limited: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => Effect.provideService(limited, Clock.Clock, steady(clock)))

/** Milliseconds on a monotonic clock, from a beginning that means nothing. */
export const steadyMillis: Effect.Effect<number> = steadily(Clock.currentTimeMillis)

/** The group in which a name is counted, of this many groups. So a flood of names takes no memory. */
export const groupOf = (name: string, groups: number): number =>
  hash("sha256", name, "buffer").readUInt16BE(0) % groups

/** Counts one more. 0 if it is within the rate. Otherwise the whole seconds, at least 1, until there is room again. */
export const secondsOverRate = (limiter: RateLimiter.RateLimiter, rate: Rate): Effect.Effect<number> =>
  steadily(limiter.consume(rate)).pipe(
    Effect.as(0),
    Effect.catch(({ reason }) =>
      reason._tag === "RateLimitExceeded"
        ? Effect.succeed(Math.max(1, Math.ceil(Duration.toSeconds(reason.retryAfter))))
        : Effect.die(reason),
    ),
  )
