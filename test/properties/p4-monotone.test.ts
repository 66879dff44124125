import type { Facts } from "@loan-engine/domain/facts"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { observe, openLoan } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { account, batches, loanEvents, observed, reference, runs } from "./arbitraries.ts"

const milestones = ["pendingAt", "approvedAt", "rejectedAt", "signedAt", "paidOutAt"] as const

/** How far along the approved way a stage is; the two that alternate count alike. */
const progress: { readonly [S in Stage]: number } = {
  submitted: 0,
  manualInspection: 1,
  approved: 2,
  waitingForAddition: 2,
  signed: 3,
  paidOut: 4,
  rejected: 4,
  disputed: 9,
}

const kept = (before: Facts, after: Facts): boolean =>
  milestones.every((name) => before[name] === null || (after[name] ?? Infinity) <= before[name])

describe("P4 monotone: decision, signature and pay-out never un-happen", () => {
  it("a fact once heard stays, and the only way back is through the dispute", () => {
    fc.assert(
      fc.property(
        loanEvents.chain((events) => batches(events)),
        (observations) => {
          let loan = openLoan(reference, account)
          for (const events of observations) {
            const decision = observe(loan, observed(events))
            expect(kept(loan.facts, decision.loan.facts)).toBe(true)
            for (const { from, to } of decision.steps) {
              if (from !== "disputed") expect(progress[to]).toBeGreaterThanOrEqual(progress[from])
            }
            loan = decision.loan
          }
        },
      ),
      { numRuns: runs },
    )
  })
})
