import { Clock, Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import { describe, expect, test } from "vitest"
import { secondsOverRate } from "../../src/http/rate.ts"

const yearMs = 365 * 86_400_000
const nanosPerMs = 1_000_000n

/** A clock whose wall time the test can set. Its monotonic time only increases. */
function settable() {
  const time = { wallMs: 1_790_000_000_000, steadyMs: 0 }
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => time.wallMs,
    currentTimeMillis: Effect.sync(() => time.wallMs),
    currentTimeNanosUnsafe: () => BigInt(time.wallMs) * nanosPerMs,
    currentTimeNanos: Effect.sync(() => BigInt(time.wallMs) * nanosPerMs),
    monotonicTimeNanosUnsafe: () => BigInt(time.steadyMs) * nanosPerMs,
    monotonicTimeNanos: Effect.sync(() => BigInt(time.steadyMs) * nanosPerMs),
    sleep: () => Effect.void,
  }
  return { time, clock }
}

describe.each(["token-bucket", "fixed-window"] as const)("a rate counted by %s", (algorithm) => {
  test.each([yearMs, -yearMs])("does not change when the wall clock is moved by %d ms", async (byMs) => {
    const { time, clock } = settable()
    const waits = await Effect.runPromise(
      Effect.gen(function* () {
        const limiter = yield* RateLimiter.make
        const one = secondsOverRate(limiter, { algorithm, limit: 2, window: "1 minute", key: "k" })
        time.wallMs += byMs
        const before = [yield* one, yield* one, yield* one]
        time.wallMs -= byMs
        const after = yield* one
        time.steadyMs += 60_000
        return [...before, after, yield* one].map((seconds) => seconds > 0)
      }).pipe(Effect.provide(RateLimiter.layerStoreMemory), Effect.provideService(Clock.Clock, clock)),
    )
    expect(waits).toEqual([false, false, true, true, false])
  })
})
