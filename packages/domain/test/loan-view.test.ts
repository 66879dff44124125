import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import { stages } from "@loan-engine/domain/legal-transitions"
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

describe("a loan as frontends show it", () => {
  it.each(stages)("says who must act at %s", (stage) => {
    expect(loanView({ ...loan, stage }).next).toEqual(next[stage])
  })

  it.each(stages)(
    "says at %s that the customer must send documents only where that is what everybody waits for",
    (stage) => {
      const facts = joinEvents(noFacts, [{ type: "addition.requested", at: 1, requiredDocuments: ["ID"] }])
      const view = loanView({ ...loan, stage, facts })
      expect(view).toMatchObject({ additionOutstanding: true, requiredDocuments: ["ID"] })
      const heldUp = ["submitted", "manualInspection", "waitingForAddition", "signed"].includes(stage)
      expect(view.next).toEqual(heldUp ? next.waitingForAddition : next[stage])
    },
  )

  it("shows what is known of the signature, heard or implied", () => {
    const signed = joinEvents(noFacts, [{ type: "agreement.signed", at: 4, method: "E_SIGN" }])
    expect(loanView({ ...loan, facts: signed }).signing).toEqual({
      signed: true,
      heardAt: 4,
      method: "E_SIGN",
    })
    const paidOut = joinEvents(noFacts, [{ type: "loan.paidOut", at: 5 }])
    expect(loanView({ ...loan, facts: paidOut }).signing).toEqual({
      signed: true,
      heardAt: null,
      method: null,
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
      signing: { signed: false, heardAt: null, method: null },
      next: next.submitted,
    })
  })
})
