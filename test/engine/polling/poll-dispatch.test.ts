import { stalledAlertsCounter } from "@loan-engine/app/telemetry/metrics"
import { Effect, Metric } from "effect"
import { describe, expect, it } from "vitest"
import { minuteMs, secondMs } from "../../proof/simulation/world.ts"
import { failingAnswer, fi, no, planPoll, planPolls, polling, quietAnswer, se } from "./poller-support.ts"
import type { Asked } from "./poller-support.ts"

const settings = { pollRatePerSecond: 4, pollsInFlightMax: 4 }
const of = (asked: ReadonlyArray<Asked>, text: string): ReadonlyArray<Asked> =>
  asked.filter(({ reference }) => reference.startsWith(text))

describe("a poll whose lease is over", () => {
  it("and that brings no answer keeps the plan that another engine has made meanwhile", () =>
    polling(
      {
        settings,
        plan: (store) => planPolls(store, se, false, 1),
        answer: ({ reference }, store) =>
          Effect.gen(function* () {
            const stored = yield* store.load(reference)
            if (stored === undefined) throw new Error("the loan is gone")
            yield* store.reschedule(stored, { ...stored.schedule, nextPollAt: others, attempts: 7 })
            return yield* failingAnswer(500)
          }).pipe(Effect.catchTag("StoreUnavailable", Effect.die)),
      },
      ({ asked, pass, store }) =>
        Effect.gen(function* () {
          yield* pass(5 * secondMs)
          const stored = yield* store.load(asked[0]?.reference ?? fail("nothing was asked"))
          expect(stored?.schedule).toMatchObject({ nextPollAt: others, attempts: 7 })
        }),
    ))
})

/** The due time of polls that another engine has planned. */
const others = 1_800_000_000_000

describe("the rate", () => {
  it("makes requests to all banks together wait for their turn", () =>
    polling(
      {
        settings: { pollRatePerSecond: 2, pollsInFlightMax: 8 },
        plan: (store) => Effect.andThen(planPolls(store, se, false, 3), planPolls(store, no, false, 3)),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(4 * secondMs)
          expect(asked.length).toBe(6)
          // Two requests at once, and then one every half second.
          for (const [index, { afterMs }] of asked.entries())
            expect(afterMs).toBeGreaterThanOrEqual(Math.max(0, index - 1) * 500)
        }),
    ))
})

describe("a bank that must not be polled", () => {
  it("is not polled before its Retry-After has passed, and does not delay other accounts", () =>
    polling(
      {
        settings,
        plan: (store) => Effect.andThen(planPolls(store, se, false, 100), planPolls(store, no, false, 60)),
        answer: (asked) =>
          asked.account === se && asked.afterMs < 5 * minuteMs
            ? failingAnswer(503, { "retry-after": "300" })
            : quietAnswer(asked),
      },
      ({ asked, pass, store }) =>
        Effect.gen(function* () {
          yield* pass(20 * secondMs)
          expect(of(asked, "se").length).toBeLessThanOrEqual(settings.pollsInFlightMax)
          expect(of(asked, "no").length).toBe(60)
          yield* pass(270 * secondMs)
          expect(of(asked, "se").length).toBeLessThanOrEqual(settings.pollsInFlightMax)
          yield* pass(60 * secondMs)
          expect(of(asked, "se").length).toBeGreaterThan(90)
          const untouched = yield* store.load(of(asked, "se").at(-1)?.reference ?? fail("nothing was asked"))
          expect(untouched?.schedule.attempts).toBe(1)
        }),
    ))

  it("gets no second question after it refused the first, and then one poll at a time", () =>
    polling(
      {
        settings,
        plan: (store) => planPolls(store, se, true, 100),
        answer: () => Effect.delay(failingAnswer(429, { "retry-after": "60" }), 200),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(20 * secondMs)
          const atFirst = asked.length
          expect(atFirst).toBeLessThan(settings.pollsInFlightMax)
          yield* pass(110 * secondMs)
          expect(asked.length).toBe(atFirst + 2)
          expect(asked.every(({ question }) => question === "status")).toBe(true)
        }),
    ))

  it("is rarely polled while its circuit breaker is open, without delay for other accounts", () =>
    polling(
      {
        settings,
        plan: (store) => Effect.andThen(planPolls(store, se, false, 100), planPolls(store, no, false, 200)),
        answer: (asked) => (asked.account === se ? failingAnswer(500) : quietAnswer(asked)),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(62 * secondMs)
          // Five failures open the circuit breaker. A few requests may be running by then. After that, one request
          // runs every half minute.
          expect(of(asked, "se").length).toBeLessThanOrEqual(5 + settings.pollsInFlightMax + 2)
          expect(of(asked, "no").length).toBe(200)
        }),
    ))

  it("may be slow, and each other account still has a worker", () =>
    polling(
      {
        settings,
        plan: (store) => Effect.andThen(planPolls(store, se, false, 50), planPolls(store, no, false, 40)),
        answer: (asked) => (asked.account === se ? Effect.never : quietAnswer(asked)),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(15 * secondMs)
          expect(of(asked, "se").length).toBe(settings.pollsInFlightMax - 1)
          expect(of(asked, "no").length).toBe(40)
        }),
    ))
})

describe("an account without a bank", () => {
  it("is never claimed: its polls wait unchanged until a bank is configured", () =>
    polling(
      {
        settings,
        plan: (store) => Effect.andThen(planPolls(store, fi, true, 3), planPolls(store, se, false, 3)),
      },
      ({ asked, pass, store }) =>
        Effect.gen(function* () {
          const before = yield* store.nextDue([fi])
          yield* pass(10 * secondMs)
          expect(asked.length).toBe(3)
          expect(yield* store.nextDue([fi])).toEqual(before)
        }),
    ))
})

describe("a loan that is silent for too long", () => {
  it("is flagged and reported once, is still polled, and is never rejected", () =>
    polling(
      {
        settings,
        cadence: { pollIntervalScale: 1 / 1_000, pollAttemptsMax: 3, pollStalledMs: 1_000 * minuteMs },
        plan: (store) => planPoll(store, se, "silent", { confirm: false, dueMs: 0 }),
      },
      ({ asked, pass, store, logs }) =>
        Effect.gen(function* () {
          const loan = () =>
            Effect.map(store.load(asked[0]?.reference ?? fail("nothing was asked")), (it) => it)
          while (asked.length < 3) yield* pass(secondMs)
          yield* pass(secondMs)
          expect((yield* loan())?.schedule.stalled).toBe(true)
          const polls = asked.length
          yield* pass(3 * minuteMs)
          expect(asked.length).toBeGreaterThan(polls)
          expect((yield* loan())?.loan.stage).toBe("approved")
          const warnings = logs.filter((line) => line.includes("stalled"))
          expect(warnings.length).toBe(1)
          expect(warnings[0]).toContain("applicationReference=silent")
          const counted = yield* Metric.value(stalledAlertsCounter.of({ account: se }))
          expect(counted.count).toBe(1)
        }),
    ))
})

const fail = (why: string): never => {
  throw new Error(why)
}
