import { isLegal, legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import { machineEdges } from "@loan-engine/domain/lifecycle-picture"
import { observe, openLoan } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { account, batches, loanEvents, observed, reference, runs } from "./arbitraries.ts"

describe("P1 legal: every step ever taken is in the table of legal transitions", () => {
  it("holds for any events in any order and any batching", () => {
    fc.assert(
      fc.property(
        loanEvents.chain((events) => batches(events)),
        (observations) => {
          let loan = openLoan(reference, account)
          for (const events of observations) {
            const decision = observe(loan, observed(events))
            let from = loan.stage
            for (const step of decision.steps) {
              expect(step.from).toBe(from)
              expect(isLegal(step.from, step.to)).toBe(true)
              from = step.to
            }
            expect(decision.loan.stage).toBe(from)
            loan = decision.loan
          }
        },
      ),
      { numRuns: runs },
    )
  })

  it("holds for the machine's definition: its edges are the table's, no more and no fewer", () => {
    const table = stages.flatMap((from) => legalTransitions[from].map((to) => `${from} -> ${to}`))
    const machine = machineEdges().map(({ from, to }) => `${from} -> ${to}`)
    expect(machine.toSorted()).toEqual(table.toSorted())
  })
})
