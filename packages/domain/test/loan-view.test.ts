import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import { stages } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { openLoan } from "@loan-engine/domain/loan"
import { loanView } from "@loan-engine/domain/loan-view"
import type { LoanView } from "@loan-engine/domain/loan-view"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { describe, expect, it } from "vitest"

const loan = {
  ...openLoan(ApplicationReference.make("ABC-123"), AccountName.make("se")),
  registered: true,
  version: 7,
}

const next: { readonly [S in Stage]: LoanView["next"] } = {
  submitted: { actor: "bank", action: "decide" },
  manualInspection: { actor: "bank", action: "inspect-manually" },
  approved: { actor: "customer", action: "sign-agreement" },
  rejected: { actor: "nobody", action: "none" },
  waitingForAddition: { actor: "customer", action: "send-documents" },
  signed: { actor: "bank", action: "pay-out" },
  paidOut: { actor: "nobody", action: "none" },
  disputed: { actor: "operator", action: "rule-on-dispute" },
}

const confirm: LoanView["next"] = { actor: "bank", action: "confirm-decision" }

const freshly = (fresh?: true) => (fresh === undefined ? {} : { fresh })
const pending = (at: number): LoanEvent => ({ type: "decision.pending", at })
const approved = (at: number, fresh?: true): LoanEvent => ({
  type: "decision.approved",
  at,
  ...freshly(fresh),
})
const rejected = (at: number, fresh?: true): LoanEvent => ({
  type: "decision.rejected",
  at,
  ...freshly(fresh),
})
const signed = (at: number): LoanEvent => ({ type: "agreement.signed", at })
const paidOut = (at: number, fresh?: true): LoanEvent => ({ type: "loan.paidOut", at, ...freshly(fresh) })

describe("a loan as frontends show it", () => {
  it.each(stages)("says who must act at %s", (stage) => {
    expect(loanView({ ...loan, stage }).next).toEqual(next[stage])
  })

  it.each(stages)(
    "says at %s that the customer must send documents only if nothing else must happen first",
    (stage) => {
      const facts = joinEvents(noFacts, [{ type: "addition.requested", at: 1, requiredDocuments: ["ID"] }])
      const view = loanView({ ...loan, stage, facts })
      const isOver = stage === "rejected" || stage === "paidOut"
      expect(view).toMatchObject({
        additionOutstanding: !isOver,
        requiredDocuments: isOver ? [] : ["ID"],
      })
      const heldUp = ["submitted", "manualInspection", "waitingForAddition", "signed"].includes(stage)
      expect(view.next).toEqual(heldUp ? next.waitingForAddition : next[stage])
    },
  )

  it.each<[string, ReadonlyArray<LoanEvent>, Stage, LoanView["next"]]>([
    ["a contradiction", [approved(1), rejected(2)], "disputed", confirm],
    ["a contradiction of what the bank answered", [approved(1, true), rejected(2)], "disputed", confirm],
    ["an inspection told after the approval", [approved(1), pending(2)], "approved", confirm],
    ["an inspection told after the rejection", [rejected(1), pending(2)], "rejected", confirm],
    ["the bank's answer to that", [approved(1), pending(2), approved(3, true)], "approved", next.approved],
    ["an inspection before the approval", [pending(1), approved(2)], "approved", next.approved],
    ["an inspection before the signature", [approved(1), pending(2), signed(3)], "signed", next.signed],
    [
      "the bank's own answers, of which one denies the other",
      [paidOut(1, true), rejected(2, true)],
      "disputed",
      next.disputed,
    ],
  ])("says who must act after %s", (_what, events, stage, expected) => {
    const facts = joinEvents(noFacts, events)
    expect(loanView({ ...loan, stage, facts }).next).toEqual(expected)
  })

  it("leaves a dispute to a person when the bank has not answered for too long, and nothing else", () => {
    const disputed = joinEvents(noFacts, [approved(1), rejected(2)])
    expect(loanView({ ...loan, stage: "disputed", facts: disputed }, { stalled: true }).next).toEqual(
      next.disputed,
    )
    const doubted = joinEvents(noFacts, [approved(1), pending(2)])
    expect(loanView({ ...loan, stage: "approved", facts: doubted }, { stalled: true }).next).toEqual(confirm)
  })

  it("leaves a dispute to a person if the account has no bank to poll", () => {
    const facts = joinEvents(noFacts, [approved(1), rejected(2)])
    expect(loanView({ ...loan, stage: "disputed", facts }, { hasBank: false }).next).toEqual(next.disputed)
  })

  it("shows the known facts about the signature, reported or implied", () => {
    const signed = joinEvents(noFacts, [{ type: "agreement.signed", at: 4, method: "E_SIGN" }])
    expect(loanView({ ...loan, facts: signed }).signing).toEqual({
      signed: true,
      heardAt: 4,
      method: "E_SIGN",
      offer: null,
    })
    const paidOut = joinEvents(noFacts, [{ type: "loan.paidOut", at: 5 }])
    expect(loanView({ ...loan, facts: paidOut }).signing).toEqual({
      signed: true,
      heardAt: null,
      method: null,
      offer: null,
    })
    expect(loanView(loan)).toEqual({
      applicationReference: "ABC-123",
      externalReference: null,
      account: "se",
      registered: true,
      version: 7,
      stage: "submitted",
      additionOutstanding: false,
      requiredDocuments: [],
      offer: null,
      offers: [],
      signing: { signed: false, heardAt: null, method: null, offer: null },
      closed: false,
      closure: null,
      next: next.submitted,
    })
  })
})
