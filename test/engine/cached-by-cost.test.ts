import { cachedByCost } from "@loan-engine/app/base/cached-by-cost"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"

/** An answer that takes `tookMs`. Its value is how often it was made. */
const slowAnswer = (tookMs: number) => {
  let made = 0
  return Effect.sleep(tookMs).pipe(Effect.andThen(Effect.sync(() => ++made)))
}

const ageMaxMs = 1_000

const onTestClock = <A, E>(work: Effect.Effect<A, E>) =>
  Effect.runPromise(Effect.provide(work, TestClock.layer()))

describe("an answer that is cached by its cost", () => {
  it("is made once in its usual age if it is cheap", () =>
    onTestClock(
      Effect.gen(function* () {
        const answer = yield* cachedByCost(slowAnswer(0), ageMaxMs)
        expect(yield* answer).toBe(1)
        yield* TestClock.adjust(ageMaxMs - 1)
        expect(yield* answer).toBe(1)
        yield* TestClock.adjust(1)
        expect(yield* answer).toBe(2)
      }),
    ))

  it("is kept for 20 times as long as it took, if that is longer", () =>
    onTestClock(
      Effect.gen(function* () {
        const answer = yield* cachedByCost(slowAnswer(200), ageMaxMs)
        const both = yield* Effect.forkChild(Effect.all([answer, answer], { concurrency: 2 }))
        yield* TestClock.adjust(200)
        expect(yield* Fiber.join(both)).toEqual([1, 1])
        yield* TestClock.adjust(3_999)
        expect(yield* answer).toBe(1)
        yield* TestClock.adjust(1)
        const next = yield* Effect.forkChild(answer)
        yield* TestClock.adjust(200)
        expect(yield* Fiber.join(next)).toBe(2)
      }),
    ))

  it("is not kept longer because it had to wait", () =>
    onTestClock(
      Effect.gen(function* () {
        const answer = yield* cachedByCost(slowAnswer(0), ageMaxMs, (made) => Effect.delay(made, 900))
        const first = yield* Effect.forkChild(answer)
        yield* TestClock.adjust(900)
        expect(yield* Fiber.join(first)).toBe(1)
        yield* TestClock.adjust(ageMaxMs)
        const next = yield* Effect.forkChild(answer)
        yield* TestClock.adjust(900)
        expect(yield* Fiber.join(next)).toBe(2)
      }),
    ))

  it("keeps a failure for its usual age, and then tries again", () =>
    onTestClock(
      Effect.gen(function* () {
        let asked = 0
        const answer = yield* cachedByCost(
          Effect.suspend(() => (asked++ === 0 ? Effect.fail("away") : Effect.succeed(asked))),
          ageMaxMs,
        )
        expect(yield* Effect.flip(answer)).toBe("away")
        expect(yield* Effect.flip(answer)).toBe("away")
        yield* TestClock.adjust(ageMaxMs)
        expect(yield* answer).toBe(2)
      }),
    ))
})
