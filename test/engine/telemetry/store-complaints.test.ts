import { StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { makeComplaints } from "@loan-engine/app/telemetry/store-complaints"
import { Effect, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"

type Line = readonly [message: string, annotations: Readonly<Record<string, unknown>>]

/** The lines that a program logs. The clock moves only if the test moves it. */
const logOf = (program: Effect.Effect<unknown, StoreUnavailable>): Promise<ReadonlyArray<Line>> => {
  const lines: Array<Line> = []
  const logger = Logger.make(({ message, fiber }) => {
    lines.push([String(message), { ...fiber.getRef(References.CurrentLogAnnotations) }])
  })
  const running = program.pipe(Effect.provide([Logger.layer([logger]), TestClock.layer()]))
  return Effect.runPromise(Effect.as(running, lines))
}

const cannot = "the store cannot be used; requests are answered 503"

describe("the log about an unavailable store", () => {
  it("has each reason at once, then once a minute with the number of failed requests, and then the end", async () => {
    const complain = makeComplaints()
    const fail = (message: string) => Effect.ignore(complain(Effect.fail(new StoreUnavailable({ message }))))
    const lines = await logOf(
      Effect.gen(function* () {
        yield* complain(Effect.succeed(1))
        for (let times = 0; times < 100; times++) yield* fail("the disk is full")
        yield* fail("the file is gone")
        yield* complain(Effect.succeed(1))
        yield* TestClock.adjust(60_000)
        yield* fail("the disk is full")
        yield* TestClock.adjust(9_999)
        yield* complain(Effect.succeed(1))
        yield* TestClock.adjust(1)
        yield* complain(Effect.succeed(1))
        yield* complain(Effect.succeed(1))
      }),
    )
    expect(lines).toEqual([
      [cannot, { reason: "the disk is full", requests: 1 }],
      [cannot, { reason: "the file is gone", requests: 1 }],
      [cannot, { reason: "the disk is full", requests: 100 }],
      ["the store can be used again", { untold: 0 }],
    ])
  })

  it("stays short, for any number of reasons", async () => {
    const complain = makeComplaints()
    const lines = await logOf(
      Effect.forEach(
        Array.from({ length: 1_000 }, (_, index) => `reason ${index}`),
        (message) => Effect.ignore(complain(Effect.fail(new StoreUnavailable({ message })))),
      ),
    )
    expect(lines).toHaveLength(33)
  })
})
