import { Effect, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { makeRefusalWarning } from "../../src/callback/refusal-warning.ts"
import { warnEveryMs } from "../../src/telemetry/rare-warning.ts"

it("warns of refused callbacks once a minute, for each account and reason, with how many there were", async () => {
  const told: Array<unknown> = []
  const logger = Logger.make<unknown, void>(({ fiber }) => {
    told.push(fiber.getRef(References.CurrentLogAnnotations))
  })
  const warn = makeRefusalWarning()
  await Effect.runPromise(
    Effect.gen(function* () {
      for (let callback = 0; callback < 5; callback++) yield* warn("se", "unauthorized")
      yield* warn("no", "unauthorized")
      yield* warn("se", "held-too-many")
      yield* warn("se", "store-unavailable")
      yield* TestClock.adjust(warnEveryMs)
      yield* warn("se", "unauthorized")
    }).pipe(Effect.provide(Logger.layer([logger])), Effect.provide(TestClock.layer())),
  )
  expect(told).toEqual([
    { account: "se", code: "unauthorized", callbacks: 1 },
    { account: "no", code: "unauthorized", callbacks: 1 },
    { account: "se", code: "held-too-many", callbacks: 1 },
    { account: "se", code: "unauthorized", callbacks: 5 },
  ])
})
