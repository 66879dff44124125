import { observe, openLoan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { account, batches, observed, reference, runs } from "./arbitraries.ts"

/** The bank's own state, and what it says when it changes; nothing of it knows the engine. */
interface Bank {
  decision: "APPROVED" | "REJECTED" | "MANUAL_INSPECTION"
  waiting: boolean
  signed: boolean
  paidOut: boolean
}

type Act = "approve" | "reject" | "request" | "receive" | "sign" | "pay"

const lawful: { readonly [A in Act]: (bank: Bank) => boolean } = {
  approve: (bank) => bank.decision === "MANUAL_INSPECTION",
  reject: (bank) => bank.decision === "MANUAL_INSPECTION",
  request: (bank) => bank.decision !== "REJECTED" && !bank.signed && !bank.waiting,
  receive: (bank) => bank.waiting,
  sign: (bank) => bank.decision === "APPROVED" && !bank.signed && !bank.waiting,
  pay: (bank) => bank.signed && !bank.paidOut,
}

/** Does what is lawful and gives the callback that tells of it, if one does. */
function act(bank: Bank, what: Act, at: number): LoanEvent | undefined {
  switch (what) {
    case "approve":
      bank.decision = "APPROVED"
      return { type: "decision.approved", at }
    case "reject":
      bank.decision = "REJECTED"
      return { type: "decision.rejected", at }
    case "request":
      bank.waiting = true
      return { type: "addition.requested", at, requiredDocuments: ["ID"] }
    case "receive":
      bank.waiting = false
      return undefined
    case "sign":
      bank.signed = true
      return { type: "agreement.signed", at }
    case "pay":
      bank.paidOut = true
      return { type: "loan.paidOut", at }
  }
}

function stageOf(bank: Bank): Stage {
  if (bank.decision === "REJECTED") return "rejected"
  if (bank.decision === "MANUAL_INSPECTION") return "manualInspection"
  if (bank.paidOut) return "paidOut"
  if (bank.signed) return "signed"
  return bank.waiting ? "waitingForAddition" : "approved"
}

const acts = fc.array(fc.constantFrom<Act>("approve", "reject", "request", "receive", "sign", "pay"), {
  maxLength: 20,
})

/** A lawful life: the initial decision, then whatever is lawful of some acts; with the callbacks, and polls on the way. */
const lives = fc
  .record({
    initial: fc.constantFrom<Bank["decision"]>("APPROVED", "REJECTED", "MANUAL_INSPECTION"),
    acts,
    polled: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
  })
  .map(({ initial, acts: wished, polled }) => {
    const bank: Bank = { decision: initial, waiting: false, signed: false, paidOut: false }
    const said: Array<LoanEvent> = answers(bank, 10)
      .filter(({ type }) => type.startsWith("decision"))
      .map((event) => (event.type === "decision.approved" ? { type: event.type, at: 10 } : event))
    wished.forEach((what, index) => {
      if (!lawful[what](bank)) return
      const callback = act(bank, what, 20 + 10 * index)
      if (callback !== undefined) said.push(callback)
      if (polled[index] === true) said.push(...answers(bank, 25 + 10 * index))
    })
    return { bank, said }
  })

/** What a poll and a quote sent at this instant say. */
function answers(bank: Bank, at: number): ReadonlyArray<LoanEvent> {
  const status = {
    waitingForAddition: bank.waiting,
    paidOut: bank.paidOut,
    ...(bank.signed ? { signedWithMethod: "E_SIGN" } : {}),
  }
  const quote = { applicationReference: reference, decision: bank.decision, offer: {} }
  return [...applicationStatusEvents(status, at), ...applicationQuoteEvents(quote, at)]
}

const mishaps = lives.chain(({ bank, said }) =>
  fc
    .tuple(fc.subarray(said), fc.subarray(said))
    .chain(([first, again]) => {
      const survived = [...first, ...again]
      return fc.shuffledSubarray(survived, { minLength: survived.length })
    })
    .chain((delivered) => fc.tuple(fc.constant(bank), batches(delivered))),
)

describe("P5 agreement: whatever a lawful bank's callbacks suffered", () => {
  it("one final poll and quote bring the engine to the bank's own stage", () => {
    fc.assert(
      fc.property(mishaps, ([bank, deliveries]) => {
        let loan = openLoan(reference, account)
        for (const events of deliveries) loan = observe(loan, observed(events)).loan
        const last = observe(loan, observed(answers(bank, 10_000))).loan
        expect(last.stage).toBe(stageOf(bank))
        expect(isAdditionOutstanding(last.facts)).toBe(bank.waiting)
      }),
      { numRuns: runs },
    )
  })
})
