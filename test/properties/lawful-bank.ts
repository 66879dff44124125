import { applicationQuoteEvents, applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { observed, reference, registered } from "./arbitraries.ts"

/** The bank's own state of one application; nothing of it knows the engine. */
export interface Bank {
  decision: "APPROVED" | "REJECTED" | "MANUAL_INSPECTION"
  waiting: boolean
  signed: boolean
  paidOut: boolean
}

/** A life at a lawful bank: its state at the end, and everything it said on the way, in the order it said it. */
export interface LawfulLife {
  readonly bank: Bank
  readonly said: ReadonlyArray<Observation>
}

type Act =
  | "approve"
  | "reject"
  | "request"
  | "receive"
  | "sign"
  | "pay"
  | "revoke"
  | "reopen"
  | "inspect"
  | "inspectUntold"

/** What a bank that never changes its mind does. */
const steadfast = ["approve", "reject", "request", "receive", "sign", "pay"] as const
/** What a real one does as well. */
const thinkingAgain = [...steadfast, "revoke", "reopen", "inspect", "inspectUntold"] as const

/** What a real bank does when; the callbacks follow the bank's page, "Example callbacks". */
const lawful: { readonly [A in Act]: (bank: Bank) => boolean } = {
  revoke: (bank) => bank.decision === "APPROVED",
  reopen: (bank) => bank.decision === "REJECTED",
  inspect: (bank) => bank.decision !== "MANUAL_INSPECTION",
  inspectUntold: (bank) => bank.decision !== "MANUAL_INSPECTION",
  approve: (bank) => bank.decision === "MANUAL_INSPECTION",
  reject: (bank) => bank.decision === "MANUAL_INSPECTION",
  request: (bank) => bank.decision !== "REJECTED" && !bank.signed && !bank.waiting,
  receive: (bank) => bank.waiting,
  sign: (bank) => bank.decision === "APPROVED" && !bank.signed && !bank.waiting,
  pay: (bank) => bank.decision === "APPROVED" && bank.signed && !bank.paidOut,
}

/** Does it, and gives the callback that tells of it, if one does. */
function act(bank: Bank, what: Act, at: number): LoanEvent | undefined {
  switch (what) {
    case "inspect":
      bank.decision = "MANUAL_INSPECTION"
      return { type: "decision.pending", at }
    case "inspectUntold":
      bank.decision = "MANUAL_INSPECTION"
      return undefined
    case "approve":
    case "reopen":
      bank.decision = "APPROVED"
      return { type: "decision.approved", at }
    case "reject":
    case "revoke":
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

/** Where the bank would say that the application stands. If it denies what it has paid out, no stage is right but the dispute. */
export function bankStage(bank: Bank): Stage {
  if (bank.paidOut && bank.decision !== "APPROVED") return "disputed"
  if (bank.decision === "REJECTED") return "rejected"
  if (bank.decision === "MANUAL_INSPECTION") return "manualInspection"
  if (bank.paidOut) return "paidOut"
  if (bank.signed) return "signed"
  return bank.waiting ? "waitingForAddition" : "approved"
}

/** The answers to a poll and a quote that are asked at this instant. */
export function answers(bank: Bank, at: number): ReadonlyArray<Observation> {
  const status = {
    waitingForAddition: bank.waiting,
    paidOut: bank.paidOut,
    ...(bank.signed ? { signedWithMethod: "E_SIGN" } : {}),
  }
  const quote = { applicationReference: reference, decision: bank.decision, offer: {} }
  return [
    { ...observed(applicationStatusEvents(status, at)), source: "poll", evidence: "bank", receivedAt: at },
    { ...observed(applicationQuoteEvents(quote, at)), source: "quote", evidence: "bank", receivedAt: at },
  ]
}

const actsMax = 30

/** The submission's answer, then whatever is lawful of some wishes, with a poll and a quote now and then. */
const livesOf = (wishes: ReadonlyArray<Act>): fc.Arbitrary<LawfulLife> =>
  fc
    .record({
      initial: fc.constantFrom<Bank["decision"]>("APPROVED", "REJECTED", "MANUAL_INSPECTION"),
      acts: fc.array(fc.constantFrom(...wishes), { maxLength: actsMax }),
      polled: fc.array(fc.boolean(), { minLength: actsMax, maxLength: actsMax }),
    })
    .map(({ initial, acts: wished, polled }) => {
      const bank: Bank = { decision: initial, waiting: false, signed: false, paidOut: false }
      const said: Array<Observation> = [submitted(initial)]
      wished.forEach((what, index) => {
        if (!lawful[what](bank)) return
        const at = 20 + 10 * index
        const callback = act(bank, what, at)
        if (callback !== undefined) said.push({ ...observed([callback]), receivedAt: at })
        if (polled[index] === true) said.push(...answers(bank, at + 5))
      })
      return { bank, said }
    })

/** Lives at a bank that revokes, re-opens and inspects again; and at one that does not. */
export const realLives = livesOf(thinkingAgain)
export const steadfastLives = livesOf(steadfast)

function submitted(decision: Bank["decision"]): Observation {
  const types = {
    APPROVED: "decision.approved",
    REJECTED: "decision.rejected",
    MANUAL_INSPECTION: "decision.pending",
  } as const
  return {
    ...registered([{ type: types[decision], at: 10 }]),
    receivedAt: 10,
  }
}
