import { recurring } from "@loan-engine/app/ports/recurring"
import { StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"

it("a recurring action continues after an outage and after a defect, logs both, and runs once more at the end", async () => {
  const told: Array<string> = []
  const logger = Logger.make(({ message, logLevel }) => void told.push(`${logLevel} ${String(message)}`))
  const turns: Array<Effect.Effect<void, StoreUnavailable>> = [
    Effect.fail(new StoreUnavailable({ message: "down" })),
    Effect.die(new TypeError("a defect of ours")),
  ]
  let times = 0
  const work = Effect.suspend(() => turns[times++] ?? Effect.void)
  await Effect.gen(function* () {
    yield* recurring("it could not be done", 10, work)
    yield* TestClock.adjust(35)
    expect(times).toBe(3)
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(TestClock.layer(), Logger.layer([logger]))),
    Effect.runPromise,
  )
  expect(times).toBe(4)
  expect(told.map((line) => line.split(",")[0])).toEqual([
    "Warn it could not be done; the engine will retry",
    "Error it could not be done",
  ])
})
