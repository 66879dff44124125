import { joinEvents } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { observing } from "@loan-engine/domain/loan"
import { isSigned } from "@loan-engine/domain/standing"
import { remembering, walkMachine } from "@loan-engine/domain/walk"
import { describe, expect, it } from "vitest"
import { inOrder } from "../exhaustive/abstraction.ts"
import { explore } from "../exhaustive/exploration.ts"

const walk = remembering(walkMachine)

/**
 * A lifecycle with one defect: if `isOtherwise` is true for the facts, it goes to another stage. The real lifecycle
 * does not read these facts.
 */
const reading = (isOtherwise: (facts: Facts) => boolean, from: Stage, to: Stage) =>
  observing({
    join: joinEvents,
    walk: (stage, facts) => {
      const walked = walk(stage, facts)
      const arrives = walked.at(-1) ?? stage
      return arrives === from && isOtherwise(facts) ? [...walked, to] : walked
    },
  })

const is = (at: number | null | undefined, than: (a: number, b: number) => boolean, other: number | null) =>
  at !== null && at !== undefined && other !== null && than(at, other)
const later = (a: number, b: number): boolean => a > b
const earlier = (a: number, b: number): boolean => a < b
const at = (a: number, b: number): boolean => a === b

/**
 * Each canary reads a fact that {@link abstracted} leaves out. The exhaustive search alone must find it. Otherwise
 * the reduced search would hide such a defect.
 */
const canaries = [
  {
    name: "an inspection heard of after the decision disputes it",
    observe: reading(({ pendingAt, approvedAt }) => is(pendingAt, later, approvedAt), "approved", "disputed"),
  },
  {
    name: "an inspection heard of before the decision disputes it",
    observe: reading(
      ({ pendingAt, approvedAt }) => is(pendingAt, earlier, approvedAt),
      "approved",
      "disputed",
    ),
  },
  {
    name: "an inspection of the decision's own instant disputes it",
    observe: reading(({ pendingAt, rejectedAt }) => is(pendingAt, at, rejectedAt), "rejected", "disputed"),
  },
  {
    name: "an inspection that was heard of makes a dispute one again",
    observe: reading(({ pendingAt }) => pendingAt !== null, "disputed", "manualInspection"),
  },
  {
    name: "documents that are outstanding dispute a signature",
    observe: reading(
      (facts) => isSigned(facts) && facts.additionRequestedAt !== null && facts.additionClearedAt === null,
      "signed",
      "disputed",
    ),
  },
  {
    name: "a clearing later than the request disputes a signature",
    observe: reading(
      ({ additionRequestedAt, additionClearedAt }) => is(additionClearedAt, later, additionRequestedAt),
      "signed",
      "disputed",
    ),
  },
  {
    name: "what the merchant handed over disputes what the bank has said",
    observe: reading(({ merchant }) => (merchant?.rejectedAt ?? null) !== null, "approved", "disputed"),
  },
  {
    name: "what the merchant handed over disputes it if it was earlier",
    observe: reading(
      ({ merchant, approvedAt }) => is(merchant?.rejectedAt, earlier, approvedAt),
      "approved",
      "disputed",
    ),
  },
  {
    name: "a confirmed pay-out is disputed although a person has overruled it",
    observe: reading(
      ({ paidOutConfirmedAt, payOutOverruledAt }) =>
        paidOutConfirmedAt !== undefined && payOutOverruledAt !== undefined,
      "rejected",
      "disputed",
    ),
  },
  {
    name: "a pay-out that is confirmed after it was overruled is disputed",
    observe: reading(
      ({ paidOutConfirmedAt, payOutOverruledAt }) => is(paidOutConfirmedAt, later, payOutOverruledAt ?? null),
      "rejected",
      "disputed",
    ),
  },
  {
    name: "a pay-out that is overruled after it was confirmed is disputed",
    observe: reading(
      ({ paidOutConfirmedAt, payOutOverruledAt }) =>
        is(paidOutConfirmedAt, earlier, payOutOverruledAt ?? null),
      "rejected",
      "disputed",
    ),
  },
  {
    name: "a pay-out confirmed after it was first heard of is disputed",
    observe: reading(
      ({ paidOutConfirmedAt, paidOutAt }) => is(paidOutConfirmedAt, later, paidOutAt),
      "paidOut",
      "disputed",
    ),
  },
]

describe("a lifecycle that reads what the exhaustive search leaves out is found by that search", () => {
  it.for(canaries)("$name", ({ name, observe }, { task }) => {
    const { breaches } = explore({ observe, verdictPlaces: inOrder, untilBreach: true })
    const killedBy = [...new Set(breaches.map(({ property }) => property))].toSorted()
    task.meta.canary = { name: `quotient: ${name}`, what: "It reads what the search leaves out", killedBy }
    expect(killedBy).not.toEqual([])
  })
})
