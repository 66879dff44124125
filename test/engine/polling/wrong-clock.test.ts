import { cadenceDefaults, neverPolled, planAheadMsMax } from "@loan-engine/app/schedule/poll-cadence"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { no, planPoll, polling, se } from "./poller-support.ts"

const yearMs = 365 * 86_400_000
const aheadMs = planAheadMsMax(cadenceDefaults)

it("polls that only a wrong clock can have planned run at the start, and others do not", () =>
  polling(
    {
      plan: (store) =>
        Effect.all([
          planPoll(store, se, "far", { confirm: false, dueMs: yearMs }),
          planPoll(store, no, "far and doubted", { confirm: true, dueMs: yearMs }),
          planPoll(store, se, "just too far", { confirm: false, dueMs: aheadMs + 1_000 }),
          planPoll(store, se, "at the edge", { confirm: false, dueMs: aheadMs - 1_000 }),
        ]),
    },
    ({ asked, logs, pass }) =>
      Effect.gen(function* () {
        yield* pass(6_000)
        expect(new Set(asked.map(({ reference }) => String(reference)))).toEqual(
          new Set(["far", "far and doubted", "just too far"]),
        )
        expect(logs.join("\n")).toMatch(/planned polls too far ahead.*loans=3/u)
      }),
  ))

it("a poll that is planned too far ahead while the engine runs is made within an hour", () =>
  polling(
    { plan: (store) => planPoll(store, se, "later", { confirm: false, dueMs: 86_400_000 }) },
    ({ asked, store, pass }) =>
      Effect.gen(function* () {
        yield* pass(500)
        const stored = yield* store.load(ApplicationReference.make("later"))
        if (stored === undefined) return expect.unreachable("the loan is not there")
        const nextPollAt = (yield* Clock.currentTimeMillis) + yearMs
        yield* store.reschedule(stored, { ...neverPolled, nextPollAt })
        expect(asked).toEqual([])
        yield* TestClock.adjust("1 hour")
        yield* pass(6_000)
        expect(asked.map(({ reference }) => reference)).toEqual(["later"])
      }),
  ))
