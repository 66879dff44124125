import type { LineDue, LoanStore } from "@loan-engine/app/ports/loan-store"
import { pollConfirmsAheadMax, pollConfirmsPerRoutineMax } from "@loan-engine/app/polling/poll-order"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { secondMs } from "../../proof/simulation/world.ts"
import { no, planPoll, planPolls, polling, quietAnswer, se } from "./poller-support.ts"
import type { Asked } from "./poller-support.ts"

type Store = LoanStore["Service"]

/** With one worker and few requests, the bank receives the questions in the chosen order. */
const settings = { pollRatePerSecond: 2, pollsInFlightMax: 2 }

/** The loans in the order of the first question about each. */
const order = (asked: ReadonlyArray<Asked>): ReadonlyArray<string> => [
  ...new Set(asked.map(({ reference }) => reference)),
]
const count = (names: ReadonlyArray<string>, text: string): number =>
  names.filter((name) => name.startsWith(text)).length

interface Scenario {
  /** How many of the polls that should come first are among the first questions to the bank. */
  readonly measure: (store?: (real: Store) => Store) => Promise<number>
  readonly atLeast: number
}

const fewConfirmations = 6

/** Six confirmations are due after two hundred routine polls of the same account and of another account. */
const priority: Scenario = {
  atLeast: fewConfirmations,
  measure: (store) =>
    polling(
      {
        settings,
        ...(store && { store }),
        plan: (real) =>
          Effect.gen(function* () {
            yield* planPolls(real, no, false, 100, -2_000)
            yield* planPolls(real, se, false, 100, -1_000)
            yield* planPolls(real, se, true, fewConfirmations)
          }),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(20 * secondMs)
          // Some routine polls of the same account and the due polls of the other account come between the
          // confirmations.
          return count(order(asked).slice(0, 3 * fewConfirmations), "se confirm")
        }),
    ),
}

const fewPolls = 10

/** Two new confirmations follow every confirmation, while routine polls wait. */
const noStarvation: Scenario = {
  atLeast: fewPolls,
  measure: (store) => {
    let more = 0
    return polling(
      {
        settings,
        ...(store && { store }),
        plan: (real) => Effect.andThen(planPolls(real, se, true, 20), planPolls(real, se, false, fewPolls)),
        answer: (asked, real) =>
          Effect.gen(function* () {
            for (let times = 0; asked.question === "quote" && times < 2; times++) {
              const flood = { confirm: true, dueMs: asked.afterMs - 60_000 }
              yield* Effect.orDie(planPoll(real, se, `flood ${more++}`, flood))
            }
            return yield* quietAnswer(asked)
          }),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(60 * secondMs)
          const turns = fewPolls * (pollConfirmsPerRoutineMax + 1)
          return count(order(asked).slice(0, turns + settings.pollsInFlightMax), "se routine")
        }),
    )
  },
}

/** Two hundred polls of one account are due before ten polls of another account. */
const fairness = (confirm: boolean): Scenario => ({
  atLeast: fewPolls,
  measure: (store) =>
    polling(
      {
        settings,
        ...(store && { store }),
        plan: (real) =>
          Effect.andThen(planPolls(real, se, confirm, 200, -10_000), planPolls(real, no, false, fewPolls)),
      },
      ({ asked, pass }) =>
        Effect.gen(function* () {
          yield* pass(40 * secondMs)
          // This counts requests, because a confirmation needs two. Each account has equally many requests, except
          // for the few that may go ahead.
          const turns = 2 * fewPolls + (confirm ? pollConfirmsAheadMax : 0) + 2 * settings.pollsInFlightMax
          return count(order(asked.slice(0, turns)), "no")
        }),
    ),
})

const scenarios = {
  priority,
  noStarvation,
  fairness: fairness(false),
  fairnessUnderConfirmations: fairness(true),
}

/**
 * A simple order that a developer might think of first, and the scenarios that it fails. The test makes it by hiding
 * lines from the poller.
 */
interface NaiveOrder {
  readonly choose: (lines: ReadonlyArray<LineDue>) => ReadonlyArray<LineDue>
  readonly misses: ReadonlyArray<keyof typeof scenarios>
}

const naiveOrders: Readonly<Record<string, NaiveOrder>> = {
  "first due, first served": {
    choose: (lines) => lines.toSorted((a, b) => a.dueAt - b.dueAt).slice(0, 1),
    misses: ["priority", "noStarvation", "fairness", "fairnessUnderConfirmations"],
  },
  "confirmations alone while there are any": {
    choose: (lines) =>
      lines.some(({ confirm }) => confirm) ? lines.filter(({ confirm }) => confirm) : lines,
    misses: ["noStarvation", "fairnessUnderConfirmations"],
  },
  "one account after the other": {
    choose: (lines) => lines.filter(({ account }) => account === lines[0]?.account),
    misses: ["fairness", "fairnessUnderConfirmations"],
  },
}

const inOrder =
  (choose: (lines: ReadonlyArray<LineDue>) => ReadonlyArray<LineDue>) =>
  (real: Store): Store => ({
    ...real,
    nextDue: (accounts) => Effect.map(real.nextDue(accounts), choose),
  })

const expectKept = async ({ measure, atLeast }: Scenario): Promise<void> =>
  expect(await measure()).toBeGreaterThanOrEqual(atLeast)

describe("the order of due polls", () => {
  it("puts confirmations before routine polls that were due earlier", () => expectKept(priority))

  it("keeps the share of routine polls, even if confirmations alone would use up the budget", () =>
    expectKept(noStarvation))

  it("lets a flood of routine polls delay another account by its fair share only", () =>
    expectKept(scenarios.fairness))

  it("lets a flood of confirmations delay another account by its fair share only", () =>
    expectKept(scenarios.fairnessUnderConfirmations))

  it.each(Object.entries(naiveOrders))(
    "is not %s, and the test notices the difference",
    async (_, { choose, misses }) => {
      const missed = []
      for (const [name, { measure, atLeast }] of Object.entries(scenarios)) {
        if ((await measure(inOrder(choose))) < atLeast) missed.push(name)
      }
      expect(missed).toEqual(misses)
    },
  )
})
