import type { LoanStore } from "@loan-engine/app/ports/loan-store"
import type { PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { approved, atOnceMs, doubting, rejected, secondMs } from "../../engine/polling/doubting.ts"

type Store = LoanStore["Service"]

/** A store that does not plan the poll that a callback makes urgent, if `isForgotten` says so. */
const forgetting =
  (isForgotten: (before: PollSchedule) => boolean) =>
  (store: Store): Store => ({
    ...store,
    update: (reference, decide) =>
      store.update(reference, (stored, storeNow) => {
        const change = decide(stored, storeNow)
        const before = stored?.schedule ?? neverPolled
        if (change?.entry.source !== "callback" || !change.schedule.confirm) return change
        return isForgotten(before) ? { ...change, schedule: before } : change
      }),
  })

const canaries = [
  {
    name: "a verdict is not confirmed",
    what: "A callback that contradicts the loan's state waits for the next routine poll",
    store: forgetting(() => true),
    life: "open",
  },
  {
    name: "an end is an end",
    what: "A callback that contradicts a confirmed end causes no poll",
    store: forgetting(({ nextPollAt }) => nextPollAt === null),
    life: "ended",
  },
] as const

/** Whether the engine polls at once after a callback that contradicts the loan's state. The bank rejects the loan. */
const isConfirmed = (life: "open" | "ended", store: (real: Store) => Store = (real) => real) =>
  doubting(
    { decision: "REJECTED" },
    ({ hear, pass, asked, shown }) =>
      Effect.gen(function* () {
        yield* hear("submission", life === "open" ? approved : rejected)
        if (life === "open") yield* hear("callback", approved)
        else yield* pass(7 * 60 * secondMs)
        const before = asked.length
        yield* hear("callback", life === "open" ? rejected : approved)
        yield* pass(atOnceMs)
        return asked.length > before && (yield* shown) === "rejected: nobody none"
      }),
    { store },
  )

describe("an engine that does not confirm what it doubts is caught", () => {
  it.for(["open", "ended"] as const)("and one that confirms is not: %s", async (life) => {
    expect(await isConfirmed(life)).toBe(true)
  })

  it.for(canaries)("$name: $what", async ({ name, what, store, life }, { task }) => {
    const caught = !(await isConfirmed(life, store))
    task.meta.canary = { name: `confirmation: ${name}`, what, killedBy: caught ? ["P5"] : [] }
    expect(caught).toBe(true)
  })
})
