import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Fiber } from "effect"
import { expect, it } from "vitest"
import { secondMs } from "../../proof/simulation/world.ts"
import { planPoll, polling, quietAnswer, se } from "./poller-support.ts"

it("many polls on demand all end within one poll's time, and leave the bank's rate to due polls", () =>
  polling(
    {
      settings: { pollRatePerSecond: 1, pollMsMax: 10 * secondMs, pollsOnDemandMax: 4 },
      plan: (store) =>
        Effect.all([
          planPoll(store, se, "asked", { confirm: false, dueMs: 3_600_000 }),
          planPoll(store, se, "due", { confirm: false, dueMs: 12 * secondMs }),
        ]),
      answer: (asked) => Effect.andThen(Effect.sleep(100), quietAnswer(asked)),
    },
    ({ asked, store, poll, pass }) =>
      Effect.gen(function* () {
        const stored = yield* store.load(ApplicationReference.make("asked"))
        if (stored === undefined) throw new Error("the loan is missing")
        const all = Effect.forEach(Array.from({ length: 50 }), () => poll(stored, ["status", "quote"]), {
          concurrency: "unbounded",
        })
        const polled = yield* Effect.forkChild(all)
        yield* pass(11 * secondMs)
        const answers = yield* Fiber.join(polled)
        expect(answers.filter(([first]) => first?.answered === true).length).toBeGreaterThan(3)
        expect(answers.at(-1)).toMatchObject([{ code: "TimedOut", sent: false }, { code: "TimedOut" }])
        const isDueAsked = () => asked.some(({ reference }) => reference === "due")
        expect(isDueAsked()).toBe(false)
        yield* pass(6 * secondMs)
        expect(isDueAsked()).toBe(true)
      }),
  ))
