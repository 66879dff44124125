import { noFacts } from "@loan-engine/domain/facts"
import { stages } from "@loan-engine/domain/legal-transitions"
import { observe, openLoan } from "@loan-engine/domain/loan"
import { Disposition, HoldReason } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { account, loanEvent, loanEvents, observed, reference, runs } from "./arbitraries.ts"

describe("P3 total: every event is accepted in every stage and gets exactly one disposition", () => {
  it("none throws, none is dropped: its instant is in the facts or is already outdone there", () => {
    fc.assert(
      fc.property(loanEvents, loanEvent, (events, event) => {
        const loan = observe(openLoan(reference, account), observed(events)).loan
        const decision = observe(loan, observed([event]))
        expect(Disposition.literals).toContain(decision.disposition)
        expect(decision.loan.version).toBe(loan.version + 1)
        expect(decision.disposition === "repeated").toBe(decision.loan.facts === loan.facts)
      }),
      { numRuns: runs },
    )
  })

  it("an event that comes early is not lost, whatever the stage it finds", () => {
    for (const stage of stages) {
      const loan = { ...openLoan(reference, account), stage, facts: noFacts }
      const paid = observe(loan, observed([{ type: "loan.paidOut", at: 5 }]))
      expect(paid.loan.facts.paidOutAt).toBe(5)
    }
  })

  it("what is held has its reason, and nothing else has one", () => {
    const holds = fc.option(fc.constantFrom(...HoldReason.literals), { nil: undefined })
    fc.assert(
      fc.property(loanEvents, holds, (events, hold) => {
        const observation = { ...observed(events), ...(hold === undefined ? {} : { hold }) }
        const decision = observe(openLoan(reference, account), observation)
        expect(decision.hold).toBe(hold ?? null)
        expect(decision.disposition === "held").toBe(hold !== undefined)
      }),
      { numRuns: runs },
    )
  })
})
