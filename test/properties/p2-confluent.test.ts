import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Loan } from "@loan-engine/domain/loan"
import { observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { account, batches, loanEvent, loanEvents, observed, reference, runs } from "./arbitraries.ts"

const fold = (observations: ReadonlyArray<ReadonlyArray<LoanEvent>>): Loan =>
  observations.reduce((loan, events) => observe(loan, observed(events)).loan, openLoan(reference, account))

/** Everything but the count of observations. */
const meaning = (loan: Loan): string => snapshotText({ ...loan, version: 0 })

const rearranged = loanEvents.chain((events) =>
  fc
    .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray([...events]))
    .chain(([shuffled, again]) => fc.tuple(fc.constant(events), batches([...shuffled, ...again]))),
)

describe("P2 confluent: the same events give the same facts and stage", () => {
  it("in every order, with any duplication and batching", () => {
    fc.assert(
      fc.property(rearranged, ([events, observations]) => {
        expect(meaning(fold(observations))).toBe(meaning(fold([events])))
      }),
      { numRuns: runs },
    )
  })

  it("because the join is commutative, associative and idempotent", () => {
    const join = (facts: Facts, event: LoanEvent): Facts => joinEvents(facts, [event])
    fc.assert(
      fc.property(loanEvents, loanEvent, loanEvent, (before, a, b) => {
        const facts = joinEvents(noFacts, before)
        expect(join(join(facts, a), b)).toEqual(join(join(facts, b), a))
        expect(join(join(facts, a), a)).toEqual(join(facts, a))
      }),
      { numRuns: runs },
    )
  })

  it("and a re-delivered decision, signature or pay-out, received later, changes nothing at all", () => {
    const verdicts = new Set(["decision.pending", "decision.approved", "decision.rejected"])
    const delivered = (event: LoanEvent): boolean =>
      (verdicts.has(event.type) && !("fresh" in event)) ||
      event.type === "agreement.signed" ||
      event.type === "loan.paidOut"
    fc.assert(
      fc.property(loanEvents, fc.nat({ max: 50 }), fc.nat({ max: 9 }), (events, later, pick) => {
        const loan = fold([events])
        const candidates = events.filter(delivered)
        const event = candidates[pick % Math.max(candidates.length, 1)]
        fc.pre(event !== undefined)
        const again = observe(loan, observed([{ ...event, at: event.at + later }]))
        expect(again.disposition).toBe("repeated")
        expect(meaning(again.loan)).toBe(meaning(loan))
      }),
      { numRuns: runs },
    )
  })
})
