import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { marked, reopening } from "@loan-engine/domain/marked"
import { goesFurther, isClosed, standing } from "@loan-engine/domain/standing"
import { describe, expect, it } from "vitest"

const reference = ApplicationReference.make("ABC-123")
const account = AccountName.make("se")

const observation: Observation = {
  applicationReference: reference,
  account,
  source: "operator",
  evidence: "operator",
  receivedAt: 1,
  events: [],
}

const offering = (amount: string) => {
  const approvedAmount = parseDecimal(amount)
  return approvedAmount === undefined ? {} : { approvedAmount }
}
const approved = (at: number, amount = "1000"): LoanEvent => ({
  type: "decision.approved",
  at,
  offer: offering(amount),
})
const quoted = (at: number, amount = "1000"): LoanEvent => ({
  type: "decision.approved",
  at,
  fresh: true,
  offer: offering(amount),
})
const rejected = (at: number): LoanEvent => ({ type: "decision.rejected", at, fresh: true })
const pending = (at: number): LoanEvent => ({ type: "decision.pending", at, fresh: true })
const signed = (at: number): LoanEvent => ({ type: "agreement.signed", at })
const paidOut = (at: number): LoanEvent => ({ type: "loan.paidOut", at })
const requested = (at: number, ...documents: ReadonlyArray<string>): LoanEvent => ({
  type: "addition.requested",
  at,
  ...(documents.length === 0 ? {} : { requiredDocuments: documents, adds: true }),
})
const cleared = (at: number): LoanEvent => ({ type: "addition.cleared", at })
const closed = (at: number, facts: Facts): LoanEvent => ({
  type: "loan.closed",
  at,
  closedFor: "withdrawn",
  by: "Ada",
  note: "by phone",
  ...(standing(facts) === "approved" ? { approved: true } : {}),
})
const reopened = (at: number): LoanEvent => ({ type: "loan.reopened", at, by: "Lin" })

const after = (...events: ReadonlyArray<LoanEvent>): Facts => joinEvents(noFacts, events)
const closedAfter = (...events: ReadonlyArray<LoanEvent>): Facts => {
  const facts = after(...events)
  return joinEvents(facts, [closed(50, facts)])
}

describe("a report of the bank about a closed loan", () => {
  it.each<[string, Facts, ReadonlyArray<LoanEvent>]>([
    ["the offer that was known", closedAfter(approved(1)), [approved(60)]],
    ["the decision that was known, asked again", closedAfter(approved(1)), [quoted(60)]],
    ["a rejection", closedAfter(approved(1)), [rejected(60)]],
    ["an inspection", closedAfter(approved(1)), [pending(60)]],
    [
      "what was approved, approved again after an inspection",
      closedAfter(approved(1)),
      [pending(60), quoted(70)],
    ],
    ["the signature that was known", closedAfter(approved(1), signed(2)), [signed(60)]],
    ["a request that goes on standing", closedAfter(requested(1)), [requested(60), requested(70)]],
    [
      "a request that goes on standing, and is cleared",
      closedAfter(requested(1)),
      [requested(60), cleared(70)],
    ],
    ["the same request by callback again", closedAfter(requested(1, "ID")), [requested(60, "ID")]],
    ["a request that is cleared", closedAfter(requested(1, "ID")), [cleared(60)]],
    ["a request from before a clearing that was known", closedAfter(cleared(10)), [requested(5)]],
  ])("does not go further if it only repeats what was known: %s", (_name, facts, events) => {
    expect(isClosed(facts)).toBe(true)
    let known = facts
    for (const event of events) {
      const joined = joinEvents(known, [event])
      expect(goesFurther(known, joined)).toBe(false)
      known = joined
    }
  })

  it.each<[string, Facts, ReadonlyArray<LoanEvent>]>([
    ["an approval", closedAfter(pending(1)), [approved(60)]],
    [
      "an approval that was told before it was closed, and came later",
      closedAfter(pending(1)),
      [approved(40)],
    ],
    ["another offer", closedAfter(approved(1)), [approved(60, "2000")]],
    ["a signature", closedAfter(approved(1)), [signed(60)]],
    ["a signature that a poll had asked for before", closedAfter(approved(1)), [signed(49)]],
    ["a pay-out", closedAfter(approved(1), signed(2)), [paidOut(60)]],
    ["a request", closedAfter(approved(1)), [requested(60)]],
    ["a request for another document", closedAfter(requested(1, "ID")), [requested(60, "PAYMENT_SLIP")]],
    ["a request after the known one was cleared", closedAfter(requested(1), cleared(60)), [requested(70)]],
    ["an approval of what was rejected", closedAfter(approved(1), rejected(2)), [quoted(60)]],
  ])("goes further: %s", (_name, facts, events) => {
    expect(isClosed(facts)).toBe(true)
    expect(goesFurther(facts, joinEvents(facts, events))).toBe(true)
  })

  it("does not go further if it only adds detail to what was known", () => {
    const bare = after({ type: "decision.approved", at: 1 })
    expect(goesFurther(bare, joinEvents(bare, [quoted(60)]))).toBe(false)
    const more: LoanEvent = {
      ...quoted(60),
      type: "decision.approved",
      offer: { ...offering("1000"), tenor: 12 },
    }
    const known = closedAfter(approved(1))
    expect(goesFurther(known, joinEvents(known, [more]))).toBe(false)
    const less: LoanEvent = { ...quoted(60), type: "decision.approved", offer: { tenor: 12 } }
    expect(goesFurther(known, joinEvents(known, [less]))).toBe(true)
  })

  it("does not go further with documents for a loan that it rejects", () => {
    const facts = closedAfter(approved(1), rejected(2))
    expect(goesFurther(facts, joinEvents(facts, [requested(60, "ID")]))).toBe(false)
  })

  it("does not go further with the offer that the merchant registered", () => {
    const handed = joinEvents(noFacts, [approved(1)], "merchant")
    const facts = joinEvents(handed, [closed(2, handed)])
    expect(goesFurther(facts, joinEvents(facts, [quoted(3)]))).toBe(false)
    expect(goesFurther(facts, joinEvents(facts, [quoted(3, "2000")]))).toBe(true)
  })
})

describe("a loan", () => {
  it("is closed or open by the latest closing or reopening, in any order of arrival", () => {
    const words = [closed(50, noFacts), reopened(60), closed(70, noFacts)]
    expect(isClosed(after(...words))).toBe(true)
    expect(isClosed(after(...words.toReversed()))).toBe(true)
    expect(isClosed(after(...words.slice(0, 2)))).toBe(false)
    expect(isClosed(after(...words.slice(0, 2).toReversed()))).toBe(false)
    expect(after(...words)).toEqual(after(...words.toReversed()))
  })

  it("treats a later order as later, even if a wrong clock gave the earlier one a later time", () => {
    const facts = after(closed(9_000, noFacts))
    const said = (event: LoanEvent): Observation => ({ ...observation, receivedAt: 60, events: [event] })
    const open = marked(said(reopened(60)), facts)
    expect(isClosed(joinEvents(facts, open.events))).toBe(false)
    const again = marked(said(closed(60, noFacts)), joinEvents(facts, open.events))
    expect(isClosed(joinEvents(facts, [...open.events, ...again.events]))).toBe(true)
    const further = reopening(said(signed(60)), facts, 60)
    expect(isClosed(joinEvents(facts, further.events))).toBe(false)
  })
})

describe("the entry that closes a loan, or opens it again", () => {
  const said = (source: Observation["source"], events: ReadonlyArray<LoanEvent>): Observation => ({
    applicationReference: reference,
    account,
    source,
    evidence: source === "operator" ? "operator" : "bank",
    receivedAt: 1,
    events,
  })
  const lived = (...all: ReadonlyArray<Observation>): ReadonlyArray<Decision> => {
    let loan: Loan = openLoan(reference, account)
    return all.map((observation) => {
      const decision = observe(loan, observation)
      loan = decision.loan
      return decision
    })
  }

  it("shows this; the stage and the bank's facts stay unchanged", () => {
    const decisions = lived(
      said("quote", [quoted(1)]),
      said("operator", [closed(2, after(quoted(1)))]),
      said("quote", [rejected(3)]),
      said("operator", [reopened(4)]),
      said("operator", [closed(5, after(quoted(1), rejected(3)))]),
      said("quote", [quoted(6), { type: "loan.reopened", at: 6 }]),
      said("poll", [signed(7)]),
    )
    expect(
      decisions.map(({ closure = null, disposition, loan: { stage } }) => [closure, disposition, stage]),
    ).toEqual([
      [null, "advanced", "approved"],
      ["closed", "noted", "approved"],
      [null, "advanced", "rejected"],
      ["reopened", "noted", "rejected"],
      ["closed", "noted", "rejected"],
      ["reopened", "advanced", "approved"],
      [null, "advanced", "signed"],
    ])
  })

  it("leaves nothing to do and nothing outstanding, and shows who, why and when", () => {
    const facts = after(approved(1), requested(2, "ID"))
    const [, , last] = lived(
      said("callback", [approved(1)]),
      said("callback", [requested(2, "ID")]),
      said("operator", [closed(50, facts)]),
    )
    expect(last && loanView(last.loan)).toMatchObject({
      stage: "waitingForAddition",
      closed: true,
      closure: { reason: "withdrawn", by: "Ada", at: 50, note: "by phone" },
      additionOutstanding: false,
      requiredDocuments: [],
      next: { actor: "nobody", action: "none" },
    })
    const further =
      last && observe(last.loan, reopening(said("poll", [signed(60)]), last.loan.facts, 60)).loan
    expect(further && loanView(further)).toMatchObject({
      closed: false,
      closure: null,
      additionOutstanding: true,
      next: { actor: "customer", action: "send-documents" },
    })
  })
})
